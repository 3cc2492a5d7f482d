"""What a review changes of one member's standings."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

import msgspec

from loyalty.rules.ascents import Day, measured
from loyalty.rules.tiers import (
    Enrolled,
    Ladder,
    Measures,
    Standing,
    Step,
    counts_since,
    standings_after,
    step_held,
    steps_reached,
)

LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


class Reviewed(msgspec.Struct, frozen=True, kw_only=True):
    """Standings that begin or are prolonged, those that end now, and the steps that were not reached before."""

    changed: list[Standing] = []
    ended: list[Standing] = []
    reached: list[Step] = []
    before: str = ""


def review(
    ladder: Ladder,
    standings: Sequence[Standing],
    days: Mapping[date, Day],
    *,
    member: Enrolled,
    now: datetime,
    soon: datetime,
    lowers: bool,
) -> Reviewed:
    """Lift who reached more than they hold; let go on what ends before `soon` and is still reached at its end.

    Where a ladder begins that takes tiers back, end what is held above what was reached, or, where a fall is by one
    step, above the step below.

    :param standings: those that have not ended.
    """
    held = step_held(ladder, standings, now)
    measures = _at(ladder, days, now, member)
    is_lifted = held is not None and held in ladder.steps[: len(steps_reached(ladder, measures))]
    changed = standings_after(ladder, standings, measures, at=now, member=member) if is_lifted else []
    own = {each.tier_id for each in standings if each.from_at <= now and not each.is_given}
    begun = {each.tier_id for each in changed} - own
    ended: list[Standing] = []
    if lowers and not begun:
        kept, ended = _lowered(ladder, standings, measures, now, member)
        changed += kept
    for each in _ending(standings, now, soon):
        if each not in ended:
            then = _at(ladder, days, each.until_at, member)
            on = standings_after(ladder, [*standings, *changed], then, at=each.until_at, member=member)
            changed += [one for one in on if one.tier_id == each.tier_id and one.from_at == each.until_at]
    return Reviewed(
        changed=changed,
        ended=ended,
        reached=[step for step in ladder.steps if step.id in begun],
        before=held.code if held else "",
    )


def cut_short(
    ladder: Ladder,
    standings: Sequence[Standing],
    before: Mapping[date, Day],
    days: Mapping[date, Day],
    *,
    member: Enrolled,
    now: datetime,
) -> list[Standing]:
    """Standings that end earlier once something came back: those that the days carried to their end before, or that
    were reached and are no longer, until the end that what is kept still carries them to, or now.

    :param standings: those that have not ended.
    :param before: the days with what came back, `days` without it.
    """
    reached = [
        {step.id for step in steps_reached(ladder, _at(ladder, each, now, member))} for each in (before, days)
    ]
    lost = reached[0] - reached[1]
    steps = {step.id: step for step in ladder.steps[1:]}
    cut = []
    for each in standings:
        if each.is_given or each.from_at > now or each.tier_id not in steps:
            continue
        carried = [_carried(ladder, steps[each.tier_id], some, member) for some in (before, days)]
        if each.tier_id in lost or carried[0] >= each.until_at > carried[1]:
            cut.append(msgspec.structs.replace(each, until_at=max(now, min(carried[1], each.until_at))))
    return [each for each in cut if each not in standings]


def _carried(ladder: Ladder, step: Step, days: Mapping[date, Day], member: Enrolled) -> datetime:
    """Until when days with a purchase carry a step; long ago where none does."""
    ends = [LONG_AGO]
    for on in (on for on, day in days.items() if day.visits):
        at = datetime(on.year, on.month, on.day, 12, tzinfo=member.zone)
        by = standings_after(ladder, [], _at(ladder, days, at, member), at=at, member=member)
        ends += [each.until_at for each in by if each.tier_id == step.id]
    return max(ends)


def _at(ladder: Ladder, days: Mapping[date, Day], at: datetime, member: Enrolled) -> Measures:
    on = at.astimezone(member.zone).date()
    return measured(days, counts_since(ladder, on, member), on)


def _lowered(
    ladder: Ladder, standings: Sequence[Standing], measures: Measures, now: datetime, member: Enrolled
) -> tuple[list[Standing], list[Standing]]:
    """What is held from now on, and what ends."""
    own = [each for each in standings if not each.is_given and each.from_at <= now]
    rank = {step.id: at for at, step in enumerate(ladder.steps)}
    top = max((rank.get(each.tier_id, 0) for each in own), default=0)
    reached = len(steps_reached(ladder, measures))
    lands = max(reached, top - 1) if ladder.terms.falls == "one_step" else reached
    if lands >= top:
        return [], []
    ended = [msgspec.structs.replace(each, until_at=now) for each in own if rank.get(each.tier_id, 0) > lands]
    later = [each for each in standings if not each.is_given and each.from_at > now]
    ended += [
        msgspec.structs.replace(each, until_at=each.from_at)
        for each in later
        if rank.get(each.tier_id, 0) > lands
    ]
    kept = standings_after(ladder, own, _just(ladder, lands), at=now, member=member) if lands else []
    return kept, ended


def _just(ladder: Ladder, lands: int) -> Measures:
    """What just reaches a step."""
    step = ladder.steps[lands]
    visits = step.visits or 0
    return Measures(minor=step.threshold_minor or 0, points=step.points or 0, visits=visits, days=visits)


def _ending(standings: Sequence[Standing], now: datetime, soon: datetime) -> list[Standing]:
    begins = {(each.tier_id, each.from_at) for each in standings}
    return [
        each
        for each in standings
        if not each.is_given and now < each.until_at <= soon and (each.tier_id, each.until_at) not in begins
    ]
