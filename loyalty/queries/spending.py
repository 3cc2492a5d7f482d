"""What a member spent lately."""

from datetime import datetime

from django.db import connection


def count_spent(member_id: int, programme_id: int, *, since: datetime, now: datetime) -> int:
    """Points spent since a moment, and those held now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT loyalty_spent(w.id, %s, %s) FROM loyalty_wallet w WHERE w.member_id = %s AND w.programme_id = %s",
            [since, now, member_id, programme_id],
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0
