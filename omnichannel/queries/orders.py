"""Purchases for lists and look-ups."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from django.db import connection

MOST_BY_NUMBER = 20


class LineAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A line. `paid_minor`: what was paid for it in money, net of discounts and of points."""

    sku: str
    name: str
    category: str
    quantity: int
    unit_price_minor: int
    discount_minor: int
    paid_minor: int


class OrderAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A purchase. Amounts in minor units of `currency`; `member_ref` is null while nobody has claimed it.

    `fulfilment`: counter, delivery or collect; `collected_at`: when what is to be collected was handed over.
    """

    ref: str
    number: str
    state: str
    source: str
    member_ref: str | None
    place: str
    till: str | None
    placed_at: datetime
    recorded_at: datetime
    fulfilment: str
    collected_at: datetime | None
    currency: str
    subtotal_minor: int
    discount_minor: int
    tax_minor: int
    total_minor: int
    lines: list[LineAnswer]


class Listed(msgspec.Struct, frozen=True):
    """An order in a list, with the key it is sorted by."""

    id: int
    order: OrderAnswer


_ORDER = """
json_build_object('ref', o.ref, 'number', o.number, 'state', o.state, 'source', o.source, 'member_ref', m.ref,
  'place', p.code, 'till', t.code, 'placed_at', o.placed_at, 'recorded_at', o.recorded_at, 'currency', o.currency,
  'fulfilment', o.fulfilment, 'collected_at', o.collected_at,
  'subtotal_minor', o.subtotal_minor, 'discount_minor', o.discount_minor, 'tax_minor', o.tax_minor,
  'total_minor', o.total_minor, 'lines', (
    SELECT json_agg(json_build_object('sku', l.sku, 'name', l.name, 'category', l.category, 'quantity', l.quantity,
      'unit_price_minor', l.unit_price_minor, 'discount_minor', l.discount_minor, 'paid_minor', l.paid_minor)
      ORDER BY l.position) FROM omnichannel_orderline l WHERE l.order_id = o.id))::text
FROM omnichannel_order o
JOIN members_member m ON m.id = o.member_id
JOIN omnichannel_place p ON p.id = o.place_id
LEFT JOIN omnichannel_till t ON t.id = o.till_id
"""
_UNCLAIMED = """
SELECT json_build_object('ref', o.ref, 'number', o.number,
  'state', coalesce(o.returns->-1->>'state', 'completed'), 'source', o.source, 'member_ref', null,
  'place', p.code, 'till', t.code, 'placed_at', o.placed_at, 'recorded_at', o.recorded_at, 'currency', o.currency,
  'fulfilment', o.fulfilment, 'collected_at', o.collected_at,
  'subtotal_minor', o.subtotal_minor, 'discount_minor', o.discount_minor, 'tax_minor', o.tax_minor,
  'total_minor', o.total_minor, 'lines', (
    SELECT json_agg(json_build_object('sku', l->'sku', 'name', l->'name', 'category', l->'category',
      'quantity', l->'quantity', 'unit_price_minor', l->'unit_price_minor', 'discount_minor', l->'discount_minor',
      'paid_minor', (l->>'quantity')::bigint * (l->>'unit_price_minor')::bigint - (l->>'discount_minor')::bigint))
    FROM jsonb_array_elements(o.lines) l))::text
FROM omnichannel_unclaimedorder o
JOIN omnichannel_place p ON p.id = o.place_id
LEFT JOIN omnichannel_till t ON t.id = o.till_id
WHERE o.ref = %s AND (%s::bigint IS NULL OR o.programme_id = %s::bigint)
"""
_NEWEST = """
SELECT o.id, o.number, o.state, o.placed_at, g.timezone, p.name, l.items, o.total_minor, o.currency
FROM (SELECT * FROM omnichannel_order WHERE member_id = %(member)s
      AND (NOT EXISTS (SELECT FROM omnichannel_staffplace WHERE staff_id = %(viewer)s)
        OR place_id IN (SELECT place_id FROM omnichannel_staffplace WHERE staff_id = %(viewer)s))
      ORDER BY placed_at DESC, id DESC LIMIT %(limit)s) o
JOIN omnichannel_place p ON p.id = o.place_id
JOIN omnichannel_programme g ON g.id = o.programme_id
CROSS JOIN LATERAL (SELECT coalesce(sum(quantity), 0)::int AS items FROM omnichannel_orderline
  WHERE order_id = o.id AND member_id = o.member_id) l
ORDER BY o.placed_at DESC, o.id DESC
"""
_decoder = msgspec.json.Decoder(OrderAnswer)


def find_order(ref: str, *, programme_id: int | None) -> OrderAnswer | None:
    """The purchase with this ref, claimed or not; None if there is none in the programme (None: in any)."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_ORDER} WHERE o.ref = %s AND (%s::bigint IS NULL OR o.programme_id = %s::bigint)",
            [ref, programme_id, programme_id],
        )
        row = cursor.fetchone()
        if row is None:
            cursor.execute(_UNCLAIMED, [ref, programme_id, programme_id])
            row = cursor.fetchone()
    return _decoder.decode(row[0]) if row else None


def list_by_number(number: str, *, programme_id: int | None) -> list[OrderAnswer]:
    """The purchases that receipts or order numbers of any place of the programme stand for, the latest first; at most
    `MOST_BY_NUMBER`, for tills may number alike.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT r.order_ref FROM omnichannel_place p
            JOIN omnichannel_receipt r ON r.place_id = p.id AND r.number = %s
            WHERE %s::bigint IS NULL OR p.programme_id = %s ORDER BY r.id DESC LIMIT %s
            """,
            [number, programme_id, programme_id, MOST_BY_NUMBER],
        )
        refs = [ref for (ref,) in cursor.fetchall()]
    return [order for ref in refs if (order := find_order(ref, programme_id=programme_id))]


def list_orders(
    *, member_id: int | None, programme_id: int | None, before_id: int | None, limit: int
) -> list[Listed]:
    """Members' purchases as they were recorded, newest first; one more than `limit` if there are more."""
    conditions, parameters = ["true"], []
    wanted: list[tuple[str, Any]] = [
        ("o.member_id = %s", member_id),
        ("o.programme_id = %s", programme_id),
        ("o.id < %s", before_id),
    ]
    for condition, value in wanted:
        if value is not None:
            conditions.append(condition)
            parameters.append(value)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT o.id, {_ORDER} WHERE {' AND '.join(conditions)} ORDER BY o.id DESC LIMIT %s",
            [*parameters, limit + 1],
        )
        return [Listed(order_id, _decoder.decode(body)) for order_id, body in cursor.fetchall()]


class Purchase(NamedTuple):
    """One line of a member's list of purchases. `items` is how many things were bought."""

    id: int
    number: str
    state: str
    placed_at: datetime
    timezone: str
    place: str
    items: int
    total_minor: int
    currency: str


def list_newest_purchases(member_id: int, *, limit: int, viewer_id: int | None = None) -> list[Purchase]:
    """A member's newest purchases, whatever their number in one statement.

    :param viewer_id: the colleague who looks: of the stores they serve, if they serve particular ones.
    """
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, {"member": member_id, "limit": limit, "viewer": viewer_id})
        return [Purchase(*row) for row in cursor.fetchall()]


def count_orders(member_ids: Collection[int], programme_id: int | None) -> int:
    """Purchases of any of these members; in one programme, or in all."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM omnichannel_order WHERE member_id = ANY (%s)"
            " AND programme_id = coalesce(%s, programme_id)",
            [list(member_ids), programme_id],
        )
        return int(cursor.fetchone()[0])
