"""A programme's rules, compiled once per stamp into closures and indexed by what they ask for.

The index keeps a basket's cost flat in the number of rules: only those are looked at whose most selective demand (a
product, brand, category, department, segment, place, payment, tier, hour, weekday ...) the purchase can meet.

Who is not looked at cannot say what was missing. So as long as there are few rules, only goods are demanded, and a rule
for gold members or for the evening says so; with many, whatever is cheapest.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from msgspec import UNSET

from loyalty.rules.condition_words import Manner, Names
from loyalty.rules.definition import (
    Basic,
    ChannelIs,
    Condition,
    FirstPurchase,
    ForAct,
    HasLabel,
    Period,
    Recurs,
    RuleDefinition,
)
from loyalty.rules.demands import Demand, demands_of, offers_of_purchase
from loyalty.rules.holding import Occasion, Test, Unmet, recurs_on, tests_of
from loyalty.rules.ladders import A_YEAR, Window, longest_window_days
from loyalty.rules.lots import Expiry
from loyalty.rules.tiers import Ladder, ladder_at


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
    transfer_points_a_day: int | None = 0


FEW = 64
"""Up to so many versions of rules are looked at whoever buys, and whenever."""

DAYS_KEPT = 64
"""Of so many days it is remembered which rules can hold on them."""


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
    :ivar window: what counts towards tiers at the moment of the purchase; `window_now`: and now.
    """

    labels: bool = False
    first_purchase: bool = False
    channels: bool = False
    capped: tuple[str, ...] = ()
    window: Window = A_YEAR
    window_now: Window = A_YEAR


@dataclass(frozen=True)
class Programme:
    """Everything a settlement needs to know of a programme, at one stamp.

    :ivar terms: those that hold; what points pay and how long they live is asked of `terms_at`.
    :ivar ladders: the ladders of tiers, in the order in which they begin.
    :ivar asks: what some of the rules want to know beside what every purchase needs; see `asks_at`.
    :ivar capped: the versions with caps.
    :ivar of_acts: versions about acts, by the act's type; a purchase meets none of them.
    :ivar terms_from: (moment, terms) as they begin, the first for all of the past; empty where they never changed.
    """

    stamp: int
    terms: Terms
    ladders: tuple[Ladder, ...]
    always: tuple[LiveRule, ...]
    asks: Asks
    capped: tuple[LiveRule, ...]
    by_demand: dict[Demand, tuple[LiveRule, ...]] = field(repr=False)
    of_acts: dict[str, tuple[LiveRule, ...]] = field(default_factory=dict, repr=False)
    terms_from: tuple[tuple[datetime, Terms], ...] = field(default=(), repr=False)
    _days: dict[date, tuple[LiveRule, ...]] = field(default_factory=dict, repr=False)

    def terms_at(self, at: datetime) -> Terms:
        """The terms of a moment."""
        for since, terms in reversed(self.terms_from):
            if since <= at:
                return terms
        return self.terms

    def ladder_at(self, at: datetime) -> Ladder:
        """The ladder of a moment."""
        return ladder_at(self.ladders, at)

    @property
    def longest_window_days(self) -> int:
        """On any day at most so many days count towards tiers."""
        return longest_window_days(ladder.terms.window for ladder in self.ladders)

    def capped_at(self, at: datetime) -> tuple[str, ...]:
        """Codes of the rules of a moment of which it counts how much they gave so far."""
        return tuple(sorted({rule.code for rule in self.capped_rules_at(at)})) if self.capped else ()

    def capped_rules_at(self, at: datetime) -> list[LiveRule]:
        """The versions with caps of a moment."""
        return [rule for rule in self.capped if rule.is_live(at)]

    def asks_at(self, at: datetime, *, now: datetime) -> Asks:
        """What the rules of a moment want to know, and which days count towards tiers then and now."""
        return replace(
            self.asks,
            capped=self.capped_at(at),
            window=self.ladder_at(at).terms.window,
            window_now=self.ladder_at(now).terms.window,
        )

    def _on_day(self, day: date) -> tuple[LiveRule, ...]:
        """Rules without a demand that can hold on a day; of few rules all, so that they can say why not."""
        if len(self.always) <= FEW:
            return self.always
        if (known := self._days.get(day)) is None:
            if len(self._days) >= DAYS_KEPT:
                self._days.clear()
            known = self._days[day] = tuple(
                rule for rule in self.always if _can_hold_on(rule, day, self.terms.zone)
            )
        return known

    def candidates(self, occasion: Occasion) -> list[LiveRule]:
        """The rules of that moment whose most selective demand this purchase can meet, in their fixed order."""
        at = occasion.basket.placed_at
        met = [rule for rule in self._on_day(occasion.local.date()) if rule.is_live(at)]
        if self.by_demand:
            found = {
                rule.order: rule
                for demand in offers_of_purchase(occasion)
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
    ladders: Sequence[Ladder],
    versions: Iterable[tuple[int, str, str, int, RuleDefinition, datetime, datetime | None]],
    names: Names = MappingProxyType({}),
) -> Programme:
    """Compile the versions `(id, code, name, version, definition, live_from, live_until)` of a programme's rules.

    :param names: as `Manner.with_names` takes them.
    """
    manner = Manner(currency=terms.currency, zone=terms.zone, names_segments=False).with_names(names)
    always: list[LiveRule] = []
    capped: list[LiveRule] = []
    by_demand: dict[Demand, list[LiveRule]] = defaultdict(list)
    of_acts: dict[str, list[LiveRule]] = defaultdict(list)
    asked: set[type[Condition]] = set()
    versions = list(versions)
    are_few = sum(version[4].act is UNSET for version in versions) <= FEW
    for order, (version_id, code, name, version, definition, live_from, live_until) in enumerate(versions):
        conditions = definition.conditions
        act = definition.act
        said = replace(manner, happened="done") if isinstance(act, ForAct) else manner
        rule = LiveRule(
            order=order,
            version_id=version_id,
            code=code,
            name=name,
            version=version,
            definition=definition,
            live_from=live_from,
            live_until=live_until,
            tests=tests_of(conditions, definition.basis, said),
        )
        if isinstance(act, ForAct):
            of_acts[act.type].append(rule)
            continue
        asked.update(type(condition) for condition in conditions)
        if definition.caps:
            capped.append(rule)
        demands = demands_of(definition, of_goods=are_few)
        for demand in demands:
            by_demand[demand].append(rule)
        if not demands:
            always.append(rule)
    return Programme(
        stamp=stamp,
        terms=terms,
        ladders=tuple(ladders),
        always=tuple(always),
        capped=tuple(capped),
        by_demand={demand: tuple(rules) for demand, rules in by_demand.items()},
        of_acts={act: tuple(rules) for act, rules in of_acts.items()},
        asks=Asks(
            labels=HasLabel in asked, first_purchase=FirstPurchase in asked, channels=ChannelIs in asked
        ),
    )


def _can_hold_on(rule: LiveRule, day: date, zone: ZoneInfo) -> bool:
    """Whether the rule is live on some part of a day, within its periods, and a recurrence reaches into the day."""
    begins = datetime.combine(day, time(), tzinfo=zone)
    ends = begins + timedelta(days=1, hours=2)
    if rule.live_from >= ends or (rule.live_until is not None and rule.live_until <= begins):
        return False
    for condition in rule.definition.conditions:
        if isinstance(condition, Period) and (condition.starts_at >= ends or condition.ends_at <= begins):
            return False
        if isinstance(condition, Recurs) and not recurs_on(condition, day):
            return False
    return True
