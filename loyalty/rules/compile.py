"""A programme's rules, compiled once per stamp into closures and indexed by what they ask for.

The index keeps a basket's cost flat in the number of rules: only those are looked at whose most selective demand (a
product, brand, category, department, segment, place, payment, tier, weekday ...) the purchase can meet.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from loyalty.rules.condition_words import Manner
from loyalty.rules.definition import (
    Basic,
    Birthday,
    Buys,
    ChannelIs,
    Condition,
    FirstPurchase,
    HasLabel,
    PaidBy,
    PlaceIs,
    RuleDefinition,
    Spends,
    TierIs,
    Weekdays,
)
from loyalty.rules.holding import Occasion, Test, Unmet, test_of
from loyalty.rules.lots import Expiry
from loyalty.rules.scope import demand_of, offers_of
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
    expiry: Expiry
    welcome_points: int = 0
    proof_above: int | None = None
    transfer_points_a_day: int | None = None


Demand = tuple[str, str]


@dataclass(frozen=True, slots=True)
class LiveRule:
    """A rule version ready to be asked. `order` keeps the answers in a fixed order."""

    order: int
    version_id: int
    code: str
    name: str
    version: int
    definition: RuleDefinition
    live_from: datetime
    live_until: datetime | None
    tests: tuple[Test, ...]

    @property
    def is_basic(self) -> bool:
        return isinstance(self.definition.effect, Basic)

    def is_live(self, at: datetime) -> bool:
        """Whether the version is the one of that moment."""
        return self.live_from <= at and (self.live_until is None or at < self.live_until)

    def unmet(self, occasion: Occasion) -> Unmet | None:
        """The first of its conditions that does not hold."""
        for test in self.tests:
            if (unmet := test(occasion)) is not None:
                return unmet
        return None


@dataclass(frozen=True, slots=True)
class Asks:
    """What has to be known for the sake of some rules alone.

    :ivar labels: which segments the member is in.
    :ivar first_purchase: whether nothing was bought before.
    :ivar channels: whether it was bought in a store or in a web shop.
    :ivar capped: codes of rules of which it counts how much they gave so far.
    """

    labels: bool = False
    first_purchase: bool = False
    channels: bool = False
    capped: tuple[str, ...] = ()


@dataclass(frozen=True)
class Programme:
    """Everything a settlement needs to know of a programme, at one stamp.

    :ivar asks: what some of the rules want to know beside what every purchase needs; see `asks_at`.
    :ivar capped: the versions with caps.
    """

    stamp: int
    terms: Terms
    ladder: tuple[Step, ...]
    always: tuple[LiveRule, ...]
    asks: Asks
    capped: tuple[LiveRule, ...]
    by_demand: dict[Demand, tuple[LiveRule, ...]] = field(repr=False)

    def asks_at(self, at: datetime) -> Asks:
        """What the rules of a moment want to know."""
        if not self.capped:
            return self.asks
        return replace(
            self.asks, capped=tuple(sorted({rule.code for rule in self.capped if rule.is_live(at)}))
        )

    def candidates(self, occasion: Occasion) -> list[LiveRule]:
        """The rules of that moment whose most selective demand this purchase can meet, in their fixed order."""
        at = occasion.basket.placed_at
        met = [rule for rule in self.always if rule.is_live(at)]
        if self.by_demand:
            found = {
                rule.order: rule
                for demand in _offers_of(occasion)
                for rule in self.by_demand.get(demand, ())
                if rule.is_live(at)
            }
            if found:
                met = sorted([*met, *found.values()], key=lambda rule: rule.order)
        return met


def compile_programme(
    *,
    stamp: int,
    terms: Terms,
    ladder: Sequence[Step],
    versions: Iterable[tuple[int, str, str, int, RuleDefinition, datetime, datetime | None]],
) -> Programme:
    """Compile the versions `(id, code, name, version, definition, live_from, live_until)` of a programme's rules."""
    manner = Manner(currency=terms.currency, zone=terms.zone)
    always: list[LiveRule] = []
    capped: list[LiveRule] = []
    by_demand: dict[Demand, list[LiveRule]] = defaultdict(list)
    asked: set[type[Condition]] = set()
    for order, (version_id, code, name, version, definition, live_from, live_until) in enumerate(versions):
        conditions = definition.conditions
        rule = LiveRule(
            order=order,
            version_id=version_id,
            code=code,
            name=name,
            version=version,
            definition=definition,
            live_from=live_from,
            live_until=live_until,
            tests=tuple(test_of(condition, definition.basis, manner) for condition in conditions),
        )
        asked.update(type(condition) for condition in conditions)
        if definition.caps:
            capped.append(rule)
        demands = demands_of(definition)
        for demand in demands:
            by_demand[demand].append(rule)
        if not demands:
            always.append(rule)
    return Programme(
        stamp=stamp,
        terms=terms,
        ladder=tuple(ladder),
        always=tuple(always),
        capped=tuple(capped),
        by_demand={demand: tuple(rules) for demand, rules in by_demand.items()},
        asks=Asks(
            labels=HasLabel in asked, first_purchase=FirstPurchase in asked, channels=ChannelIs in asked
        ),
    )


def _offers_of(occasion: Occasion) -> set[Demand]:
    """Everything a rule can ask for that this purchase has."""
    basket, shopper = occasion.basket, occasion.shopper
    offers = {
        ("place", basket.place_code),
        ("tier", occasion.tier_code),
        ("channel", basket.place_kind),
        ("weekday", str(occasion.local.isoweekday())),
    }
    for line in basket.lines:
        offers.update(offers_of(line))
    offers.update(("label", label) for label in shopper.labels)
    offers.update(("payment", kind) for kind in basket.paid_by)
    if shopper.is_new:
        offers.add(("first", ""))
    if shopper.birthday is not None:
        offers.add(("birthday", ""))
    return offers


def demands_of(definition: RuleDefinition) -> list[Demand]:
    """One of these the purchase must offer, or the rule cannot hold; empty if it demands nothing that is indexed.

    Of several kinds of demand the most selective one is taken.
    """
    demands: dict[str, list[Demand]] = {}
    scopes = [definition.effect.scope]
    scopes += [each.scope for each in definition.conditions if isinstance(each, Spends | Buys)]
    for scope in scopes:
        if found := demand_of(scope):
            demands.setdefault(found[0][0], found)
    for condition in definition.conditions:
        if found := _demand(condition):
            demands.setdefault(found[0][0], found)
    return next((demands[kind] for kind in _MOST_SELECTIVE_FIRST if kind in demands), [])


_MOST_SELECTIVE_FIRST = (
    "sku",
    "brand",
    "category",
    "label",
    "first",
    "place",
    "department",
    "payment",
    "tier",
    "birthday",
    "weekday",
    "channel",
)


def _demand(condition: Condition) -> list[Demand]:
    found: tuple[str, list[str]] = ("", [])
    match condition:
        case TierIs(tiers=names):
            found = "tier", names
        case PlaceIs(places=names):
            found = "place", names
        case HasLabel(labels=names):
            found = "label", names
        case PaidBy(kinds=names):
            found = "payment", names
        case Weekdays(days=days):
            found = "weekday", [str(day) for day in days]
        case ChannelIs(channel=channel):
            found = "channel", [channel]
        case FirstPurchase():
            found = "first", [""]
        case Birthday():
            found = "birthday", [""]
    kind, demanded = found
    return [(kind, name) for name in demanded]
