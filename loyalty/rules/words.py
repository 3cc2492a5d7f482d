"""What a rule says, in words that a marketer would use; and what a new version says differently."""

import dataclasses
from collections.abc import Mapping
from datetime import UTC, tzinfo
from types import MappingProxyType

from msgspec.structs import replace

from config.ground.amounts import money
from config.ground.tongues import said
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
    if on != said(EVERYTHING_SAID):
        given = said("{given} on {goods}", given=given, goods=on)
    sentence = said(", ").join([given, *facets.values()])
    return said("{sentence}.", sentence=f"{sentence[0].upper()}{sentence[1:]}")


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
            properties = said(" and ").join(words_of_property(one) for one in definition.act.where)
            facets["Where"] = said("where {properties}", properties=properties)
        manner = dataclasses.replace(manner, happened="done")
    if words := words_of_basis(definition.basis):
        facets["Counted"] = words
    if definition.meets is not None:
        facets["Beside others"] = words_of_meeting(definition.meets)
    if definition.caps:
        else_none = said(", and nothing where less is left") if definition.when_short == "none" else ""
        facets["At most"] = listed([words_of_cap(cap, currency) for cap in definition.caps]) + else_none
    for condition in definition.conditions:
        name, words = FACETS[type(condition)], words_of_condition(condition, manner)
        facets[name] = (
            said("{first}, and {second}", first=facets[name], second=words) if name in facets else words
        )
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
    households_share: bool,
    households_share_tier: bool,
) -> str:
    """A programme's terms in words.

    10 points pay 0.01 USD; they can be spent at once and live 365 days; no welcome points; a return whose points are
    spent takes back what is left; more than 5,000 points are spent with proof.

    :param when_spent: what becomes of a return whose points are spent already: clamp, debt or refuse.
    :param proof_above: None: proof is never asked.
    :param transfer_points_a_day: None: members give away as many as they have; 0: none.
    :param households_share: who spends more than their own draws on the others of their household.
    :param households_share_tier: everybody of a household stands on the highest tier that one of them stands on.
    """
    matures = f"after {maturity_days} days" if maturity_days else "at once"
    welcome = f"{welcome_points:,}" if welcome_points else "no"
    paid = money(burn_minor, currency)
    given = "; members give each other points" if transfer_points_a_day is None else ""
    if transfer_points_a_day:
        given = f"; members give each other at most {transfer_points_a_day:,} points a day"
    given += "" if households_share else "; households share none"
    given += "; households share the tier" if households_share_tier else ""
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

_ROUNDED = {"down": "rounded down", "half_up": "rounded to the nearest", "up": "rounded up"}


def given_by(effect: Effect, currency: str) -> str:
    """What the effect awards, e.g. `triple points`."""
    match effect:
        case PerStep(points=points, step_minor=step_minor):
            paid = money(step_minor, currency)
            return said("{points} for each full {paid} paid", points=points_words(points), paid=paid)
        case Proportional(points=points, per_minor=per_minor, rounding=rounding):
            return said(
                "{points} for {paid} paid, in proportion, {rounded}",
                points=points_words(points),
                paid=money(per_minor, currency),
                rounded=said(_ROUNDED[rounding]),
            )
        case Multiplier(percent=percent):
            return said("{times} points", times=times(percent))
        case PerItem(points=points):
            return said("{points} for each piece", points=points_words(points))
        case FixedPoints(points=points, minimum_minor=0):
            return points_words(points)
        case FixedPoints(points=points, minimum_minor=minimum):
            return said(
                "{points} from {paid} paid", points=points_words(points), paid=money(minimum, currency)
            )


def words_of_act(act: ForAct) -> str:
    """For which acts, and how often they count: `for review, once for each member and product`."""
    match act.once_per:
        case "act":
            return said("for each {act}", act=act.type)
        case "member":
            return said("for {act}, once for each member", act=act.type)
        case "member_day":
            return said("for {act}, once for each member a day", act=act.type)
        case "value":
            return said("for {act}, once for each member and {property}", act=act.type, property=act.of)


def words_of_property(asked: PropertyIs | PropertyFrom) -> str:
    """What a property of an act must say: `rating is 4 or 5`, `letters is 200 or more`."""
    if isinstance(asked, PropertyFrom):
        return said("{property} is {number} or more", property=asked.property, number=f"{asked.at_least:,}")
    return said("{property} is {values}", property=asked.property, values=either(asked.values, named=NAMED))


def words_of_meeting(meets: BestOf | FirstOf) -> str:
    """How a rule meets others."""
    if isinstance(meets, BestOf):
        return said("if no other of {group} gives more", group=meets.group)
    return said(
        "if no other of {group} goes first (priority {priority})", group=meets.group, priority=meets.priority
    )


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
        most = counted(cap.times, "time")
    elif cap.points is None:
        most = said("points worth {amount}", amount=money(cap.minor or 0, currency))
    else:
        most = points_words(cap.points)
    return said("at most {most} {per}", most=most, per=said(_PER[cap.per]))


def cut_by_cap(because: str, left: int) -> str:
    """What something gives, and how many of its points its cap leaves."""
    return said("{because}; its cap lets {left} of them count", because=because, left=f"{left:,}")


def points_words(points: int) -> str:
    """So many points: `1 point`, `50 points`."""
    return counted(points, "point")


def words_of_basis(basis: Basis) -> str:
    """What is counted otherwise than usual; empty for what is paid in money, tax included, for goods."""
    lines = [said("shipping")] * basis.with_shipping + [said("gift cards")] * basis.with_gift_cards
    amounts = (
        [said("before discounts")] * basis.before_discounts
        + [said("without tax")] * basis.without_tax
        + ([said("with {lines}", lines=listed(lines))] if lines else [])
        + [said("with what points pay")] * basis.with_points
    )
    return said("counted {amounts}", amounts=listed(amounts)) if amounts else ""
