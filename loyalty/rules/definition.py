"""What a rule or an offer can say: typed data, validated on entry, published as JSON Schema.

A rule holds when all its conditions hold (`loyalty.rules.conditions`). Its effect is counted over the lines in its
scope, by the amounts that its basis declares.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from loyalty.rules.conditions import (
    Birthday,
    Buys,
    ChannelIs,
    Condition,
    FirstPurchase,
    HasLabel,
    Hours,
    PaidBy,
    Period,
    PlaceIs,
    Recurs,
    Spends,
    TierIs,
    Weekdays,
)
from loyalty.rules.for_acts import ForAct, PropertyFrom, PropertyIs
from loyalty.rules.scope import Scope

__all__ = [
    "Basis",
    "BestOf",
    "Birthday",
    "Buys",
    "Cap",
    "ChannelIs",
    "Condition",
    "Effect",
    "FirstOf",
    "FirstPurchase",
    "FixedPoints",
    "ForAct",
    "HasLabel",
    "Hours",
    "Multiplier",
    "PaidBy",
    "PerItem",
    "PerStep",
    "Period",
    "PlaceIs",
    "PropertyFrom",
    "PropertyIs",
    "Proportional",
    "Recurs",
    "RuleDefinition",
    "Scope",
    "Spends",
    "TierIs",
    "Weekdays",
]

Points = Annotated[int, Meta(ge=1, le=1_000_000)]
Minor = Annotated[int, Meta(ge=1, le=10**12)]
GroupName = Annotated[str, Meta(min_length=1, max_length=60)]
Rounding = Literal["down", "half_up", "up"]


class Basis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which amounts count: without more said, the money paid for goods, tax included.

    :ivar before_discounts: the price before the till's discounts.
    :ivar without_tax: less the tax contained in it.
    :ivar with_shipping: lines of kind `shipping` count like goods.
    :ivar with_gift_cards: lines of kind `gift_card` count like goods.
    :ivar with_points: what points pay counts like money.
    """

    before_discounts: bool = False
    without_tax: bool = False
    with_shipping: bool = False
    with_gift_cards: bool = False
    with_points: bool = False


class PerStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="per_step"):
    """`points` for each *full* `step_minor` of the lines in scope; the rest of a step earns nothing."""

    points: Points
    step_minor: Minor
    scope: Scope = Scope()


class Proportional(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="proportional"):
    """`points` for `per_minor` of the lines in scope, and their part for a part of it, rounded once, as declared."""

    points: Points
    per_minor: Minor
    rounding: Rounding = "down"
    scope: Scope = Scope()


class Multiplier(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="multiplier"):
    """`percent` of what the basic rules give for the lines in scope: 300 is triple points.

    Only what comes on top of the basic points is awarded, rounded down. Multipliers add up, they do not multiply each
    other.
    """

    percent: Annotated[int, Meta(ge=101, le=10_000)]
    scope: Scope = Scope()


class FixedPoints(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="fixed"):
    """`points` once, when the lines in scope come to at least `minimum_minor`."""

    points: Points
    minimum_minor: Annotated[int, Meta(ge=0, le=10**12)] = 0
    scope: Scope = Scope()


class PerItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="per_item"):
    """`points` for each piece of the lines in scope."""

    points: Points
    scope: Scope = Scope()


Effect = PerStep | Proportional | Multiplier | FixedPoints | PerItem
Basic = PerStep | Proportional
"""What multipliers multiply."""


class BestOf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="best_of"):
    """Of the rules of this group that give something, only the one counts that gives most."""

    group: GroupName


class FirstOf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="first_of"):
    """Of the rules of this group that give something, only the one with the highest priority counts."""

    group: GroupName
    priority: Annotated[int, Meta(ge=0, le=1_000)] = 0


class Cap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The most that a rule gives: to each member in all, a month or a day, to all together a month or a day, or in all.

    So many points, points worth `minor` by what they pay, or so many `times` what a rule with fixed points gives. Days
    and months are those of the programme's timezone. What is taken back by a return can be given again.
    """

    per: Literal["member", "member_month", "member_day", "month", "day", "total"]
    points: Annotated[int, Meta(ge=1, le=10**12)] | None = None
    minor: Annotated[int, Meta(ge=1, le=10**12)] | None = None
    times: Annotated[int, Meta(ge=1, le=1_000_000)] | msgspec.UnsetType = msgspec.UNSET

    def __post_init__(self) -> None:
        said = [self.points is not None, self.minor is not None, self.times is not msgspec.UNSET]
        if sum(said) != 1:
            raise ValueError("Say the most in points, in money or in times.")


class RuleDefinition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule: when all conditions hold, the effect is awarded.

    :ivar act: about what members do beside buying; not told: about purchases.
    :ivar meets: how it meets other rules, basic ones among themselves and bonuses among themselves; None: they add up.
    :ivar when_short: what is given where a cap leaves less than the effect: a part of it, or none.
    """

    effect: Effect
    conditions: Annotated[list[Condition], Meta(max_length=20)] = []
    basis: Basis = Basis()
    meets: BestOf | FirstOf | None = None
    caps: Annotated[list[Cap], Meta(max_length=8)] = []
    when_short: Literal["part", "none"] = "part"
    act: ForAct | msgspec.UnsetType = msgspec.UNSET

    def __post_init__(self) -> None:
        is_fixed = isinstance(self.effect, FixedPoints)
        if not is_fixed and any(cap.times is not msgspec.UNSET for cap in self.caps):
            raise ValueError("Only fixed points are given so many times; say the most in points.")
        if self.act is msgspec.UNSET:
            return
        if not isinstance(self.effect, FixedPoints) or self.effect != FixedPoints(points=self.effect.points):
            raise ValueError("An act gives a fixed number of points: nothing is bought or paid.")
        if self.basis != Basis() or any(isinstance(each, OfPurchases) for each in self.conditions):
            raise ValueError("Nothing is bought or paid by an act: take away what asks for it.")


OfPurchases = FirstPurchase | ChannelIs | PaidBy | Spends | Buys
"""Conditions that make sense of purchases alone."""
