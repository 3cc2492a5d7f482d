"""Retention: what every floor declares to be kept for some time only, let go when its time is over."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from config.ground.jobs import run_job
from config.ground.retention import Period, count_past, days_of, let_go
from members.member_data import list_floors


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One kind in one table: so many rows are, or were, past their days. `days` is None for what is kept for good."""

    floor: str
    period: Period
    days: int | None
    rows: int


def list_past(*, now: datetime) -> Iterator[Outcome]:
    """What would be let go now. Nothing is written."""
    for floor, period in _periods():
        yield Outcome(floor=floor, period=period, days=days_of(period), rows=count_past(period, now=now))


def apply_retention(*, now: datetime) -> list[Outcome]:
    """Let go what is past its days; the run is kept among the jobs. Safe to repeat, any number at once."""
    with run_job("members.apply_retention", now) as progress:
        outcomes = []
        for floor, period in _periods():
            rows = let_go(period, now=now)
            progress.advance(rows)
            outcomes.append(Outcome(floor=floor, period=period, days=days_of(period), rows=rows))
        progress.note(
            ", ".join(f"{one.period.table} {one.rows}" for one in outcomes if one.rows) or "nothing"
        )
    return outcomes


@register()
def retention_days_are_of_declared_kinds(app_configs: Any, **_options: Any) -> list[CheckMessage]:
    """What `RETENTION_DAYS` says is heard: of a kind that there is, and in days."""
    known = sorted({period.code for _, period in _periods()})
    told = settings.RETENTION_DAYS.items()
    faults = [f"There is no kind {code!r}" for code, _ in told if code not in known]
    faults += [f"{code!r} is kept for {days!r}" for code, days in told if not _are_days(days)]
    hint = f"Name days from 1 on, or null for good, of: {', '.join(known)}."
    return [Error(f"RETENTION_DAYS: {fault}.", hint=hint, id="members.E001") for fault in faults]


def _are_days(days: object) -> bool:
    return days is None or (isinstance(days, int) and not isinstance(days, bool) and days > 0)


def _periods() -> Iterator[tuple[str, Period]]:
    for floor, data in reversed(list_floors().items()):
        yield from ((floor, period) for period in data.retention())
