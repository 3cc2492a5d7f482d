"""Points that members of a household drew and did not spend, on their way home."""

from datetime import datetime, timedelta

from django.db import connection, transaction

from loyalty.queries.pools import list_left_out
from loyalty.services.holds import LONGEST

AT_ONCE = 500
ACTOR = "household"
_SINCE = LONGEST + timedelta(days=1)


def bring_points_home(*, now: datetime) -> int:
    """Let go home what was drawn for holds that lapsed; answers from how many wallets. Safe to repeat, any number at
    once. What is released or returned goes home by itself."""
    left = list_left_out(since=now - _SINCE, now=now, limit=AT_ONCE)
    for member_id, programme_id in left:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT loyalty_bring_home(%s, %s, %s, %s)", [member_id, programme_id, ACTOR, now])
    return len(left)
