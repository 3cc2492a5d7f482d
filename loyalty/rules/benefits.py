"""When benefits can be used, and when those of each year begin anew."""

from datetime import datetime
from zoneinfo import ZoneInfo

from loyalty.rules.lots import midnight_after

YEAR_DAYS = 365


def begins_anew(
    granted_at: datetime, valid_until: datetime, *, until: datetime, zone: ZoneInfo
) -> datetime | None:
    """When a benefit of each year is granted again after it ran out: 365 days after it was, at the midnight that begins
    the day, and not before it ran out; where that is years ago, the last time that it would have been.

    >>> zone = ZoneInfo("UTC")
    >>> first, end = datetime(2026, 3, 1, 9, tzinfo=zone), datetime(2027, 3, 1, tzinfo=zone)
    >>> f"{begins_anew(first, end, until=datetime(2028, 4, 1, tzinfo=zone), zone=zone):%Y-%m-%d %H:%M}"
    '2028-02-29 00:00'

    :return: None: after `until`.
    """
    begins = max(midnight_after(granted_at, YEAR_DAYS, zone), valid_until)
    if begins > until:
        return None
    while (after := midnight_after(begins, YEAR_DAYS, zone)) <= until:
        begins = after
    return begins
