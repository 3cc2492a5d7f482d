"""Giving identities to members. The directory's unique constraint decides; nothing is looked up first to be sure."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from members.rules.identities import IdentityClaim


def claim_identities(
    member_id: int,
    claims: Sequence[IdentityClaim],
    *,
    source: str,
    verified_at: datetime | None = None,
    now: datetime,
) -> list[IdentityClaim]:
    """Write down that a member goes by these; waits for anybody who is claiming the same at this moment.

    :return: the claims that somebody, this member included, held before; those were not written.
    """
    wanted = sorted(set(claims))  # one order for all: two who claim the same pair cannot block each other
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO members_identity (kind, value, member_id, verified_at, source, recorded_at)"
            " SELECT kind, value, %s, %s, %s, %s FROM unnest(%s::text[], %s::text[]) AS c(kind, value)"
            " ON CONFLICT (kind, value) DO NOTHING RETURNING kind, value",
            [
                member_id,
                verified_at,
                source,
                now,
                [claim.kind for claim in wanted],
                [claim.value for claim in wanted],
            ],
        )
        written = {IdentityClaim(kind, value) for kind, value in cursor.fetchall()}
    return [claim for claim in wanted if claim not in written]
