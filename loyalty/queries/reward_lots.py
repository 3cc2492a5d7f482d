"""What a wallet holds when points that were given for a challenge are to be taken back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from loyalty.rules.bought import Bought


class RewardNow(msgspec.Struct, frozen=True, kw_only=True):
    """Points of a reward, as a return sees what a purchase earned; and whether the member owes what is missing."""

    wallet_id: int
    owes: bool
    bought: Bought


_FACTS = """
SELECT json_build_object('wallet_id', w.id,
  'owes', (SELECT t.when_spent = 'debt' FROM loyalty_programmeterms t WHERE t.programme_id = w.programme_id),
  'bought', json_build_object('points_spent', 0, 'points_given', 0, 'points_paid_minor', 0, 'qualifying_minor', 0,
    'debt', w.debt, 'drawn', '[]'::json, 'expired_counted', 0,
    'lines', json_build_array(json_build_object('position', 0, 'sku', '', 'name', '', 'category', '', 'department', '',
      'quantity', 1, 'total_minor', 0, 'paid_minor', 0, 'returned', 0)),
    'earned', json_build_array(json_build_object('entry_id', e.id, 'rule', '', 'rule_version_id', NULL,
      'points', %(points)s::bigint, 'lines', json_build_array(0), 'taken', 0)),
    'expired', (SELECT coalesce(sum(x.points), 0) FROM (
      SELECT l.remaining AS points FROM loyalty_lotmove m JOIN loyalty_lot l ON l.id = m.lot_id
      WHERE m.entry_id = e.id AND l.expires_at <= %(now)s
      UNION ALL
      SELECT -d.points FROM loyalty_lotmove m JOIN loyalty_lotmove d ON d.lot_id = m.lot_id
      JOIN loyalty_entry x ON x.id = d.entry_id AND x.kind = 'expire' WHERE m.entry_id = e.id) x),
    'held', (SELECT h.points FROM loyalty_held(w.id, %(now)s) h),
    'lots', (SELECT coalesce(json_agg(json_build_object('id', l.id, 'remaining', l.remaining,
        'available_from', l.available_from, 'expires_at', l.expires_at,
        'is_own', EXISTS (SELECT FROM loyalty_lotmove m WHERE m.entry_id = e.id AND m.lot_id = l.id))
        ORDER BY l.expires_at, l.id), '[]')
      FROM loyalty_lot l WHERE l.wallet_id = w.id AND l.remaining > 0 AND (l.expires_at > %(now)s) IS NOT FALSE)))::text
FROM loyalty_wallet w
JOIN loyalty_entry e ON e.wallet_id = w.id AND e.member_id = w.member_id AND e.cause = ANY (%(causes)s::text[])
WHERE w.member_id = %(member)s AND w.programme_id = %(programme)s
ORDER BY e.seq DESC LIMIT 1
"""
_decoder = msgspec.json.Decoder(RewardNow)


def find_reward_points(
    member_id: int, programme_id: int, *, causes: Sequence[str], points: int, now: datetime
) -> RewardNow | None:
    """The last entry by which a reward was credited, and the lots of the wallet, which the caller has locked.

    :param causes: of the entries that credited it, each time it was given.
    :param points: what the member still has of it.
    """
    asked: dict[str, Any] = {
        "member": member_id,
        "programme": programme_id,
        "causes": list(causes),
        "points": points,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, asked | {"now": now})
        row = cursor.fetchone()
    return _decoder.decode(row[0]) if row else None
