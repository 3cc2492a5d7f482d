"""What was written down of a purchase and its points: settlement, entries, lots, returns. Nothing is reckoned anew."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection

from loyalty.errors import OrderNotFound
from loyalty.queries.programmes import read_definition
from loyalty.queries.reasons import reworded
from loyalty.queries.settlements import read_answer
from loyalty.queries.vocabulary import Names, list_names
from loyalty.rules.answers import EarnedAnswer
from loyalty.rules.lots import UNTIL_COLLECTED
from loyalty.rules.why import BoughtLine, ChallengeWhy, LifeWhy, LiveWhy, PointsWhy, ReturnWhy, TierWhy, Why
from loyalty.rules.words import sentence_of


class _Booked(msgspec.Struct, frozen=True):
    """An entry that credited points: the names of its rule, and what was taken back of it."""

    name: str | None
    taken_back: int


class _Live(msgspec.Struct, frozen=True):
    """A version that was live at the moment of the purchase, and known when it was recorded; of `in_all` such ones."""

    rule: str
    rule_version: int
    name: str
    definition: dict[str, Any]
    in_all: int


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What the tables hold of a purchase."""

    order_ref: str
    programme_id: int
    number: str
    state: str
    place: str
    placed_at: datetime
    timezone: str
    currency: str
    total_minor: int
    answer: str
    member_ref: str | None = None
    lines: list[BoughtLine]
    booked: list[_Booked] = []
    offers: dict[str, str] = {}
    live: list[_Live] = []
    returns: list[ReturnWhy] = []
    life: LifeWhy | None = None
    tier: TierWhy | None = None
    reached: list[TierWhy] = []
    completed: list[ChallengeWhy] = []


# The tier that a purchase brought is held from its very moment; it was settled on the one below.
_CLAIMED = """
SELECT json_build_object('order_ref', o.ref, 'programme_id', o.programme_id, 'number', o.number,
  'state', o.state, 'place', p.name,
  'placed_at', o.placed_at, 'timezone', g.timezone, 'currency', o.currency, 'total_minor', o.total_minor,
  'answer', s.answer, 'member_ref', m.ref,
  'lines', (SELECT coalesce(json_agg(json_build_object('position', l.position, 'sku', l.sku, 'name', l.name,
      'quantity', l.quantity, 'paid_minor', l.paid_minor, 'returned', omnichannel_returned(o.id, l.position))
      ORDER BY l.position), '[]')
    FROM omnichannel_orderline l WHERE l.order_id = o.id AND l.member_id = o.member_id),
  'booked', (SELECT coalesce(json_agg(json_build_object('name', r.name, 'taken_back', (
      SELECT coalesce(-sum(t.points), 0) FROM loyalty_entry t
      WHERE t.wallet_id = s.wallet_id AND t.order_ref = o.ref AND t.undoes_id = e.id)) ORDER BY e.seq), '[]')
    FROM loyalty_entry e
    LEFT JOIN loyalty_ruleversion v ON v.id = e.rule_version_id LEFT JOIN loyalty_rule r ON r.id = v.rule_id
    WHERE e.wallet_id = s.wallet_id AND e.order_ref = o.ref AND e.kind IN ('earn', 'bonus')),
  'offers', CASE WHEN strpos(s.answer, '"offer:') = 0 THEN '{}'::json ELSE (
      SELECT coalesce(json_object_agg('offer:' || n.ref, n.title), '{}') FROM loyalty_grant n
      WHERE n.member_id = o.member_id AND strpos(s.answer, n.ref) > 0) END,
  'live', (SELECT coalesce(json_agg(x), '[]') FROM (
      SELECT r.code AS rule, v.version AS rule_version, r.name, v.definition, count(*) OVER () AS in_all
      FROM loyalty_rule r JOIN loyalty_ruleversion v ON v.rule_id = r.id
      WHERE r.programme_id = o.programme_id AND v.live_from <= o.placed_at AND v.made_at <= o.recorded_at
        AND (v.live_until IS NULL OR v.live_until > o.placed_at) AND NOT v.definition ? 'act'
        AND strpos(s.answer, '"rule":"' || r.code || '"') = 0 AND strpos(s.answer, '"rule ' || r.code || '"') = 0
      ORDER BY r.code LIMIT 50) x),
  'returns', (SELECT coalesce(json_agg(json_build_object('ref', b.ref, 'number', b.number,
      'returned_at', b.returned_at, 'points_taken_back', u.points_taken, 'points_given_back', u.points_given,
      'points_expired', u.points_expired, 'points_missing', u.points_missing) ORDER BY b.id), '[]')
    FROM omnichannel_orderreturn b JOIN loyalty_reversal u ON u.return_ref = b.ref AND u.member_id = b.member_id
    WHERE b.order_id = o.id AND b.member_id = o.member_id),
  'life', (SELECT json_build_object('available_from', nullif(min(l.available_from), %(never)s),
      'expires_at', max(l.expires_at), 'left', sum(l.remaining))
    FROM loyalty_lot l WHERE l.wallet_id = s.wallet_id AND l.order_ref = o.ref HAVING count(*) > 0),
  'tier', (SELECT json_build_object('code', t.code, 'name', t.name) FROM loyalty_tier t
    WHERE t.programme_id = o.programme_id AND (t.rank = 0 OR EXISTS (SELECT FROM loyalty_tierstanding h
      WHERE h.wallet_id = s.wallet_id AND h.tier_id = t.id AND h.from_at < o.placed_at AND h.until_at > o.placed_at))
    ORDER BY t.rank DESC LIMIT 1),
  'completed', (SELECT coalesce(json_agg(json_build_object('name', c.name, 'points', w.points,
      'has_voucher', w.has_voucher, 'badge', c.definition->>'badge') ORDER BY w.id), '[]')
    FROM loyalty_challengereward w JOIN loyalty_challenge c ON c.id = w.challenge_id
    WHERE w.member_id = o.member_id AND w.completed_by = o.ref AND w.state = 'given'),
  'reached', (SELECT coalesce(json_agg(json_build_object('code', t.code, 'name', t.name) ORDER BY t.rank), '[]')
    FROM loyalty_tierstanding h JOIN loyalty_tier t ON t.id = h.tier_id
    WHERE h.wallet_id = s.wallet_id AND h.from_at = o.placed_at))::text
FROM omnichannel_order o
JOIN loyalty_settlement s ON s.order_ref = o.ref AND s.member_id = o.member_id
JOIN members_member m ON m.id = o.member_id
JOIN omnichannel_place p ON p.id = o.place_id
JOIN omnichannel_programme g ON g.id = o.programme_id
WHERE o.ref = %(ref)s AND (%(programme)s::bigint IS NULL OR o.programme_id = %(programme)s::bigint)
  AND (%(member)s::bigint IS NULL OR o.member_id = %(member)s::bigint)
"""
_UNCLAIMED = """
SELECT json_build_object('order_ref', o.ref, 'programme_id', o.programme_id, 'number', o.number,
  'state', coalesce(o.returns->-1->>'state', 'completed'), 'place', p.name,
  'placed_at', o.placed_at, 'timezone', g.timezone, 'currency', o.currency, 'total_minor', o.total_minor,
  'answer', o.answer, 'lines', (SELECT json_agg(json_build_object('position', l.n - 1, 'sku', l.value->'sku',
      'name', coalesce(l.value->'name', '""'), 'quantity', l.value->'quantity', 'paid_minor',
      (l.value->>'quantity')::bigint * (l.value->>'unit_price_minor')::bigint
        - coalesce((l.value->>'discount_minor')::bigint, 0)) ORDER BY l.n)
    FROM jsonb_array_elements(o.lines) WITH ORDINALITY AS l(value, n)))::text
FROM omnichannel_unclaimedorder o
JOIN omnichannel_place p ON p.id = o.place_id
JOIN omnichannel_programme g ON g.id = o.programme_id
WHERE o.ref = %(ref)s AND (%(programme)s::bigint IS NULL OR o.programme_id = %(programme)s::bigint)
"""
_decoder = msgspec.json.Decoder(_Kept)


def get_why(ref: str, *, programme_id: int | None = None, member_id: int | None = None) -> Why:
    """Why a purchase got its points, claimed by a member or not. Four statements at most.

    :param programme_id: only if it belongs to this programme.
    :param member_id: only if it is this member's.
    :raises OrderNotFound: there is no such purchase.
    """
    asked: dict[str, Any] = {
        "ref": ref,
        "programme": programme_id,
        "member": member_id,
        "never": UNTIL_COLLECTED,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CLAIMED, asked)
        row = cursor.fetchone()
        if row is None and member_id is None:
            cursor.execute(_UNCLAIMED, asked)
            row = cursor.fetchone()
    if row is None:
        raise OrderNotFound
    return _why(_decoder.decode(row[0]))


def _why(kept: _Kept) -> Why:
    head = read_answer(kept.answer)
    settlement = reworded(head.settlement, kept.programme_id, at=kept.placed_at)
    names = list_names([kept.programme_id])[kept.programme_id] if kept.live else Names()
    told = {name: getattr(kept, name) for name in Why.__struct_fields__ if name in _Kept.__struct_fields__}
    return Why(
        **told,
        points_earned=settlement.points_earned,
        points_spent=settlement.points_spent,
        points_paid_minor=settlement.points_paid_minor,
        gift_cards_paid_minor=settlement.gift_cards_paid_minor,
        vouchers_used=settlement.vouchers_used,
        not_applied=settlement.not_applied,
        also_live=[
            LiveWhy(
                rule=one.rule,
                rule_version=one.rule_version,
                name=one.name,
                says=sentence_of(
                    names.said(definition), kept.currency, zone=ZoneInfo(kept.timezone), names_segments=False
                ),
            )
            for one in kept.live
            if (definition := read_definition(one.definition, one.rule)) is not None
        ],
        also_live_more=kept.live[0].in_all - len(kept.live) if kept.live else 0,
        earned=[_points(one, at, kept) for at, one in enumerate(settlement.earned)],
    )


def _points(earned: EarnedAnswer, at: int, kept: _Kept) -> PointsWhy:
    """What the till was told of some points, beside the entry that credited them: both stand in the same order."""
    booked = kept.booked[at] if at < len(kept.booked) else _Booked(None, 0)
    return PointsWhy(
        rule=earned.rule,
        rule_version=earned.rule_version,
        name=kept.offers.get(earned.rule) or booked.name or earned.rule,
        points=earned.points,
        because=earned.because,
        lines=earned.lines,
        taken_back=booked.taken_back,
    )
