"""A change of rules tried on purchases that were made: settled by the rules of their moment, and by changed ones."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from loyalty.errors import RuleNotValid
from loyalty.rules.basket import Basket, Line, Offer, Shopper
from loyalty.rules.compile import Programme
from loyalty.rules.definition import RuleDefinition
from loyalty.rules.drafts import Draft, Version, has_bare_moment
from loyalty.rules.settle import Settlement, settle

WINNERS = 10
"""So many members who gain most are named."""

Code = Annotated[str, Meta(pattern=r"^[-a-zA-Z0-9_]{1,60}$")]


class TriedRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule as it would have been. One with the code of a rule that exists stands in its place."""

    code: Code
    name: Annotated[str, Meta(min_length=1, max_length=120)]
    definition: RuleDefinition


class Changes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is tried: rules that are put in, and codes of rules that are taken away."""

    rules: Annotated[list[TriedRule], Meta(max_length=200)] = []
    without: Annotated[list[Code], Meta(max_length=200)] = []


def changes_of(draft: Draft) -> Changes:
    """What a draft changes: its rule."""
    return Changes(rules=[TriedRule(code=draft.code, name=draft.name, definition=draft.definition)])


def named(changes: Changes) -> str:
    """What is tried, in a few words: `Tea weeks, without silver`."""
    words = [rule.name for rule in changes.rules] + [f"without {code}" for code in changes.without]
    return ", ".join(words)[:200]


class PastPurchase(msgspec.Struct, frozen=True, kw_only=True):
    """A purchase as it was made.

    :ivar tier_code: of the member before the purchase, "" for the lowest.
    :ivar offers: those that it used.
    :ivar points_earned: as they were booked.
    """

    member_ref: str
    placed_at: datetime
    place_code: str
    tier_code: str
    points_spent: int
    points_earned: int
    offers: list[Offer]
    lines: list[Line]


class Pair(msgspec.Struct, kw_only=True):
    """Points by the rules of the moment, and with the changes."""

    before: int = 0
    after: int = 0

    def add(self, before: int, after: int) -> None:
        self.before += before
        self.after += after


class Winner(Pair, kw_only=True):
    """What one member would have earned."""

    member: str


class Tally(msgspec.Struct, kw_only=True):
    """What the purchases looked at so far come to.

    :ivar booked: points as they were booked; differs from `points.before` where terms or the catalogue have changed,
        or purchases were told late.
    :ivar weeks: by their Monday on the programme's calendar (ISO), `tiers` and `rules` by code.
    """

    orders: int = 0
    orders_touched: int = 0
    members: int = 0
    members_touched: int = 0
    booked: int = 0
    points: Pair = msgspec.field(default_factory=Pair)
    weeks: dict[str, Pair] = {}
    tiers: dict[str, Pair] = {}
    rules: dict[str, Pair] = {}
    winners: list[Winner] = []

    def add_member(self, purchases: Sequence[PastPurchase], before: Programme, after: Programme) -> None:
        """Count all purchases of one member, in the order in which they were placed."""
        own = Winner(member=purchases[0].member_ref)
        touched = 0
        for purchase in purchases:
            was, would = settled(purchase, before), settled(purchase, after)
            touched += was.points_earned != would.points_earned
            own.add(was.points_earned, would.points_earned)
            self._spread(purchase, was, would, before)
        self.orders += len(purchases)
        self.orders_touched += touched
        self.members += 1
        self.members_touched += touched > 0
        self.booked += sum(purchase.points_earned for purchase in purchases)
        self.points.add(own.before, own.after)
        if own.after > own.before:
            ranked = sorted([*self.winners, own], key=lambda one: (one.before - one.after, one.member))
            self.winners = ranked[:WINNERS]

    def _spread(
        self, purchase: PastPurchase, was: Settlement, would: Settlement, programme: Programme
    ) -> None:
        day = purchase.placed_at.astimezone(programme.terms.zone).date()
        monday = (day - timedelta(days=day.weekday())).isoformat()
        lowest = programme.ladder[0].code if programme.ladder else ""
        for sums, name in ((self.weeks, monday), (self.tiers, purchase.tier_code or lowest)):
            sums.setdefault(name, Pair()).add(was.points_earned, would.points_earned)
        for award in was.awards:
            self.rules.setdefault(_source(award.rule), Pair()).before += award.points
        for award in would.awards:
            self.rules.setdefault(_source(award.rule), Pair()).after += award.points


def settled(purchase: PastPurchase, programme: Programme) -> Settlement:
    """The purchase settled once more, by the very function that tills are answered from."""
    basket = Basket(
        lines=purchase.lines,
        place_code=purchase.place_code,
        placed_at=purchase.placed_at,
        spend_points=purchase.points_spent,
    )
    shopper = Shopper(tier_code=purchase.tier_code, spendable=purchase.points_spent, offers=purchase.offers)
    return settle(basket, shopper, programme)


def versions_tried(versions: Iterable[Version], changes: Changes, since: datetime) -> list[Version]:
    """The versions as if the changes had held from `since` on, whenever they are meant to begin."""
    tried = {rule.code for rule in changes.rules} | set(changes.without)
    kept = [version for version in versions if version[1] not in tried]
    put_in: list[Version] = [
        (0, rule.code, rule.name, 1, rule.definition, since, None) for rule in changes.rules
    ]
    return sorted([*kept, *put_in], key=lambda one: (one[1], one[3]))


def ensure_can_be_tried(changes: Changes, known: Iterable[str]) -> None:
    """
    :param known: codes of the programme's rules.
    :raises RuleNotValid: nothing would change, a rule is named twice, or one that is not there is taken away.
    """
    named = [rule.code for rule in changes.rules] + changes.without
    if not named:
        raise RuleNotValid("Name a rule to put in or one to take away.", pointer="/changes")
    if len(named) != len(set(named)):
        raise RuleNotValid("Each rule can be named once.", pointer="/changes")
    if unknown := sorted(set(changes.without) - set(known)):
        raise RuleNotValid(f"There is no rule {unknown[0]!r} to take away.", pointer="/changes/without")
    for at, rule in enumerate(changes.rules):
        if has_bare_moment(rule.definition):
            raise RuleNotValid(
                "Moments need their offset from UTC.", pointer=f"/changes/rules/{at}/definition"
            )


def cost_minor(points: int, programme: Programme) -> int:
    """What points pay, in minor units, rounded down; less than 0 for points that would not be given."""
    worth = abs(points) * programme.terms.burn_minor // programme.terms.burn_points
    return worth if points >= 0 else -worth


def _source(rule: str) -> str:
    """Personal offers count as one."""
    return "offer" if rule.startswith("offer:") else rule
