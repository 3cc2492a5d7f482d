"""What a member can draw of the points of their household, and what must hold of it."""

from datetime import datetime

from django.db import connection


def find_drawable(member_id: int, programme_id: int, *, now: datetime) -> int:
    """Points of the others that a member can spend now, beyond their own; 0 in no household."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT loyalty_drawable(%s, %s, %s)", [member_id, programme_id, now])
        return int(cursor.fetchone()[0])


def find_limit_left(member_id: int, programme_id: int, *, now: datetime) -> int | None:
    """Points of the others that the head lets a member draw yet in this period; None without a limit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT loyalty_pool_limit(%s, %s, %s)", [member_id, programme_id, now])
        left: int | None = cursor.fetchone()[0]
        return left


def lock_pool(member_id: int, programme_id: int, *, now: datetime) -> None:
    """Lock the wallets that a member shares with, in id order, before anything else locks the member's own."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT loyalty_lock_pool(%s, %s, %s)", [member_id, programme_id, now])


def list_left_out(*, since: datetime, now: datetime, limit: int) -> list[tuple[int, int]]:
    """(member, programme) of wallets with points that were drawn since a moment, are there still, and that no hold
    sets aside."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT w.member_id, w.programme_id FROM loyalty_pooledlot k
            JOIN loyalty_lot l ON l.id = k.lot_id AND l.member_id = k.member_id
              AND l.remaining > 0 AND (l.expires_at > %(now)s) IS NOT FALSE
            JOIN loyalty_wallet w ON w.id = k.wallet_id AND w.member_id = k.member_id
            JOIN members_member m ON m.id = k.from_member_id AND m.state <> 'erased'
            WHERE k.drawn_at >= %(since)s AND NOT EXISTS (
              SELECT FROM loyalty_hold h WHERE h.wallet_id = w.id AND h.state = 'held' AND h.expires_at > %(now)s)
            ORDER BY 1, 2 LIMIT %(limit)s
            """,
            {"since": since, "now": now, "limit": limit},
        )
        return list(cursor.fetchall())


POOL_LAWS = {
    "what the household draws from one wallet comes to another, and home again": """
        SELECT 'pool entries ' || e.cause, '0 in all', sum(e.points)
        FROM loyalty_entry e WHERE e.kind IN ('pool_out', 'pool_in', 'pool_home', 'pool_back')
        GROUP BY e.cause, e.programme_id HAVING sum(e.points) <> 0""",
    "a drawn lot came out of another's lot, in the same programme": """
        SELECT 'lot ' || k.lot_id, concat_ws(', ', f.wallet_id, f.member_id, l.wallet_id, v.programme_id),
          concat_ws(', ', k.from_wallet_id, k.from_member_id, k.wallet_id, w.programme_id)
        FROM loyalty_pooledlot k
        JOIN loyalty_lot f ON f.id = k.from_lot_id JOIN loyalty_lot l ON l.id = k.lot_id
        JOIN loyalty_wallet w ON w.id = k.wallet_id JOIN loyalty_wallet v ON v.id = k.from_wallet_id
        WHERE (f.wallet_id, f.member_id, l.wallet_id, v.programme_id)
          <> (k.from_wallet_id, k.from_member_id, k.wallet_id, w.programme_id)""",
}
