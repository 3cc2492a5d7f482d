"""Whose token is this."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from members.models import Identity, Member, RefreshToken
from members.queries.members import lock_members
from members.rules.identities import IdentityClaim


@dataclass(frozen=True, slots=True)
class TokenHolder:
    member_id: int
    sign_in_id: int


HOLDER = """
SELECT x.member_id, x.sign_in_id FROM (
    SELECT t.sign_in_id, (
        SELECT coalesce(m.merged_into_id, m.id) FROM members_member m WHERE m.id = t.member_id AND m.state <> 'erased'
    ) AS member_id
    FROM members_accesstoken t
    WHERE t.token_hash = %(token_hash)s AND t.expires_at > %(now)s
        AND (SELECT s.ended_at IS NULL FROM members_signin s WHERE s.id = t.sign_in_id AND s.member_id = t.member_id)
    OFFSET 0) x
WHERE x.member_id IS NOT NULL
"""
"""The holder of an access token, or who they are by now; for doors that ask within their own statement. Not as joins:
a plan that was made while tables were small would read many members for one."""


def find_holder(token_hash: bytes, *, now: datetime) -> TokenHolder | None:
    """Who an access token with this digest lets in; None if it ran out or its sign-in has ended. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(HOLDER, {"token_hash": token_hash, "now": now})
        row = cursor.fetchone()
    return TokenHolder(*row) if row else None


def lock_refresh_token(token_hash: bytes) -> RefreshToken | None:
    """A refresh token and its sign-in, locked until commit: of two who bring it, one comes second."""
    held = RefreshToken.objects.select_related("sign_in").select_for_update(of=("self", "sign_in"))
    return held.filter(token_hash=token_hash).first()


def lock_holder(member_id: int, claim: IdentityClaim) -> Member | None:
    """A member who goes by an identity, locked until commit so that it cannot move meanwhile; None if it has moved.

    Two statements, for what the first waits for the second has to see.
    """
    member = lock_members({member_id}).get(member_id)
    held = Identity.objects.filter(kind=claim.kind, value=claim.value, member_id=member_id)
    return member if held.exists() else None
