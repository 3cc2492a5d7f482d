"""What a rule says, in words that a marketer would use; and what a new version says differently."""

import dataclasses
from collections.abc import Mapping
from datetime import UTC, tzinfo
from types import MappingProxyType

from msgspec.structs import replace

from config.ground.amounts import money
from config.ground.words import counted, either, listed, times
from loyalty.rules.condition_words import (
    EVERYTHING_SAID,
    FACETS,
    NAMED,
    Manner,
    words_of_condition,
    words_of_scope,
)
from loyalty.rules.definition import (
    Basis,
    BestOf,
    Cap,
    Condition,
    Effect,
    FirstOf,
    FixedPoints,
    ForAct,
    HasLabel,
    Multiplier,
    PerItem,
    PerStep,
    PlaceIs,
    PropertyFrom,
    PropertyIs,
    Proportional,
    RuleDefinition,
    TierIs,
)
from loyalty.rules.lots import Expiry


def sentence_of(
    definition: RuleDefinition, currency: str, *, zone: tzinfo = UTC, names_segments: bool = True
) -> str:
    """One sentence that says when the rule gives what.

    Triple points on category TEA, for members on silver or gold, on Saturday or Sunday.

    :param zone: the programme's; moments of a period are told in it.
    :param names_segments: for colleagues alone.
    """
    facets = facets_of(definition, Manner(currency=currency, zone=zone, names_segments=names_segments))
    given = facets.pop("Gives")
    on = facets.pop("On")
    parts = [given if on == EVERYTHING_SAID else f"{given} on {on}", *facets.values()]
    sentence = ", ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}."


def with_names(
    definition: RuleDefinition,
    *,
    tiers: Mapping[str, str],
    places: Mapping[str, str],
    labels: Mapping[str, str] = MappingProxyType({}),
    acts: Mapping[str, str] = MappingProxyType({}),
) -> RuleDefinition:
    """The definition with names in place of codes of tiers, places, labels and acts, to be said and not to be kept."""

    def named(condition: Condition) -> Condition:
        match condition:
            case TierIs(tiers=codes):
                return replace(condition, tiers=[tiers.get(code, code) for code in codes])
            case PlaceIs(places=codes):
                return replace(condition, places=[places.get(code, code) for code in codes])
            case HasLabel(labels=codes):
                return replace(condition, labels=[labels.get(code, code) for code in codes])
            case _:
                return condition

    act = definition.act
    if isinstance(act, ForAct):
        act = replace(act, type=acts.get(act.type, act.type))
    return replace(definition, act=act, conditions=[named(condition) for condition in definition.conditions])


def changes_between(
    old: RuleDefinition, new: RuleDefinition, currency: str, *, zone: tzinfo = UTC
) -> list[str]:
    """What the new version says differently, a line for each facet; empty if both say the same."""
    manner = Manner(currency=currency, zone=zone)
    before, after = facets_of(old, manner), facets_of(new, manner)
    names = dict.fromkeys([*before, *after])
    return [
        f"{name}: {before.get(name, 'any')} → {after.get(name, 'any')}"
        for name in names
        if before.get(name) != after.get(name)
    ]


def facets_of(definition: RuleDefinition, manner: Manner) -> dict[str, str]:
    """The rule in pieces: what it gives, on what, by which amounts, and each kind of condition that it sets."""
    currency = manner.currency
    facets = {
        "Gives": given_by(definition.effect, currency),
        "On": words_of_scope(definition.effect.scope),
    }
    if isinstance(definition.act, ForAct):
        facets["For the act"] = words_of_act(definition.act)
        if definition.act.where:
            facets["Where"] = "where " + " and ".join(words_of_property(one) for one in definition.act.where)
        manner = dataclasses.replace(manner, happened="done")
    if words := words_of_basis(definition.basis):
        facets["Counted"] = words
    if definition.meets is not None:
        facets["Beside others"] = words_of_meeting(definition.meets)
    if definition.caps:
        else_none = ", and nothing where less is left" if definition.when_short == "none" else ""
        facets["At most"] = listed([words_of_cap(cap, currency) for cap in definition.caps]) + else_none
    for condition in definition.conditions:
        name, words = FACETS[type(condition)], words_of_condition(condition, manner)
        facets[name] = f"{facets[name]}, and {words}" if name in facets else words
    return facets


def sentence_of_terms(
    *,
    currency: str,
    burn_points: int,
    burn_minor: int,
    maturity_days: int,
    expiry: Expiry,
    welcome_points: int,
    when_spent: str,
    proof_above: int | None,
    transfer_points_a_day: int | None,
) -> str:
    """A programme's terms in words.

    10 points pay 0.01 USD; they can be spent at once and live 365 days; no welcome points; a return whose points are
    spent takes back what is left; more than 5,000 points are spent with proof.

    :param when_spent: what becomes of a return whose points are spent already: clamp, debt or refuse.
    :param proof_above: None: proof is never asked.
    :param transfer_points_a_day: None: members give away as many as they have; 0: none.
    """
    matures = f"after {maturity_days} days" if maturity_days else "at once"
    welcome = f"{welcome_points:,}" if welcome_points else "no"
    paid = money(burn_minor, currency)
    given = "; members give each other points" if transfer_points_a_day is None else ""
    if transfer_points_a_day:
        given = f"; members give each other at most {transfer_points_a_day:,} points a day"
    proof = f"; more than {proof_above:,} points are spent with proof" if proof_above is not None else ""
    return (
        f"{burn_points} points pay {paid}; they can be spent {matures} and {words_of_expiry(expiry)}; "
        f"{welcome} welcome points; a return whose points are spent {_RETURNS[when_spent]}{proof}{given}."
    )


def words_of_expiry(expiry: Expiry) -> str:
    """How long points live, e.g. `live 365 days`."""
    if expiry.kind == "date" and expiry.on is not None:
        return f"expire after {expiry.on.day} {expiry.on:%B} each year, first in {expiry.on.year}"
    if expiry.days is None:
        return "never expire"
    match expiry.kind:
        case "inactivity":
            return f"expire {expiry.days} days after {_ACTIVITY[expiry.kept_alive_by]}"
        case "month" | "quarter" | "year" if expiry.days == 0:
            return f"live to the end of the {expiry.kind} they are earned in"
        case "month" | "quarter" | "year":
            return f"live {expiry.days} days and to the end of that {expiry.kind}"
        case _:
            return f"live {expiry.days} days"


_ACTIVITY = {
    "purchase": "the last purchase",
    "earn": "the last purchase that earned points",
    "spend": "the last purchase that spent points",
    "points": "the last purchase that earned or spent points",
}
_RETURNS = {
    "clamp": "takes back what is left",
    "debt": "takes back what is left, and the rest is owed",
    "refuse": "is refused",
}

_ROUNDED = {"down": "down", "half_up": "to the nearest", "up": "up"}


def given_by(effect: Effect, currency: str) -> str:
    """What the effect awards, e.g. `triple points`."""
    match effect:
        case PerStep(points=points, step_minor=step_minor):
            return f"{points_words(points)} for each full {money(step_minor, currency)} paid"
        case Proportional(points=points, per_minor=per_minor, rounding=rounding):
            return (
                f"{points_words(points)} for {money(per_minor, currency)} paid, in proportion, "
                f"rounded {_ROUNDED[rounding]}"
            )
        case Multiplier(percent=percent):
            return f"{times(percent)} points"
        case PerItem(points=points):
            return f"{points_words(points)} for each piece"
        case FixedPoints(points=points, minimum_minor=0):
            return points_words(points)
        case FixedPoints(points=points, minimum_minor=minimum):
            return f"{points_words(points)} from {money(minimum, currency)} paid"


def words_of_act(act: ForAct) -> str:
    """For which acts, and how often they count: `for review, once for each member and product`."""
    match act.once_per:
        case "act":
            return f"for each {act.type}"
        case "member":
            return f"for {act.type}, once for each member"
        case "member_day":
            return f"for {act.type}, once for each member a day"
        case "value":
            return f"for {act.type}, once for each member and {act.of}"


def words_of_property(asked: PropertyIs | PropertyFrom) -> str:
    """What a property of an act must say: `rating is 4 or 5`, `letters is 200 or more`."""
    if isinstance(asked, PropertyFrom):
        return f"{asked.property} is {asked.at_least:,} or more"
    return f"{asked.property} is {either(asked.values, named=NAMED)}"


def words_of_meeting(meets: BestOf | FirstOf) -> str:
    """How a rule meets others."""
    if isinstance(meets, BestOf):
        return f"if no other of {meets.group} gives more"
    return f"if no other of {meets.group} goes first (priority {meets.priority})"


_PER = {
    "member": "for each member",
    "member_month": "for each member a month",
    "member_day": "for each member a day",
    "month": "a month",
    "day": "a day",
    "total": "in all",
}


def words_of_cap(cap: Cap, currency: str) -> str:
    """The most that a rule gives, e.g. `at most 500 points a day`, `at most 3 times for each member a month`."""
    if isinstance(cap.times, int):
        return f"at most {counted(cap.times, 'time')} {_PER[cap.per]}"
    most = (
        f"points worth {money(cap.minor or 0, currency)}" if cap.points is None else points_words(cap.points)
    )
    return f"at most {most} {_PER[cap.per]}"


def points_words(points: int) -> str:
    """So many points: `1 point`, `50 points`."""
    return counted(points, "point")


def words_of_basis(basis: Basis) -> str:
    """What is counted otherwise than usual; empty for what is paid in money, tax included, for goods."""
    lines = ["shipping"] * basis.with_shipping + ["gift cards"] * basis.with_gift_cards
    amounts = (
        ["before discounts"] * basis.before_discounts
        + ["without tax"] * basis.without_tax
        + ([f"with {listed(lines)}"] if lines else [])
        + ["with what points pay"] * basis.with_points
    )
    return f"counted {listed(amounts)}" if amounts else ""
