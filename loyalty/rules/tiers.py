"""Tiers: how far a member is up the ladder, and until when. What qualifies is one thing, what can be spent another."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec

from loyalty.rules.ladders import LadderDefinition, LadderTerms, held_until, window_starts_on


class Benefit(msgspec.Struct, frozen=True, kw_only=True):
    """What a tier brings beside points: the member has it from reaching the tier for `valid_days` days.

    :ivar is_counted: whether it can be used so often and no more.
    """

    id: int
    valid_days: int
    is_counted: bool = True


class Measures(msgspec.Struct, frozen=True, kw_only=True):
    """What counts towards tiers.

    :ivar minor: spend in minor units.
    :ivar points: earned by purchases and acts.
    :ivar visits: purchases; `days`: days with one.
    """

    minor: int = 0
    points: int = 0
    visits: int = 0
    days: int = 0

    def and_(self, more: "Measures") -> "Measures":
        """Both together."""
        return Measures(
            minor=self.minor + more.minor,
            points=self.points + more.points,
            visits=self.visits + more.visits,
            days=self.days + more.days,
        )


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A tier of the ladder; what it asks for is said by `loyalty.rules.ladders.Demand`."""

    id: int
    code: str
    name: str
    threshold_minor: int | None = None
    points: int | None = None
    visits: int | None = None
    needs_all: bool = False
    benefits: list[Benefit] = []


class Ladder(msgspec.Struct, frozen=True, kw_only=True):
    """The steps, the lowest first, and how they are reached and kept, from a moment on."""

    steps: tuple[Step, ...] = ()
    terms: LadderTerms = LadderTerms()
    live_from: datetime | None = None

    @property
    def lowest(self) -> str:
        """The code of the step that everybody stands on; "" where there is none."""
        return self.steps[0].code if self.steps else ""


def compile_ladder(
    definition: LadderDefinition, steps: Mapping[str, Step], live_from: datetime | None = None
) -> Ladder:
    """The ladder as it is climbed.

    :param steps: by code: what else is known of them.
    """
    return Ladder(
        steps=tuple(
            msgspec.structs.replace(
                steps[asked.tier],
                threshold_minor=asked.threshold_minor,
                points=asked.points,
                visits=asked.visits,
                needs_all=asked.needs == "all",
            )
            for asked in definition.steps
        ),
        terms=definition.terms,
        live_from=live_from,
    )


def ladder_at(ladders: Sequence[Ladder], at: datetime) -> Ladder:
    """The ladder of a moment: the last one that has begun; one without steps where there is none."""
    live = [ladder for ladder in ladders if ladder.live_from is None or ladder.live_from <= at]
    return live[-1] if live else Ladder()


class Enrolled(msgspec.Struct, frozen=True):
    """Where and since when a member's days are counted: the programme's zone, and the day of enrolment."""

    zone: ZoneInfo
    on: date


def is_reached(step: Step, measures: Measures, terms: LadderTerms) -> bool:
    """Whether what counts reaches a step above the lowest. Exactly what is asked for reaches it."""
    visits = measures.days if terms.visits == "days" else measures.visits
    asked = ((step.threshold_minor, measures.minor), (step.points, measures.points), (step.visits, visits))
    met = [has >= least for least, has in asked if least is not None]
    return bool(met) and (all(met) if step.needs_all else any(met))


def steps_reached(ladder: Ladder, measures: Measures) -> list[Step]:
    """The steps above the lowest up to the highest one that is reached, lowest first."""
    reached = [at for at, step in enumerate(ladder.steps) if at and is_reached(step, measures, ladder.terms)]
    return list(ladder.steps[1 : reached[-1] + 1]) if reached else []


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A tier held from one moment until another.

    :ivar is_given: by a colleague or the household, whatever the member reached.
    """

    tier_id: int
    from_at: datetime
    until_at: datetime
    is_given: bool = False


def step_held(ladder: Ladder, standings: Sequence[Standing], at: datetime) -> Step | None:
    """The highest step held at a moment; the lowest of the ladder if none is; None without a ladder."""
    held = {standing.tier_id for standing in standings if standing.from_at <= at < standing.until_at}
    lowest = ladder.steps[0] if ladder.steps else None
    return next((step for step in reversed(ladder.steps) if step.id in held), lowest)


def standings_after(
    ladder: Ladder, standings: Sequence[Standing], measures: Measures, *, at: datetime, member: Enrolled
) -> list[Standing]:
    """The standings that a purchase begins or prolongs, lowest tier first; what it leaves as it was stays out.

    Every tier reached is held as long as the ladder says from the moment of the purchase, and where a fall is by one
    step, each one below so much longer. Standings of one tier never overlap: where a later one begins, which lasts
    longer, this one ends.

    :param standings: what the member holds at the moment of the purchase or later.
    :param measures: what counts in the window, this purchase included.
    """
    reached = steps_reached(ladder, measures)
    changed = []
    for position, step in enumerate(reached):
        below = len(reached) - 1 - position if ladder.terms.falls == "one_step" else 0
        own = [each for each in standings if each.tier_id == step.id and not each.is_given]
        held = next((each for each in own if each.from_at <= at < each.until_at), None)
        end = held_until(ladder.terms, at, member.zone, member.on, terms_more=below)
        until_at = min([end, *(each.from_at for each in own if each.from_at > at)])
        if held is None or held.until_at < until_at:
            from_at = held.from_at if held else at
            changed.append(Standing(tier_id=step.id, from_at=from_at, until_at=until_at))
    return changed


def next_threshold(ladder: Ladder, measures: Measures) -> int | None:
    """The smallest spend that reaches a further step, None at the top; 0 where other things than spend count too."""
    further = [step for step in ladder.steps[1:] if not is_reached(step, measures, ladder.terms)]
    if any(step.threshold_minor is None or step.points or step.visits for step in further):
        return 0
    return min((step.threshold_minor or 0 for step in further), default=None)


def counts_since(ladder: Ladder, day: date, member: Enrolled) -> date:
    """The first day that still counts on `day`."""
    return window_starts_on(ladder.terms.window, day, member.on)
