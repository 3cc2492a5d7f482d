"""Grants: campaigns promise, loyalty writes it down, the till honours it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from django.db import connection
from msgspec import Meta

from config.ground.ids import new_ref
from loyalty.rules.definition import FixedPoints, Multiplier


class GrantDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A promise to one member. The same cause is granted to a member once, however often it is asked for.

    :param cause: who promises, e.g. `campaign:<ref>:<run>`.
    :param mention: a sentence for the cashier.
    """

    member_id: int
    programme_id: int
    cause: Annotated[str, Meta(min_length=1, max_length=120)]
    title: Annotated[str, Meta(min_length=1, max_length=160)]
    mention: Annotated[str, Meta(max_length=300)] = ""
    effect: Multiplier | FixedPoints
    valid_from: datetime
    valid_until: datetime
    max_uses: int = 1


def grant_to(drafts: Sequence[GrantDraft], *, now: datetime) -> list[str]:
    """Write down promises, in two statements however many there are. Safe to repeat.

    :return: for each draft the ref of its grant, be it new or one of an earlier call.
    """
    if not drafts:
        return []
    rows = [msgspec.to_builtins(draft) | {"ref": new_ref("grn")} for draft in drafts]
    document = msgspec.json.encode(rows).decode()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO loyalty_grant (ref, member_id, programme_id, cause, title, mention, effect, valid_from,
              valid_until, max_uses, granted_at)
            SELECT x.ref, x.member_id, x.programme_id, x.cause, x.title, x.mention, x.effect, x.valid_from,
              x.valid_until, x.max_uses, %s
            FROM jsonb_to_recordset(%s::jsonb) AS x(ref text, member_id bigint, programme_id bigint, cause text,
              title text, mention text, effect jsonb, valid_from timestamptz, valid_until timestamptz, max_uses int)
            ON CONFLICT (member_id, cause) DO NOTHING
            """,
            [now, document],
        )
        cursor.execute(
            """
            SELECT g.member_id, g.cause, g.ref FROM loyalty_grant g
            JOIN jsonb_to_recordset(%s::jsonb) AS x(member_id bigint, cause text)
              ON x.member_id = g.member_id AND x.cause = g.cause
            """,
            [document],
        )
        refs = {(member_id, cause): ref for member_id, cause, ref in cursor.fetchall()}
    return [refs[draft.member_id, draft.cause] for draft in drafts]
