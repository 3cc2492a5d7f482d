"""How far a member has come with a challenge: a fold over what counted, the same in whatever order it was told."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import msgspec

from loyalty.rules.challenges import ChallengeDefinition, Mission, Streak, needed_by


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What one purchase, act or friend counts.

    :ivar cause: ref of the order or the act, or `friend:<member id>`.
    :ivar happened_on: the day of the programme's calendar.
    """

    cause: str
    happened_at: datetime
    happened_on: date
    units: int


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """The step with which a challenge was completed."""

    cause: str
    completed_at: datetime


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """
    :ivar reached: units towards the next completion; all of them where there is none.
    :ivar completions: one after the other, in the order of time.
    :ivar is_over: it cannot be completed any more often.
    :ivar last_period: of a streak: the number of the last period of the run that is being counted.
    """

    reached: int
    needed: int
    completions: list[Completion]
    is_over: bool
    last_period: int | None = None

    @property
    def missing(self) -> int:
        return 0 if self.is_over else self.needed - self.reached


def progress_of(definition: ChallengeDefinition, steps: Sequence[Step]) -> Progress:
    """How far these steps lead, whatever their order."""
    counting = sorted(
        (step for step in steps if step.units > 0), key=lambda step: (step.happened_at, step.cause)
    )
    goal, last_period = definition.goal, None
    needed = needed_by(goal)
    if isinstance(goal, Streak):
        completions, reached, last_period = _runs(goal, counting)
    else:
        if isinstance(goal, Mission):
            counting = _once_each(goal, counting)
        completions, reached = _fill(needed, counting)
    most = definition.most
    is_over = most is not None and len(completions) >= most
    return Progress(
        reached=needed if is_over else reached,
        needed=needed,
        completions=completions[:most],
        is_over=is_over,
        last_period=last_period,
    )


def reached_by(definition: ChallengeDefinition, progress: Progress, today: date) -> int:
    """Units that count on a day: a run of periods is broken when a whole one has passed without anything."""
    goal = definition.goal
    if progress.is_over or not isinstance(goal, Streak) or progress.last_period is None:
        return progress.reached
    return progress.reached if period_of(goal, today) - progress.last_period <= 1 else 0


def period_of(goal: Streak, day: date) -> int:
    """The number of a day's period: one more for each day, week from Monday, or month."""
    match goal.unit:
        case "day":
            return day.toordinal()
        case "week":
            return (day - timedelta(days=day.weekday())).toordinal() // 7
        case "month":
            return day.year * 12 + day.month


def _once_each(goal: Mission, steps: Sequence[Step]) -> list[Step]:
    """Each purchase or act once, or the first one of each day."""
    if not goal.on_different_days:
        return [msgspec.structs.replace(step, units=1) for step in steps]
    first: dict[date, Step] = {}
    for step in steps:
        first.setdefault(step.happened_on, msgspec.structs.replace(step, units=1))
    return list(first.values())


def _fill(needed: int, steps: Sequence[Step]) -> tuple[list[Completion], int]:
    """Completions by so many units each, and what is left over."""
    completions, reached = [], 0
    for step in steps:
        reached += step.units
        done = Completion(cause=step.cause, completed_at=step.happened_at)
        completions += [done] * (reached // needed)
        reached %= needed
    return completions, reached


def _runs(goal: Streak, steps: Sequence[Step]) -> tuple[list[Completion], int, int | None]:
    """Completions by so many periods in a row each, what the last run comes to beyond them, and its last period."""
    first: dict[int, Step] = {}
    for step in steps:
        first.setdefault(period_of(goal, step.happened_on), step)
    completions: list[Completion] = []
    run, last = 0, None
    for period in sorted(first):
        run = run + 1 if last == period - 1 else 1
        last = period
        if run == goal.length:
            step = first[period]
            completions.append(Completion(cause=step.cause, completed_at=step.happened_at))
            run, last = 0, period
    return completions, run, last
