"""What a member spent lately."""

from datetime import datetime

from django.db import connection


def count_spent(member_id: int, programme_id: int, *, since: datetime, now: datetime) -> int:
    """Points spent since a moment, and those held now."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT (SELECT h.points FROM loyalty_held(w.id, %(now)s) h) - coalesce((
              SELECT sum(points) FROM loyalty_entry
              WHERE wallet_id = w.id AND member_id = w.member_id AND kind = 'spend' AND recorded_at > %(since)s), 0)
            FROM loyalty_wallet w WHERE w.member_id = %(member)s AND w.programme_id = %(programme)s
            """,
            {"member": member_id, "programme": programme_id, "since": since, "now": now},
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0
