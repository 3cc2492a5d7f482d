"""The catalogue at a moment: what can be had, by whom, and how much is left. One statement."""

from datetime import datetime

import msgspec
from django.db import connection

from loyalty.errors.rewards import RewardNotFound
from loyalty.models import Reward
from loyalty.rules.reward_words import RewardSaid
from loyalty.rules.rewards import RewardNow, StockNow

MOST = 1_000
"""A catalogue of more rewards shows those that end last."""

_CATALOGUE = """
SELECT json_build_object('id', r.id, 'code', r.code, 'kind', r.kind, 'own_title', r.title,
  'title', coalesce(w.title, r.title), 'description', coalesce(w.description, r.description),
  'picture_url', r.picture_url, 'series_id', r.series_id,
  'points', r.points, 'cash_minor', r.cash_minor,
  'gate', CASE WHEN t.id IS NOT NULL THEN json_build_object('code', t.code, 'name', t.name,
    'is_open', coalesce(t.rank <= (SELECT m.rank FROM loyalty_tier m
      WHERE m.programme_id = r.programme_id AND m.code = %(tier)s), false)) END,
  'has_label', r.label = '' OR EXISTS (SELECT FROM loyalty_memberlabel c JOIN loyalty_label b ON b.id = c.label_id
    WHERE c.member_id = %(member)s AND b.programme_id = r.programme_id AND b.code = r.label),
  'most_per_member', r.most_per_member, 'most_per_period', r.most_per_period, 'period', r.period,
  'starts_at', r.starts_at, 'ends_at', r.ends_at, 'happens_at', r.happens_at, 'cancel_hours', r.cancel_hours,
  'stocks', (SELECT coalesce(json_agg(json_build_object('place', coalesce(l.code, ''),
      'place_name', coalesce(l.name, ''), 'left', s.stock - s.taken) ORDER BY l.name NULLS FIRST), '[]')
    FROM loyalty_rewardstock s LEFT JOIN omnichannel_place l ON l.id = s.place_id WHERE s.reward_id = r.id),
  'had', h.had, 'had_in_period', h.had_in_period, 'period_from', p.starts_at)::text
FROM loyalty_reward r
JOIN omnichannel_programme g ON g.id = r.programme_id
CROSS JOIN (SELECT coalesce(%(language)s::text, (SELECT m.language FROM members_member m WHERE m.id = %(member)s), '')
  AS language) a
LEFT JOIN loyalty_tier t ON t.id = r.tier_id
LEFT JOIN loyalty_voucherseries v ON v.id = r.series_id
CROSS JOIN LATERAL (SELECT date_trunc(nullif(r.period, ''), %(now)s AT TIME ZONE g.timezone) AT TIME ZONE g.timezone
  AS starts_at) p
CROSS JOIN LATERAL (
  SELECT count(*) AS had, count(*) FILTER (WHERE d.redeemed_at >= p.starts_at) AS had_in_period
  FROM loyalty_redemption d
  WHERE d.member_id = %(member)s AND d.reward_id = r.id AND d.state <> 'cancelled') h
LEFT JOIN LATERAL (
  SELECT x.title, x.description FROM loyalty_rewardwords x
  WHERE x.reward_id = r.id AND lower(x.language) IN (lower(a.language), split_part(lower(a.language), '-', 1))
  ORDER BY length(x.language) DESC LIMIT 1) w ON true
WHERE r.programme_id = %(programme)s AND v.revoked_at IS NULL AND (r.code = %(code)s::text OR (
  %(code)s::text IS NULL AND r.is_shown AND (r.starts_at <= %(now)s) IS NOT FALSE AND (r.ends_at > %(now)s) IS NOT FALSE
  AND (r.happens_at > %(now)s) IS NOT FALSE))
ORDER BY r.ends_at DESC NULLS FIRST, r.id LIMIT %(most)s
"""
_decoder = msgspec.json.Decoder(RewardNow)


def list_rewards(
    programme_id: int,
    *,
    member_id: int | None = None,
    tier: str = "",
    language: str | None = None,
    code: str | None = None,
    now: datetime,
) -> list[RewardNow]:
    """The rewards that are shown now, at most 1,000; or the one of a code, be it shown or not.

    :param member_id: who asks, `tier`: the code of the tier they stand on. Without them every gate is closed.
    :param language: None: the member's own. What is not told in it is told in the programme's.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _CATALOGUE,
            {
                "programme": programme_id,
                "member": member_id,
                "tier": tier,
                "language": language,
                "code": code,
                "now": now,
                "most": MOST,
            },
        )
        return [_decoder.decode(body) for (body,) in cursor.fetchall()]


def get_reward(programme_id: int, code: str, *, member_id: int, tier: str, now: datetime) -> RewardNow:
    """The reward of this code, as it stands for a member.

    :raises RewardNotFound: the programme has none, or its vouchers were revoked.
    """
    found = list_rewards(programme_id, member_id=member_id, tier=tier, code=code, now=now)
    if not found:
        raise RewardNotFound(f"There is no reward {code}.", pointer="/reward")
    return found[0]


def declared(reward: Reward) -> RewardSaid:
    """A stored reward as its sentence tells it. Reads nothing more where tier and stocks are loaded."""
    same = set(RewardSaid.__struct_fields__) - {"series", "tier", "stocks"}
    stocks = [
        StockNow(
            stock.place.code if stock.place else "",
            stock.place.name if stock.place else "",
            None if stock.stock is None else stock.stock - stock.taken,
        )
        for stock in reward.stocks.all()
    ]
    return RewardSaid(
        **{name: getattr(reward, name) for name in same},
        series=reward.series.name if reward.series else "",
        tier=reward.tier.name if reward.tier else "",
        stocks=sorted(stocks, key=lambda stock: stock.place_name),
    )
