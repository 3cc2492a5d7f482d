"""Purchases that were made, as back-tests settle them once more."""

from datetime import date, datetime, timedelta
from itertools import groupby

import msgspec
from django.db import connection
from django.db.models import QuerySet

from loyalty.errors import BackTestNotFound
from loyalty.models import BackTest, BackTestState
from loyalty.rules.ascents import Day
from loyalty.rules.back_tests import PastMember, PastPurchase

OPEN = (BackTestState.WAITING, BackTestState.RUNNING)
DAYS_BEFORE = timedelta(days=2 * 366)
"""What happened this long before may still matter: a tier is mostly held for a year, by what was done in the year
before it. Longer ladders begin anew."""

_IN_TIME = "programme_id = %(programme)s AND placed_at >= %(since)s AND placed_at < %(until)s"
_COUNT = f"SELECT count(*) FROM omnichannel_order WHERE {_IN_TIME}"  # noqa: S608 - a text of ours
_UP_TO = f"""
SELECT max(member_id) FROM (
  SELECT member_id FROM omnichannel_order WHERE {_IN_TIME} AND member_id > %(after)s
  ORDER BY member_id LIMIT %(orders)s) AS next
"""  # noqa: S608 - a text of ours
# Who bought what brought them to a tier held it from that very moment: the purchase itself was made on the one below.
_PURCHASES = """
SELECT json_build_object('member_ref', m.ref, 'enrolled_at', m.enrolled_at,
  'placed_at', o.placed_at, 'place_code', p.code,
  'place_kind', p.kind,
  'paid_by', (SELECT coalesce(json_agg(x->>'kind'), '[]') FROM jsonb_array_elements(o.payments) x),
  'is_new', NOT EXISTS (SELECT FROM omnichannel_order e
    WHERE e.member_id = o.member_id AND e.programme_id = o.programme_id AND e.id < o.id),
  'birthday', CASE WHEN m.birth_month IS NOT NULL THEN json_build_array(m.birth_month, m.birth_day) END,
  'labels', (SELECT coalesce(json_agg(b.code), '[]') FROM loyalty_memberlabel c
    JOIN loyalty_label b ON b.id = c.label_id AND b.programme_id = o.programme_id WHERE c.member_id = o.member_id),
  'points_spent', s.points_spent, 'points_earned', s.points_earned - coalesce(u.points, 0),
  'qualifying_minor', s.qualifying_minor - coalesce(u.minor, 0), 'visits', 1 - coalesce(u.visits, 0),
  'tier_code', coalesce((SELECT t.code FROM loyalty_tierstanding h JOIN loyalty_tier t ON t.id = h.tier_id
      WHERE h.wallet_id = s.wallet_id AND h.member_id = o.member_id
        AND h.from_at < o.placed_at AND h.until_at > o.placed_at ORDER BY t.rank DESC LIMIT 1),
      (SELECT t.code FROM loyalty_tier t WHERE t.programme_id = o.programme_id AND t.rank = 0), ''),
  'offers', CASE WHEN strpos(s.answer, '"offer:') = 0 THEN '[]'::json ELSE (
      SELECT coalesce(json_agg(json_build_object('id', g.id, 'ref', g.ref, 'title', g.title, 'effect', g.effect)
        ORDER BY e.ordinality), '[]')
      FROM json_array_elements(s.answer::json->'settlement'->'earned') WITH ORDINALITY AS e
      JOIN loyalty_grant g ON 'offer:' || g.ref = e.value->>'rule' AND g.member_id = o.member_id) END,
  'lines', (SELECT coalesce(json_agg(json_build_object('sku', l.sku, 'category', l.category, 'department', l.department,
      'brand', l.brand, 'quantity', l.quantity, 'unit_price_minor', l.unit_price_minor,
      'discount_minor', l.discount_minor, 'tax_minor', l.tax_minor, 'kind', l.kind) ORDER BY l.position), '[]')
    FROM omnichannel_orderline l WHERE l.order_id = o.id AND l.member_id = o.member_id AND l.quantity > 0),
  'back', CASE WHEN o.state = 'completed' THEN '[]'::json ELSE (
    SELECT coalesce(json_agg(omnichannel_returned(o.id, l.position) ORDER BY l.position), '[]')
    FROM omnichannel_orderline l WHERE l.order_id = o.id AND l.member_id = o.member_id AND l.quantity > 0) END)::text
FROM omnichannel_order o
JOIN loyalty_settlement s ON s.order_ref = o.ref AND s.member_id = o.member_id
JOIN members_member m ON m.id = o.member_id
JOIN omnichannel_place p ON p.id = o.place_id
LEFT JOIN LATERAL (
  SELECT sum(r.qualifying_points) AS points, sum(r.qualifying_minor) AS minor, sum(r.visits) AS visits
  FROM loyalty_reversal r
  WHERE o.state <> 'completed' AND r.order_ref = o.ref AND r.member_id = o.member_id) u ON true
WHERE o.programme_id = %(programme)s AND o.placed_at >= %(since)s AND o.placed_at < %(until)s
  AND o.member_id > %(after)s AND o.member_id <= %(up_to)s
ORDER BY o.member_id, o.placed_at, o.id
"""
_SPENT = """
SELECT m.ref, d.spent_on, d.qualifying_minor, d.points, d.visits FROM loyalty_tierday d
JOIN loyalty_wallet w ON w.id = d.wallet_id AND w.member_id = d.member_id
JOIN members_member m ON m.id = d.member_id
WHERE w.programme_id = %(programme)s AND d.member_id > %(after)s AND d.member_id <= %(up_to)s
  AND d.spent_on >= %(from)s AND d.spent_on < %(before)s
"""
_decoder = msgspec.json.Decoder(PastPurchase)


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """Whose purchases are looked at: of this programme, `since` or later and before `until`."""

    programme_id: int
    since: datetime
    until: datetime

    @property
    def parameters(self) -> dict[str, datetime | date | int]:
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


def list_members(stretch: Stretch, *, after: int, up_to: int, before: date | None = None) -> list[PastMember]:
    """The members with an id above `after` until `up_to` and their purchases. One statement, or two.

    :param before: tell also what they spent on the days before this one, as far as it can matter for tiers.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PURCHASES, stretch.parameters | {"after": after, "up_to": up_to})
        found = [_decoder.decode(body) for (body,) in cursor]
        spent: dict[str, dict[date, Day]] = {}
        if before is not None:
            days: dict[str, datetime | date | int] = {"from": before - DAYS_BEFORE, "before": before}
            cursor.execute(_SPENT, stretch.parameters | {"after": after, "up_to": up_to} | days)
            for ref, day, *counted in cursor:
                spent.setdefault(ref, {})[day] = Day(*counted)
    return [
        PastMember(purchases=list(own), days=spent.get(ref, {}))
        for ref, own in groupby(found, key=lambda purchase: purchase.member_ref)
    ]
