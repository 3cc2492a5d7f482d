"""The one place that asks what time it is. Doors and tasks ask; everything below is handed `now`."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)
