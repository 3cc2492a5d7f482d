"""Tiers: how far a member is up the ladder. Spend counts over a rolling window of 365 days."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec

from loyalty.rules.lots import midnight_after

WINDOW_DAYS = 365
"""A day's spend counts on that day and the 364 days after it; a tier once reached is held for as long."""


class Benefit(msgspec.Struct, frozen=True, kw_only=True):
    """What a tier brings beside points: the member has it from reaching the tier for `valid_days` days."""

    id: int
    valid_days: int


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A tier of the ladder. `threshold_minor` is reached by spending exactly that much."""

    id: int
    code: str
    name: str
    threshold_minor: int
    benefits: list[Benefit] = []


def is_ladder(thresholds: Sequence[int]) -> bool:
    """Whether everybody reaches the lowest step, and each next one takes more than the one before it."""
    return thresholds[:1] == [0] and all(step < after for step, after in pairwise(thresholds))


def window_starts_on(day: date) -> date:
    """The first day whose spend still counts on `day`."""
    return day - timedelta(days=WINDOW_DAYS - 1)


def steps_reached(ladder: Sequence[Step], window_minor: int) -> list[Step]:
    """The steps above the lowest that this much spend reaches, lowest first. Exactly the threshold reaches it.

    :param ladder: in order of threshold, the lowest first.
    """
    return [step for step in ladder[1:] if window_minor >= step.threshold_minor]


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A tier held from one moment until another."""

    tier_id: int
    from_at: datetime
    until_at: datetime


def step_held(ladder: Sequence[Step], standings: Sequence[Standing], at: datetime) -> Step | None:
    """The highest step held at a moment; the lowest of the ladder if none is; None without a ladder."""
    held = {standing.tier_id for standing in standings if standing.from_at <= at < standing.until_at}
    return next((step for step in reversed(ladder) if step.id in held), ladder[0] if ladder else None)


def standings_after(
    ladder: Sequence[Step], standings: Sequence[Standing], window_minor: int, *, at: datetime, zone: ZoneInfo
) -> list[Standing]:
    """The standings that a purchase begins or prolongs, lowest tier first; what it leaves as it was stays out.

    Every tier reached is held for a year from the day of the purchase, so a member whose spend falls goes down by one
    step at a time, each at its own end. Standings of one tier never overlap: where a later one begins, which lasts
    longer, this one ends.

    :param standings: what the member holds at the moment of the purchase or later.
    :param window_minor: what counts in the rolling year, this purchase included.
    """
    a_year_on = midnight_after(at, WINDOW_DAYS, zone)
    changed = []
    for step in steps_reached(ladder, window_minor):
        own = [standing for standing in standings if standing.tier_id == step.id]
        held = next((each for each in own if each.from_at <= at < each.until_at), None)
        until_at = min([a_year_on, *(each.from_at for each in own if each.from_at > at)])
        if held is None or held.until_at < until_at:
            from_at = held.from_at if held else at
            changed.append(Standing(tier_id=step.id, from_at=from_at, until_at=until_at))
    return changed


def next_threshold(ladder: Sequence[Step], window_minor: int) -> int | None:
    """The smallest threshold that this much spend does not reach, or None."""
    return next((step.threshold_minor for step in ladder if step.threshold_minor > window_minor), None)
