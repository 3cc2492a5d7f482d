"""Baskets to try a rule on: real purchases."""

from datetime import datetime

import msgspec
from django.db import connection

from loyalty.rules.basket import Line


class RealBasket(msgspec.Struct, frozen=True, kw_only=True):
    """A purchase that was made."""

    member_id: int
    place_code: str
    placed_at: datetime
    lines: list[Line]


_LAST = """
SELECT json_build_object('member_id', o.member_id, 'place_code', p.code, 'placed_at', o.placed_at,
  'lines', (SELECT json_agg(json_build_object('sku', l.sku, 'name', l.name, 'category', l.category,
      'department', l.department, 'brand', l.brand, 'quantity', l.quantity, 'unit_price_minor', l.unit_price_minor,
      'discount_minor', l.discount_minor) ORDER BY l.position)
    FROM omnichannel_orderline l WHERE l.order_id = o.id AND l.quantity > 0))::text
FROM omnichannel_order o JOIN omnichannel_place p ON p.id = o.place_id
WHERE o.programme_id = %s AND (%s::bigint IS NULL OR o.member_id = %s::bigint)
  AND EXISTS (SELECT FROM omnichannel_orderline l WHERE l.order_id = o.id AND l.quantity > 0)
ORDER BY o.placed_at DESC LIMIT 1
"""


def find_last_basket(programme_id: int, member_id: int | None = None) -> RealBasket | None:
    """The last purchase of a member in a programme, or of anybody; None if there was none."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST, [programme_id, member_id, member_id])
        row = cursor.fetchone()
    return msgspec.json.decode(row[0], type=RealBasket) if row else None
