"""What a rule says, in words that a marketer would use; and what a new version says differently."""

from collections.abc import Mapping
from datetime import UTC, tzinfo

from msgspec.structs import replace

from config.ground.amounts import money
from config.ground.moments import moment
from config.ground.words import either, times
from loyalty.rules.definition import (
    Condition,
    Effect,
    FixedPoints,
    Hours,
    Multiplier,
    Period,
    PerStep,
    PlaceIs,
    RuleDefinition,
    Scope,
    TierIs,
    Weekdays,
)

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
"""1 is Monday, as ISO 8601 counts."""

NAMED = 4
"""So many names are written out; of more, the rest are counted."""

_EVERYTHING = "everything"


def sentence_of(definition: RuleDefinition, currency: str, *, zone: tzinfo = UTC) -> str:
    """One sentence that says when the rule gives what.

    Triple points on category TEA, for members on silver or gold, on Saturday or Sunday.

    :param zone: the programme's; moments of a period are told in it.
    """
    facets = facets_of(definition, currency, zone=zone)
    given = facets.pop("Gives")
    on = facets.pop("On")
    parts = [given if on == _EVERYTHING else f"{given} on {on}", *facets.values()]
    sentence = ", ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}."


def with_names(
    definition: RuleDefinition, *, tiers: Mapping[str, str], places: Mapping[str, str]
) -> RuleDefinition:
    """The definition with names in place of codes of tiers and places, to be said and not to be kept."""

    def named(condition: Condition) -> Condition:
        match condition:
            case TierIs(tiers=codes):
                return replace(condition, tiers=[tiers.get(code, code) for code in codes])
            case PlaceIs(places=codes):
                return replace(condition, places=[places.get(code, code) for code in codes])
            case _:
                return condition

    return replace(definition, conditions=[named(condition) for condition in definition.conditions])


def changes_between(
    old: RuleDefinition, new: RuleDefinition, currency: str, *, zone: tzinfo = UTC
) -> list[str]:
    """What the new version says differently, a line for each facet; empty if both say the same."""
    before = facets_of(old, currency, zone=zone)
    after = facets_of(new, currency, zone=zone)
    names = dict.fromkeys([*before, *after])
    return [
        f"{name}: {before.get(name, 'any')} → {after.get(name, 'any')}"
        for name in names
        if before.get(name) != after.get(name)
    ]


def facets_of(definition: RuleDefinition, currency: str, *, zone: tzinfo = UTC) -> dict[str, str]:
    """The rule in pieces: what it gives, on what, and each kind of condition that it sets."""
    scope = Scope() if isinstance(definition.effect, PerStep) else definition.effect.scope
    facets = {"Gives": given_by(definition.effect, currency), "On": words_of_scope(scope)}
    for condition in definition.conditions:
        name, words = _FACETS[type(condition)], words_of_condition(condition, zone)
        facets[name] = f"{facets[name]}, and {words}" if name in facets else words
    return facets


def sentence_of_terms(
    *,
    currency: str,
    burn_points: int,
    burn_minor: int,
    maturity_days: int,
    expiry_days: int | None,
    welcome_points: int,
    when_spent: str,
    proof_above: int | None,
) -> str:
    """A programme's terms in words.

    10 points pay 0.01 USD; they can be spent at once and live 365 days; no welcome points; a return whose points are
    spent takes back what is left; more than 5,000 points are spent with proof.

    :param when_spent: what becomes of a return whose points are spent already: clamp, debt or refuse.
    :param proof_above: None: proof is never asked.
    """
    matures = f"after {maturity_days} days" if maturity_days else "at once"
    lives = f"live {expiry_days} days" if expiry_days is not None else "never expire"
    welcome = f"{welcome_points:,}" if welcome_points else "no"
    paid = money(burn_minor, currency)
    proof = f"; more than {proof_above:,} points are spent with proof" if proof_above is not None else ""
    return (
        f"{burn_points} points pay {paid}; they can be spent {matures} and {lives}; {welcome} welcome points; "
        f"a return whose points are spent {_RETURNS[when_spent]}{proof}."
    )


_RETURNS = {
    "clamp": "takes back what is left",
    "debt": "takes back what is left, and the rest is owed",
    "refuse": "is refused",
}


def given_by(effect: Effect, currency: str) -> str:
    """What the effect awards, e.g. `triple points`."""
    match effect:
        case PerStep(points=points, step_minor=step_minor):
            return f"{points} points for each full {money(step_minor, currency)} paid"
        case Multiplier(percent=percent):
            return f"{times(percent)} points"
        case FixedPoints(points=points, minimum_minor=0):
            return f"{points} points"
        case FixedPoints(points=points, minimum_minor=minimum):
            return f"{points} points from {money(minimum, currency)} paid"


def words_of_scope(scope: Scope) -> str:
    """Which lines count."""
    lists = (
        ("product", scope.skus),
        ("category", scope.categories),
        ("department", scope.departments),
        ("brand", scope.brands),
    )
    return (
        " and ".join(f"{kind} {either(names, named=NAMED)}" for kind, names in lists if names) or _EVERYTHING
    )


def words_of_condition(condition: Condition, zone: tzinfo = UTC) -> str:
    """When the condition holds."""
    match condition:
        case TierIs(tiers=tiers):
            return f"for members on {either(tiers, named=NAMED)}"
        case PlaceIs(places=places):
            return f"in {either(places, named=NAMED)}"
        case Period(starts_at=starts_at, ends_at=ends_at):
            return f"bought from {moment(starts_at, zone)} until {moment(ends_at, zone)}"
        case Weekdays(days=days):
            return f"on {either([DAYS[day - 1] for day in sorted(set(days))])}"
        case Hours(starts=starts, ends=ends):
            return f"between {starts:%H:%M} and {ends:%H:%M}"


_FACETS: dict[type[Condition], str] = {
    TierIs: "For",
    PlaceIs: "Where",
    Period: "When",
    Weekdays: "Days",
    Hours: "Hours",
}
