"""Taking an unclaimed purchase out of its table, so that it can be recorded as a member's."""

from datetime import datetime
from typing import Any

import msgspec
from django.db import connection


class ToldReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt of the directory, and whose purchase it stands for; `member_id` is None while nobody has claimed it.

    :ivar fingerprint: hexadecimal.
    """

    id: int
    order_ref: str
    fingerprint: str
    member_id: int | None


class UnclaimedPurchase(msgspec.Struct, frozen=True, kw_only=True):
    """A purchase as it was told. `earns_nothing`: positions of `lines` that a voucher takes the points of.

    :ivar has_come_back: some of it was returned while it was nobody's.
    """

    number: str
    source: str
    till_id: int | None
    placed_at: datetime
    currency: str
    lines: msgspec.Raw
    payments: msgspec.Raw
    fulfilment: str
    collected_at: datetime | None
    earns_nothing: list[int]
    has_come_back: bool


_RECEIPTS = """
SELECT json_build_object('id', r.id, 'order_ref', r.order_ref, 'fingerprint', encode(r.fingerprint, 'hex'),
    'member_id', r.member_id)::text
FROM omnichannel_receipt r LEFT JOIN omnichannel_till t ON t.id = r.till_id
WHERE r.place_id = %s AND r.number = %s AND (%s::text IS NULL OR t.code = %s)
ORDER BY r.id FOR UPDATE OF r
"""
_TAKE = """
WITH taken AS (DELETE FROM omnichannel_unclaimedorder WHERE ref = %(ref)s RETURNING *),
    receipt AS (DELETE FROM omnichannel_receipt WHERE id = %(receipt)s)
SELECT json_build_object('number', number, 'source', source, 'till_id', till_id, 'placed_at', placed_at,
    'currency', currency, 'lines', lines, 'payments', payments, 'fulfilment', fulfilment, 'collected_at', collected_at,
    'earns_nothing', earns_nothing, 'has_come_back', returns <> '[]')::text FROM taken
"""


def lock_receipts(place_id: int, number: str, *, till_code: str | None) -> list[ToldReceipt]:
    """The receipts of a place with this number, locked until commit; several where its tills number alike."""
    found = _rows(_RECEIPTS, [place_id, number, till_code, till_code])
    return [msgspec.json.decode(row, type=ToldReceipt) for row in found]


def take_unclaimed(receipt: ToldReceipt) -> UnclaimedPurchase:
    """Take the purchase of a locked receipt out of the tables, its receipt too: the caller records both anew."""
    (row,) = _rows(_TAKE, {"ref": receipt.order_ref, "receipt": receipt.id})
    return msgspec.json.decode(row, type=UnclaimedPurchase)


def _rows(statement: str, asked: Any) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement, asked)
        return [row for (row,) in cursor.fetchall()]
