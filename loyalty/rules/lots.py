"""The life of a lot: when its points can be spent and until when."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

UTC = ZoneInfo("UTC")


def available_from(earned_at: datetime, *, maturity_days: int, zone: ZoneInfo) -> datetime:
    """When points earned at this moment can be spent: at once, or from midnight after `maturity_days` whole days."""
    if maturity_days == 0:
        return earned_at
    return midnight_after(earned_at, maturity_days + 1, zone)


def expires_at(earned_at: datetime, *, expiry_days: int | None, zone: ZoneInfo) -> datetime | None:
    """The first moment at which they cannot be spent any more: midnight after the last of `expiry_days` days.

    Days are days of the programme's timezone, so a lot ends at local midnight across daylight-saving changes too.
    """
    if expiry_days is None:
        return None
    return midnight_after(earned_at, expiry_days + 1, zone)


def midnight_after(moment: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The midnight that begins the day `days` days after the moment's, in that zone."""
    day = moment.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
