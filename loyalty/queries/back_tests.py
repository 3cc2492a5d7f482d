"""Purchases that were made, as back-tests settle them once more."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

import msgspec
from django.db import connection
from django.db.models import QuerySet

from loyalty.errors import BackTestNotFound
from loyalty.models import BackTest, BackTestState
from loyalty.rules.back_tests import PastPurchase

OPEN = (BackTestState.WAITING, BackTestState.RUNNING)

_IN_TIME = "programme_id = %(programme)s AND placed_at >= %(since)s AND placed_at < %(until)s"
_COUNT = f"SELECT count(*) FROM omnichannel_order WHERE {_IN_TIME}"  # noqa: S608 - a text of ours
_UP_TO = f"""
SELECT max(member_id) FROM (
  SELECT member_id FROM omnichannel_order WHERE {_IN_TIME} AND member_id > %(after)s
  ORDER BY member_id LIMIT %(orders)s) AS next
"""  # noqa: S608 - a text of ours
# Who bought what brought them to a tier held it from that very moment: the purchase itself was made on the one below.
_PURCHASES = """
SELECT json_build_object('member_ref', m.ref, 'placed_at', o.placed_at, 'place_code', p.code,
  'points_spent', s.points_spent, 'points_earned', s.points_earned,
  'tier_code', coalesce((SELECT t.code FROM loyalty_tierstanding h JOIN loyalty_tier t ON t.id = h.tier_id
      WHERE h.wallet_id = s.wallet_id AND h.member_id = o.member_id
        AND h.from_at < o.placed_at AND h.until_at > o.placed_at ORDER BY t.rank DESC LIMIT 1), ''),
  'offers', CASE WHEN strpos(s.answer, '"offer:') = 0 THEN '[]'::json ELSE (
      SELECT coalesce(json_agg(json_build_object('id', g.id, 'ref', g.ref, 'title', g.title, 'effect', g.effect)
        ORDER BY e.ordinality), '[]')
      FROM json_array_elements(s.answer::json->'settlement'->'earned') WITH ORDINALITY AS e
      JOIN loyalty_grant g ON 'offer:' || g.ref = e.value->>'rule' AND g.member_id = o.member_id) END,
  'lines', (SELECT coalesce(json_agg(json_build_object('sku', l.sku, 'category', l.category, 'department', l.department,
      'brand', l.brand, 'quantity', l.quantity, 'unit_price_minor', l.unit_price_minor,
      'discount_minor', l.discount_minor, 'tax_minor', l.tax_minor) ORDER BY l.position), '[]')
    FROM omnichannel_orderline l WHERE l.order_id = o.id AND l.member_id = o.member_id AND l.quantity > 0))::text
FROM omnichannel_order o
JOIN loyalty_settlement s ON s.order_ref = o.ref AND s.member_id = o.member_id
JOIN members_member m ON m.id = o.member_id
JOIN omnichannel_place p ON p.id = o.place_id
WHERE o.programme_id = %(programme)s AND o.placed_at >= %(since)s AND o.placed_at < %(until)s
  AND o.member_id > %(after)s AND o.member_id <= %(up_to)s
ORDER BY o.member_id, o.placed_at, o.id
"""
_decoder = msgspec.json.Decoder(PastPurchase)


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """Whose purchases are looked at: of this programme, `since` or later and before `until`."""

    programme_id: int
    since: datetime
    until: datetime

    @property
    def parameters(self) -> dict[str, datetime | int]:
        return {"programme": self.programme_id, "since": self.since, "until": self.until}


def back_tests_within(programme_id: int | None) -> QuerySet[BackTest]:
    """The back-tests of a programme, of all of them for None."""
    rows = BackTest.objects.select_related("programme")
    return rows if programme_id is None else rows.filter(programme_id=programme_id)


def get_back_test(ref: str, *, within: int | None) -> BackTest:
    """
    :raises BackTestNotFound: there is none by this ref in the programme.
    """
    found = back_tests_within(within).filter(ref=ref).first()
    if found is None:
        raise BackTestNotFound
    return found


def lock_open_back_test() -> BackTest | None:
    """The oldest one that is not done and that nobody works on at the moment, locked until commit."""
    rows = BackTest.objects.filter(state__in=OPEN).order_by("pk")
    return rows.select_for_update(skip_locked=True).first()


def count_purchases(stretch: Stretch) -> int:
    """How many members' purchases there are."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, stretch.parameters)
        return int(cursor.fetchone()[0])


def find_last_member(stretch: Stretch, *, after: int, orders: int) -> int | None:
    """The member with whom about so many purchases of members above `after` are full; None: nobody is left."""
    with connection.cursor() as cursor:
        cursor.execute(_UP_TO, stretch.parameters | {"after": after, "orders": orders})
        up_to: int | None = cursor.fetchone()[0]
    return up_to


def list_purchases(stretch: Stretch, *, after: int, up_to: int) -> list[Sequence[PastPurchase]]:
    """All purchases of the members with an id above `after` until `up_to`: member by member, in the order they were
    placed. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_PURCHASES, stretch.parameters | {"after": after, "up_to": up_to})
        found = [_decoder.decode(body) for (body,) in cursor]
    return [list(own) for _, own in groupby(found, key=lambda purchase: purchase.member_ref)]
