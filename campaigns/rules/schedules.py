"""When a campaign runs: the wall time and the zone are what is kept, UTC is computed each time.

A weekly campaign at nine is at nine on both sides of a change of clocks. An hour that does not exist on that
day is moved on by the gap (02:30 becomes 03:30); an hour that comes twice means the first of the two.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec

_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class When(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A schedule; the base of all of them. Times are wall times of the campaign's zone, to the minute."""


class Once(When, frozen=True, kw_only=True, tag="once"):
    """At one moment, e.g. `{"type": "once", "on": "2026-11-27", "at": "09:00:00"}`."""

    on: date
    at: time


class Daily(When, frozen=True, kw_only=True, tag="daily"):
    """Every day at this hour, from the first day on."""

    starts_on: date
    at: time


class Weekly(When, frozen=True, kw_only=True, tag="weekly"):
    """Every week on this day (1 Monday to 7 Sunday) at this hour, from the first day on."""

    starts_on: date
    weekday: Annotated[int, msgspec.Meta(ge=1, le=7)]
    at: time


Schedule = Once | Daily | Weekly


def moment_of(on: date, at: time, zone: str) -> datetime:
    """The UTC moment of a wall time in a zone."""
    return datetime.combine(on, at.replace(tzinfo=None, second=0, microsecond=0), ZoneInfo(zone)).astimezone(
        UTC
    )


def first_due(schedule: Schedule, zone: str) -> datetime:
    """The first moment of the schedule, wherever it lies."""
    if isinstance(schedule, Once):
        return moment_of(schedule.on, schedule.at, zone)
    if isinstance(schedule, Daily):
        return moment_of(schedule.starts_on, schedule.at, zone)
    ahead = (schedule.weekday - schedule.starts_on.isoweekday()) % 7
    return moment_of(schedule.starts_on + timedelta(days=ahead), schedule.at, zone)


def next_due(schedule: Schedule, zone: str, *, after: datetime) -> datetime | None:
    """The first moment of the schedule later than `after`; None when there is none.

    Occurrences missed while nothing ran are not made up for one by one: whoever asks gets one moment, in the
    future of `after`.
    """
    first = first_due(schedule, zone)
    if first > after:
        return first
    if isinstance(schedule, Once):
        return None
    step = 1 if isinstance(schedule, Daily) else 7
    day = first.astimezone(ZoneInfo(zone)).date()
    passed = (after.astimezone(ZoneInfo(zone)).date() - day).days
    day += timedelta(days=max(0, passed // step - 1) * step)
    while moment_of(day, schedule.at, zone) <= after:
        day += timedelta(days=step)
    return moment_of(day, schedule.at, zone)


def ends_after(days: int, *, start: datetime, zone: str) -> datetime:
    """The end of an offer good for `days` days: midnight (local) after the last of them, the first being today."""
    today = start.astimezone(ZoneInfo(zone)).date()
    return moment_of(today + timedelta(days=days), time(0, 0), zone)


def last_day(until: datetime, zone: str) -> date:
    """The last local day of an offer that ends at `until`."""
    return (until - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).date()


def schedule_words(schedule: Schedule, zone: str) -> str:
    """The schedule in plain words."""
    at = f"{schedule.at:%H:%M} ({zone})"
    if isinstance(schedule, Once):
        return f"once, on {schedule.on} at {at}"
    if isinstance(schedule, Daily):
        return f"every day at {at}, from {schedule.starts_on}"
    return f"every {_DAY_NAMES[schedule.weekday - 1]} at {at}, from {schedule.starts_on}"
