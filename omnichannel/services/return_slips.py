"""Keeping what other systems say of returns."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from django.db import connection


class SlipLine(msgspec.Struct, frozen=True, kw_only=True):
    """Goods that came back: `quantity` pieces, for `total_minor` in all. Both are 0 or more."""

    sku: str
    name: str
    quantity: int
    total_minor: int


class SlipDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A return as it was told; `member_id` is None if it names nobody."""

    place_id: int
    number: str
    member_id: int | None
    placed_at: datetime
    currency: str
    total_minor: int
    lines: list[SlipLine]


_RECORD = """
    INSERT INTO omnichannel_returnslip
           (place_id, number, member_id, placed_at, recorded_at, currency, total_minor, lines)
    SELECT x.place_id, x.number, x.member_id, x.placed_at, %(now)s, x.currency, x.total_minor, x.lines
      FROM jsonb_to_recordset(%(slips)s::jsonb)
        AS x (place_id bigint, number text, member_id bigint, placed_at timestamptz, currency text,
              total_minor bigint, lines jsonb)
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
