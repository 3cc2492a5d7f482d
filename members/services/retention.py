"""Retention: what every floor declares to be kept for some time only, let go when its time is over."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

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


def _periods() -> Iterator[tuple[str, Period]]:
    for floor, data in reversed(list_floors().items()):
        yield from ((floor, period) for period in data.retention())
