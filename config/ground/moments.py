"""Days and moments in words, as staff read them everywhere."""

from datetime import datetime, tzinfo


def day(at: datetime, zone: tzinfo) -> str:
    """The day on the calendar of a zone: `2026-11-21`."""
    return f"{at.astimezone(zone):%Y-%m-%d}"


def moment(at: datetime, zone: tzinfo) -> str:
    """The wall time in a zone: `2026-11-21 09:05`."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
