"""What a rule or an offer can say: typed data, validated on entry, published as JSON Schema.

A rule holds when all its conditions hold. Its effect is counted over the lines in its scope.
"""

from datetime import datetime, time
from typing import Annotated

import msgspec
from msgspec import Meta

Names = Annotated[list[str], Meta(min_length=1, max_length=200)]
Points = Annotated[int, Meta(ge=1, le=1_000_000)]
Minor = Annotated[int, Meta(ge=1, le=10**12)]


class Scope(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which lines count: those that fit every list that is not empty. An empty scope means all lines."""

    categories: list[str] = []
    departments: list[str] = []
    brands: list[str] = []
    skus: list[str] = []


class TierIs(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="tier_is"):
    """The member stands on one of these tiers at the moment of the purchase."""

    tiers: Names


class PlaceIs(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="place_is"):
    """Bought in one of these stores or web shops (codes)."""

    places: Names


class Period(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="period"):
    """Bought at `starts_at` or later and before `ends_at`."""

    starts_at: datetime
    ends_at: datetime


class Weekdays(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="weekdays"):
    """Bought on one of these days, 1 Monday to 7 Sunday, in the programme's timezone."""

    days: Annotated[list[Annotated[int, Meta(ge=1, le=7)]], Meta(min_length=1, max_length=7)]


class Hours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="hours"):
    """Bought at `starts` or later and before `ends`, wall time of the programme's timezone; may cross midnight."""

    starts: time
    ends: time


Condition = TierIs | PlaceIs | Period | Weekdays | Hours


class PerStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="per_step"):
    """`points` for each *full* `step_minor` paid; the rest of a step earns nothing."""

    points: Points
    step_minor: Minor


class Multiplier(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="multiplier"):
    """`percent` of what the basic rules give for the lines in scope: 300 is triple points.

    Only what comes on top of the basic points is awarded, rounded down. Multipliers add up, they do not multiply each
    other.
    """

    percent: Annotated[int, Meta(ge=101, le=10_000)]
    scope: Scope = Scope()


class FixedPoints(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="fixed"):
    """`points` once, when at least `minimum_minor` was paid for the lines in scope."""

    points: Points
    minimum_minor: Annotated[int, Meta(ge=0, le=10**12)] = 0
    scope: Scope = Scope()


Effect = PerStep | Multiplier | FixedPoints


class RuleDefinition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule: when all conditions hold, the effect is awarded."""

    effect: Effect
    conditions: Annotated[list[Condition], Meta(max_length=20)] = []
