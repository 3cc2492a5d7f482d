"""The life of a lot: when its points can be spent and until when."""

from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from config.ground.words import counted

UTC = ZoneInfo("UTC")

ExpiryKind = Literal["rolling", "month", "quarter", "year", "date", "inactivity"]
KeptAliveBy = Literal["purchase", "earn", "spend", "points"]
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


class Expiry(msgspec.Struct, frozen=True, kw_only=True):
    """Until when points live, as a programme's terms say it. All days are days of its timezone.

    :ivar kind: rolling: to the end of the last of `days` days; month, quarter, year: to the end of the month, quarter
        or year in which that day lies; date: to the end of `on`, and of the same day of each later year; inactivity: to
        the end of the last of `days` days after the member was last active.
    :ivar days: None: for ever. Does not matter for a date.
    :ivar kept_alive_by: what counts as activity: any purchase, one that earns points, one that spends points, or either
        of the two.
    """

    kind: ExpiryKind = "rolling"
    days: int | None = 365
    on: date | None = None
    kept_alive_by: KeptAliveBy = "purchase"


UNTIL_COLLECTED = datetime(2200, 1, 1, tzinfo=UTC)
"""Points of goods to be collected can be spent from then on, until the goods are handed over: later than any day."""

FIRST_YEAR, AFTER_LAST_YEAR = 2000, 2200
"""Of days on which points run out."""


def fault_in(expiry: Expiry, *, maturity_days: int) -> str | None:
    """Why points that mature after so many days cannot run out like this, in words; None if they can."""
    if expiry.kind == "date":
        if expiry.on is None:
            return "Name the day on which points run out."
        within = FIRST_YEAR <= expiry.on.year < AFTER_LAST_YEAR
        return None if within else "The day on which points run out must lie between 2000 and 2199."
    if expiry.kind not in ("rolling", "inactivity") or expiry.days is None or expiry.days > maturity_days:
        return None
    if maturity_days == 0:
        return "Points live for a day at least."
    return f"Points mature after {counted(maturity_days, 'day')}: they have to live for more."


def available_from(earned_at: datetime, *, maturity_days: int, zone: ZoneInfo) -> datetime:
    """When points earned at this moment can be spent: at once, or from midnight after `maturity_days` whole days."""
    if maturity_days == 0:
        return earned_at
    return midnight_after(earned_at, maturity_days + 1, zone)


def expires_at(earned_at: datetime, *, expiry: Expiry, zone: ZoneInfo) -> datetime | None:
    """The first moment at which they cannot be spent any more: the midnight after their last day.

    A lot ends at local midnight across daylight-saving changes too.
    """
    earned_on = earned_at.astimezone(zone).date()
    if expiry.kind == "date":
        if expiry.on is None or expiry.on.year >= AFTER_LAST_YEAR:
            return None  # From before days were checked: points without an end are better than no sale.
        return _midnight(_next_time(expiry.on, earned_on) + timedelta(days=1), zone)
    if expiry.days is None:
        return None
    last_on = earned_on + timedelta(days=expiry.days)
    if expiry.kind in _MONTHS:
        return _midnight(_begin_of_next(last_on, _MONTHS[expiry.kind]), zone)
    return _midnight(last_on + timedelta(days=1), zone)


def is_kept_alive(expiry: Expiry, *, earns: bool, spends: bool) -> bool:
    """Whether a purchase lets the member's points live on.

    :param earns: it earns points; `spends`: it spends some.
    """
    if expiry.kind != "inactivity" or expiry.days is None:
        return False
    by = {"purchase": True, "earn": earns, "spend": spends, "points": earns or spends}
    return by[expiry.kept_alive_by]


def midnight_after(moment: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The midnight that begins the day `days` days after the moment's, in that zone."""
    return _midnight(moment.astimezone(zone).date() + timedelta(days=days), zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """The one that begins the day."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _begin_of_next(day: date, months: int) -> date:
    """The first day of the next period of so many months; periods begin with the year."""
    after = (day.month - 1) // months * months + months
    return date(day.year + after // 12, after % 12 + 1, 1)


def _next_time(on: date, day: date) -> date:
    """The date, or the same day of a later year where it is over; the 28th in years without a 29th of February."""
    for year in range(max(on.year, day.year), max(on.year, day.year) + 2):
        leaps = on.month == 2 and on.day == 29 and (year % 4 != 0 or (year % 100 == 0 and year % 400 != 0))
        again = on.replace(year=year, day=28 if leaps else on.day)
        if again >= day:
            return again
    raise AssertionError("a day comes every year")
