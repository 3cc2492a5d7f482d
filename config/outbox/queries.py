"""How the outbox stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection


@dataclass(frozen=True, slots=True)
class Backlog:
    """What one subscriber has before it.

    :ivar oldest_s: seconds since the oldest waiting event was recorded; 0 with nothing waiting.
    """

    waiting: int
    failing: int
    dead: int
    oldest_s: float


def get_backlogs(now: datetime) -> Mapping[str, Backlog]:
    """Backlogs of all subscribers that have one, by name."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT waiting.subscriber,
                   count(*) FILTER (WHERE NOT is_dead),
                   count(*) FILTER (WHERE NOT is_dead AND attempts > 0),
                   count(*) FILTER (WHERE is_dead),
                   min(event.recorded_at) FILTER (WHERE NOT is_dead)
            FROM outbox_delivery AS waiting JOIN outbox_event AS event ON event.id = waiting.event_id
            GROUP BY 1 ORDER BY 1
            """
        )
        rows = cursor.fetchall()
    return {
        name: Backlog(waiting, failing, dead, max(0.0, (now - oldest).total_seconds()) if oldest else 0.0)
        for name, waiting, failing, dead, oldest in rows
    }


def find_oldest_waiting(now: datetime) -> float:
    """Seconds that the oldest untried delivery has waited, or 0. Failed ones wait on purpose and do not count."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(next_attempt_at) FROM outbox_delivery WHERE NOT is_dead AND attempts = 0")
        (since,) = cursor.fetchone()
    return max(0.0, (now - since).total_seconds()) if since else 0.0
