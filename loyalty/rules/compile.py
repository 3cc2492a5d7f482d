"""A programme's rules, compiled once per stamp into closures and indexed by what they ask for.

The index keeps a basket's cost flat in the number of rules: only those are looked at whose most selective demand (a
product, brand, category, department, tier or place) the purchase can meet.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from loyalty.rules.basket import Basket, Line
from loyalty.rules.definition import (
    Condition,
    Effect,
    Hours,
    Period,
    PerStep,
    PlaceIs,
    RuleDefinition,
    Scope,
    TierIs,
    Weekdays,
)
from loyalty.rules.tiers import Step


@dataclass(frozen=True, slots=True)
class Terms:
    """What a programme declares: zone, currency, what points pay, when they mature and expire."""

    programme_id: int
    programme_code: str
    currency: str
    zone: ZoneInfo
    burn_points: int
    burn_minor: int
    maturity_days: int
    expiry_days: int | None
    welcome_points: int = 0
    proof_above: int | None = None


@dataclass(frozen=True, slots=True)
class Occasion:
    """When and where a purchase is made, and on which tier the member stands."""

    tier_code: str
    place_code: str
    at: datetime
    local: datetime


Test = Callable[[Occasion], bool]


@dataclass(frozen=True, slots=True)
class LiveRule:
    """A rule version ready to be asked. `order` keeps the answers in a fixed order."""

    order: int
    version_id: int
    code: str
    name: str
    version: int
    effect: Effect
    live_from: datetime
    live_until: datetime | None
    tests: tuple[Test, ...]

    def holds(self, occasion: Occasion) -> bool:
        """Whether the version is live at that moment and all its conditions hold."""
        if occasion.at < self.live_from or (self.live_until is not None and occasion.at >= self.live_until):
            return False
        return all(test(occasion) for test in self.tests)


@dataclass(frozen=True)
class Programme:
    """Everything a settlement needs to know of a programme, at one stamp."""

    stamp: int
    terms: Terms
    ladder: tuple[Step, ...]
    basics: tuple[LiveRule, ...]
    always: tuple[LiveRule, ...]
    by_demand: dict[tuple[str, str], tuple[LiveRule, ...]] = field(repr=False)

    def candidates(self, basket: Basket, tier_code: str) -> list[LiveRule]:
        """The bonus rules whose most selective demand this purchase can meet, in their fixed order."""
        if not self.by_demand:
            return list(self.always)
        demands = {("tier", tier_code), ("place", basket.place_code)}
        for line in basket.lines:
            demands.update(_offers_of(line))
        met = [rule for demand in demands for rule in self.by_demand.get(demand, ())]
        if not met:
            return list(self.always)
        unique = {rule.order: rule for rule in met} | {rule.order: rule for rule in self.always}
        return [unique[order] for order in sorted(unique)]


def compile_programme(
    *,
    stamp: int,
    terms: Terms,
    ladder: Sequence[Step],
    versions: Iterable[tuple[int, str, str, int, RuleDefinition, datetime, datetime | None]],
) -> Programme:
    """Compile the versions `(id, code, name, version, definition, live_from, live_until)` of a programme's rules."""
    basics: list[LiveRule] = []
    always: list[LiveRule] = []
    by_demand: dict[tuple[str, str], list[LiveRule]] = defaultdict(list)
    for order, (version_id, code, name, version, definition, live_from, live_until) in enumerate(versions):
        rule = LiveRule(
            order=order,
            version_id=version_id,
            code=code,
            name=name,
            version=version,
            effect=definition.effect,
            live_from=live_from,
            live_until=live_until,
            tests=tuple(test_of(condition, terms.zone) for condition in definition.conditions),
        )
        demands = _demands(definition)
        if isinstance(definition.effect, PerStep):
            basics.append(rule)
        elif demands:
            for demand in demands:
                by_demand[demand].append(rule)
        else:
            always.append(rule)
    return Programme(
        stamp=stamp,
        terms=terms,
        ladder=tuple(ladder),
        basics=tuple(basics),
        always=tuple(always),
        by_demand={demand: tuple(rules) for demand, rules in by_demand.items()},
    )


def fits(scope: Scope, line: Line) -> bool:
    """Whether a line is in scope."""
    return (
        (not scope.categories or line.category in scope.categories)
        and (not scope.departments or line.department in scope.departments)
        and (not scope.brands or line.brand in scope.brands)
        and (not scope.skus or line.sku in scope.skus)
    )


def _offers_of(line: Line) -> list[tuple[str, str]]:
    return [
        ("sku", line.sku),
        ("brand", line.brand),
        ("category", line.category),
        ("department", line.department),
    ]


def _demands(definition: RuleDefinition) -> list[tuple[str, str]]:
    """One of these the purchase must offer, or the rule cannot hold; empty if it demands nothing that is indexed."""
    scope = Scope() if isinstance(definition.effect, PerStep) else definition.effect.scope
    for kind, names in (
        ("sku", scope.skus),
        ("brand", scope.brands),
        ("category", scope.categories),
        ("department", scope.departments),
    ):
        if names:
            return [(kind, name) for name in names]
    for condition in definition.conditions:
        if isinstance(condition, TierIs):
            return [("tier", name) for name in condition.tiers]
        if isinstance(condition, PlaceIs):
            return [("place", name) for name in condition.places]
    return []


def test_of(condition: Condition, zone: ZoneInfo) -> Test:
    """Whether a condition holds on an occasion; hours and weekdays are those of the zone."""
    match condition:
        case TierIs(tiers=names):
            tiers = frozenset(names)
            return lambda occasion: occasion.tier_code in tiers
        case PlaceIs(places=names):
            places = frozenset(names)
            return lambda occasion: occasion.place_code in places
        case Period(starts_at=starts_at, ends_at=ends_at):
            return lambda occasion: starts_at <= occasion.at < ends_at
        case Weekdays(days=numbers):
            days = frozenset(numbers)
            return lambda occasion: occasion.local.isoweekday() in days
        case Hours(starts=starts, ends=ends) if starts < ends:
            return lambda occasion: starts <= occasion.local.time() < ends
        case Hours(starts=starts, ends=ends):
            return lambda occasion: occasion.local.time() >= starts or occasion.local.time() < ends
