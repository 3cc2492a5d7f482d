"""What a member can draw of the points of their household, and what must hold of it."""

from datetime import datetime

import msgspec
from django.db import connection

from loyalty.rules.households import HouseholdPoints

decode_points = msgspec.json.Decoder(HouseholdPoints | None).decode


def find_drawable(member_id: int, programme_id: int, *, now: datetime) -> int:
    """Points of the others that a member can spend now, beyond their own; 0 in no household."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT loyalty_drawable(%s, %s, %s)", [member_id, programme_id, now])
        return int(cursor.fetchone()[0])


def find_household_points(member_id: int, programme_id: int, *, now: datetime) -> HouseholdPoints | None:
    """What a member can spend of their household's; None for who is in none, or where the terms let nobody share."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT loyalty_household_points(%s, %s, %s)::text", [member_id, programme_id, now])
        points: HouseholdPoints | None = decode_points(cursor.fetchone()[0] or "null")
    return points


def lock_pool(member_id: int, programme_id: int, *, hold: str | None) -> None:
    """Lock the wallets that a member shares with, and those in which their hold sets points aside, in id order, before
    anything else locks the member's own."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT loyalty_lock_pool(%s, %s, %s)", [member_id, programme_id, hold])


POOL_LAWS = {
    "what the household draws from one wallet comes to another, and home again": """
        SELECT 'pool entries ' || e.cause, '0 in all', sum(e.points)
        FROM loyalty_entry e WHERE e.kind IN ('pool_out', 'pool_in', 'pool_home', 'pool_back')
        GROUP BY e.cause, e.programme_id HAVING sum(e.points) <> 0""",
    "what a member drew is spent, or went home, unless who gave it was erased": """
        SELECT 'lot ' || l.id, '0 left', l.remaining
        FROM loyalty_pooledlot k JOIN loyalty_lot l ON l.id = k.lot_id AND l.remaining > 0
        JOIN members_member m ON m.id = k.from_member_id AND m.state <> 'erased'
        WHERE (l.expires_at > %(now)s) IS NOT FALSE""",
    "what a hold sets aside of others is what they have set aside": """
        SELECT 'hold ' || h.ref, h.points_of_others || ' until ' || h.expires_at, s.points || ' until ' || s.expires_at
        FROM loyalty_hold h
        LEFT JOIN (SELECT hold_id, sum(points) AS points, min(expires_at) AS expires_at, min(ended_at) AS ended_at
          FROM loyalty_holdshare GROUP BY 1) s ON s.hold_id = h.id
        WHERE h.points_of_others <> coalesce(s.points, 0)
          OR s.points > 0 AND (h.expires_at, h.ended_at) IS DISTINCT FROM (s.expires_at, s.ended_at)""",
    "a drawn lot came out of another's lot, in the same programme": """
        SELECT 'lot ' || k.lot_id, concat_ws(', ', f.wallet_id, f.member_id, l.wallet_id, v.programme_id),
          concat_ws(', ', k.from_wallet_id, k.from_member_id, k.wallet_id, w.programme_id)
        FROM loyalty_pooledlot k
        JOIN loyalty_lot f ON f.id = k.from_lot_id JOIN loyalty_lot l ON l.id = k.lot_id
        JOIN loyalty_wallet w ON w.id = k.wallet_id JOIN loyalty_wallet v ON v.id = k.from_wallet_id
        WHERE (f.wallet_id, f.member_id, l.wallet_id, v.programme_id)
          <> (k.from_wallet_id, k.from_member_id, k.wallet_id, w.programme_id)""",
}
