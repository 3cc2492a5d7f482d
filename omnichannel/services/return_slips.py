"""Keeping what is told of returns that name no purchase, and what became of them."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from django.db import connection

from omnichannel.models import ReturnSlip, SlipOutcome
from omnichannel.rules.return_slips import SlipLine, SlipPiece


class SlipDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A return as it was told; `member_id` is None if it names nobody.

    :ivar fingerprint: SHA-256 in hexadecimal where a door was told it, and may be told it again.
    """

    place_id: int
    number: str
    member_id: int | None
    placed_at: datetime
    currency: str
    total_minor: int
    lines: list[SlipLine]
    fingerprint: str | None = None


_RECORD = """
    INSERT INTO omnichannel_returnslip
           (place_id, number, member_id, placed_at, recorded_at, currency, total_minor, lines, outcome, fingerprint)
    SELECT x.place_id, x.number, x.member_id, x.placed_at, %(now)s, x.currency, x.total_minor, x.lines,
           CASE WHEN x.member_id IS NULL THEN 'anonymous' ELSE 'waiting' END, decode(x.fingerprint, 'hex')
      FROM jsonb_to_recordset(%(slips)s::jsonb)
        AS x (place_id bigint, number text, member_id bigint, placed_at timestamptz, currency text,
              total_minor bigint, lines jsonb, fingerprint text)
     ORDER BY x.place_id, x.number
        ON CONFLICT (place_id, number) DO NOTHING
"""


def record_return_slips(slips: Sequence[SlipDraft], *, now: datetime) -> int:
    """Keep slips, each number of a place once, in one statement.

    :return: how many were not known before.
    """
    if not slips:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, {"slips": msgspec.json.encode(slips).decode(), "now": now})
        return int(cursor.rowcount)


def settle_slip(
    slip_id: int, pieces: Sequence[SlipPiece], *, total_minor: int | None = None, answer: str = ""
) -> str:
    """Write down what became of a slip that the caller has locked.

    :param total_minor: what went back, where the slip was told without prices.
    :return: a `SlipOutcome`.
    """
    explained = [piece.order_ref is not None for piece in pieces]
    outcome = SlipOutcome.PARTLY if any(explained) else SlipOutcome.UNEXPLAINED
    if all(explained):
        outcome = SlipOutcome.RETURNED
    changed = {} if total_minor is None else {"total_minor": total_minor}
    ReturnSlip.objects.filter(pk=slip_id).update(
        outcome=outcome, pieces=msgspec.to_builtins(list(pieces)), answer=answer, **changed
    )
    return outcome
