"""How rules meet: what caps and budgets leave of an award, and which rules of a group are left out."""

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from config.ground.words import counted
from loyalty.rules.awards import Award, Given, NotApplied, not_applied
from loyalty.rules.basket import Limit, Use
from loyalty.rules.compile import LiveRule, Terms
from loyalty.rules.definition import BestOf, Cap, Effect, FirstOf, FixedPoints, RuleDefinition
from loyalty.rules.holding import Unmet
from loyalty.rules.words import cut_by_cap, words_of_cap

Won = tuple[LiveRule, Award]
"""A rule and what it gives."""


def bucket_of(cap: Cap, day: date) -> str:
    """Where a cap's points are counted: on a day, in a month, or in all."""
    if cap.per in ("day", "member_day"):
        return day.isoformat()
    return month_of(day) if cap.per in ("month", "member_month") else ""


def shared_counters(rules: Iterable[LiveRule], day: date) -> set[tuple[str, str]]:
    """What rules with caps count of all members together on a day: (rule code, bucket)."""
    return {
        (rule.code, bucket_of(cap, day))
        for rule in rules
        for cap in rule.definition.caps
        if not cap.per.startswith("member")
    }


def month_of(day: date) -> str:
    """The counter of a day's month: `2026-11`."""
    return day.isoformat()[:7]


def points_of(cap: Cap, effect: Effect, terms: Terms) -> int:
    """How many points a cap leaves; money is counted by what points pay, rounded down."""
    if isinstance(cap.times, int):
        return cap.times * (effect.points if isinstance(effect, FixedPoints) else 0)
    if cap.points is not None:
        return cap.points
    return (cap.minor or 0) * terms.burn_points // terms.burn_minor


def limits_of(definition: RuleDefinition, day: date, terms: Terms) -> list[Limit]:
    """The counters that an award of this day is counted in, each with the least that any cap leaves."""
    limits: dict[tuple[str, bool], int] = {}
    for cap in definition.caps:
        counter = bucket_of(cap, day), cap.per.startswith("member")
        most = points_of(cap, definition.effect, terms)
        limits[counter] = min(most, limits.get(counter, most))
    return [Limit(bucket=bucket, of_member=mine, most=most) for (bucket, mine), most in limits.items()]


def within_caps(
    rule: LiveRule, given: Given, used: Sequence[Use], day: date, terms: Terms
) -> tuple[Given | None, Unmet | None]:
    """What the caps of a rule leave of what it gives, None for nothing; and what they took, None for nothing.

    :param used: what was counted so far.
    """
    limits = limits_of(rule.definition, day, terms)
    counted_so_far = {(use.bucket, use.of_member): use.points for use in used if use.rule == rule.code}
    left = min(limit.most - counted_so_far.get((limit.bucket, limit.of_member), 0) for limit in limits)
    if left >= given.points:
        return msgspec.structs.replace(given, limits=limits), None
    left = max(left, 0)
    if rule.definition.when_short == "none":
        left = 0
    caps = " and ".join(words_of_cap(cap, terms.currency) for cap in rule.definition.caps)
    missing = given.points - left
    unmet = Unmet("cap_reached", f"{counted(left, 'point')} of {given.points}: {caps}.", missing)
    because = cut_by_cap(given.because, left)
    return (
        msgspec.structs.replace(given, points=left, because=because, limits=limits) if left else None
    ), unmet


def settle_groups(won: Sequence[Won]) -> tuple[list[Won], dict[int, NotApplied]]:
    """The awards that stay where rules of a group meet, in their order; and why others do not, by the rule's order."""
    groups: dict[BestOf | FirstOf, list[Won]] = {}
    for each in won:
        meets = each[0].definition.meets
        if meets is not None:
            groups.setdefault(_group(meets), []).append(each)
    lost: dict[int, NotApplied] = {}
    for group, rivals in groups.items():
        winner, _ = min(rivals, key=_rank)
        for rule, _ in rivals:
            if rule is not winner:
                lost[rule.order] = not_applied(rule, _why(group, winner))
    return [each for each in won if each[0].order not in lost], lost


def _group(meets: BestOf | FirstOf) -> BestOf | FirstOf:
    return msgspec.structs.replace(meets, priority=0) if isinstance(meets, FirstOf) else meets


def _rank(each: Won) -> tuple[int, int]:
    """The least goes first: the most points, or the highest priority; of equals the one that comes first by code."""
    rule, award = each
    meets = rule.definition.meets
    return (-meets.priority if isinstance(meets, FirstOf) else -award.points), rule.order


def _why(group: BestOf | FirstOf, winner: LiveRule) -> Unmet:
    if isinstance(group, BestOf):
        return Unmet("not_the_best", f"{winner.name} gives more, and of {group.group} only the best counts.")
    return Unmet("others_go_first", f"{winner.name} goes first in {group.group}, and leaves the others out.")
