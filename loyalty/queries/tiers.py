"""What a change of the ladder would mean for members."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection

from loyalty.models import Tier
from loyalty.rules.tiers import window_starts_on


class Movers(msgspec.Struct, frozen=True):
    """Members whose spend in the rolling year lies between the threshold as it is and as it would be."""

    would_reach: int
    would_miss: int


def count_movers(tier: Tier, *, threshold_minor: int, timezone: str, now: datetime) -> Movers:
    """How many members' spend would reach the tier that does not today, and the other way round; exact."""
    low, high = sorted((threshold_minor, tier.threshold_minor))
    today = now.astimezone(ZoneInfo(timezone)).date()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FROM (
              SELECT FROM loyalty_tierday d JOIN loyalty_wallet w ON w.id = d.wallet_id
              WHERE w.programme_id = %s AND d.spent_on BETWEEN %s AND %s
              GROUP BY d.wallet_id HAVING sum(d.qualifying_minor) >= %s AND sum(d.qualifying_minor) < %s) moved
            """,
            [tier.programme_id, window_starts_on(today), today, low, high],
        )
        (moved,) = cursor.fetchone()
    return Movers(moved, 0) if threshold_minor < tier.threshold_minor else Movers(0, moved)
