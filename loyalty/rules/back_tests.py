"""A change of rules tried on purchases that were made: settled by the rules of their moment, and by changed ones."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, structs

from loyalty.errors import RuleNotValid
from loyalty.rules.ascents import Ascent, Day
from loyalty.rules.basket import Basket, Line, Offer, Shopper, Use
from loyalty.rules.compile import Programme, Terms
from loyalty.rules.counters import Counters, Counts
from loyalty.rules.definition import RuleDefinition
from loyalty.rules.drafts import Draft, Version
from loyalty.rules.kept import kept_of
from loyalty.rules.ladders import Demand, LadderDefinition, LadderTerms, fault_in
from loyalty.rules.settle import Settlement, points_that_pay, settle
from loyalty.rules.tiers import Enrolled, Ladder, Step, compile_ladder

WINNERS = 10
"""So many members who gain most are named."""

Code = Annotated[str, Meta(pattern=r"^[-a-zA-Z0-9_]{1,60}$")]


class TriedRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule as it would have been. One with the code of a rule that exists stands in its place."""

    code: Code
    name: Annotated[str, Meta(min_length=1, max_length=120)]
    definition: RuleDefinition


class TriedTier(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A step of a ladder: what it asks for, as `loyalty.rules.ladders.Demand`; the lowest asks for nothing."""

    code: Code
    threshold_minor: Annotated[int, Meta(ge=0, le=10**12)] = 0
    points: Annotated[int, Meta(ge=1, le=10**12)] | None = None
    visits: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    needs: Literal["any", "all"] = "any"

    @property
    def demand(self) -> Demand:
        return Demand(
            tier=self.code,
            threshold_minor=self.threshold_minor or None,
            points=self.points,
            visits=self.visits,
            needs=self.needs,
        )


class TriedTerms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What points would have paid: all of a programme's terms that changes what a purchase comes to."""

    burn_points: Annotated[int, Meta(ge=1, le=1_000_000)]
    burn_minor: Annotated[int, Meta(ge=1, le=10**9)]


class Changes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is tried: rules that are put in, codes of rules that are taken away, a ladder in place of today's (the
    lowest tier first), with terms of its own or today's, and what points pay."""

    rules: Annotated[list[TriedRule], Meta(max_length=200)] = []
    without: Annotated[list[Code], Meta(max_length=200)] = []
    tiers: Annotated[list[TriedTier], Meta(min_length=1, max_length=50)] | None = None
    ladder: LadderTerms | None = None
    terms: TriedTerms | None = None


def changes_of(draft: Draft) -> Changes:
    """What a draft changes: its rule."""
    return Changes(rules=[TriedRule(code=draft.code, name=draft.name, definition=draft.definition)])


def named(changes: Changes) -> str:
    """What is tried, in a few words: `Tea weeks, without silver`."""
    words = [rule.name for rule in changes.rules] + [f"without {code}" for code in changes.without]
    words += ["another ladder"] if changes.tiers is not None or changes.ladder is not None else []
    words += ["other terms"] if changes.terms is not None else []
    return ", ".join(words)[:200]


class PastPurchase(msgspec.Struct, frozen=True, kw_only=True):
    """A purchase as it was made.

    :ivar tier_code: of the member before the purchase, "" in a programme without tiers.
    :ivar offers: those that it used.
    :ivar labels: segments that the member is in today: what they were in then is not written down.
    :ivar points_earned: as they were booked; `qualifying_minor` and `visits` counted towards tiers; all of them less
        what came back since.
    :ivar back: how many of each line came back since; empty where nothing did.
    """

    member_ref: str
    enrolled_at: datetime
    placed_at: datetime
    place_code: str
    place_kind: str
    paid_by: list[str]
    tier_code: str
    is_new: bool
    birthday: tuple[int, int] | None
    labels: list[str]
    points_spent: int
    points_earned: int
    qualifying_minor: int
    visits: int
    offers: list[Offer]
    lines: list[Line]
    back: list[int] = []


class PastMember(msgspec.Struct, frozen=True, kw_only=True):
    """A member's purchases in the order in which they were placed.

    :ivar days: what counted towards tiers on the days before the first day that is looked at; only where
        members may move.
    """

    purchases: Sequence[PastPurchase]
    days: dict[date, Day] = {}


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
    :ivar given_before: what capped rules gave to all members so far, and `given_after` with the changes.
    :ivar moves: where who would have moved stood and would stand at the end, as `silver>gold`; how many members.
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
    moves: dict[str, int] = {}
    given_before: Counts = {}
    given_after: Counts = {}

    def add_member(self, member: PastMember, before: Programme, after: Programme, *, until: datetime) -> None:
        """Count all purchases of one member.

        Where they may move both ways up are walked anew, so that like is compared with like. Caps count from the first
        day on; what all members share is filled member by member.

        :param until: the moment at which tiers are compared.
        """
        own = Winner(member=member.purchases[0].member_ref)
        ways = _ways(member, before, after, until) if may_move(before, after) else []
        caps = Counters(before, self.given_before), Counters(after, self.given_after)
        touched = 0
        for purchase in member.purchases:
            at = purchase.placed_at
            tiers = [way.tier_at(at) for way in ways] or [purchase.tier_code] * 2
            was = settled(purchase, before, tiers[0], caps[0].used(at))
            would = settled(purchase, after, tiers[1], caps[1].used(at))
            caps[0].take_note(was)
            caps[1].take_note(would)
            touched += was.points_earned != would.points_earned
            own.add(was.points_earned, would.points_earned)
            self._spread(_monday(at, before), tiers, was, would)
            for way, settlement in zip(ways, (was, would), strict=False):
                way.count(Day(purchase.qualifying_minor, settlement.points_earned, purchase.visits), at=at)
        self._close(own, member, touched)
        ends = [way.tier_at(until) for way in ways]
        if len(set(ends)) > 1:
            move = ">".join(ends)
            self.moves[move] = self.moves.get(move, 0) + 1

    def _spread(self, monday: str, tiers: Sequence[str], was: Settlement, would: Settlement) -> None:
        self.weeks.setdefault(monday, Pair()).add(was.points_earned, would.points_earned)
        self.tiers.setdefault(tiers[0], Pair()).before += was.points_earned
        self.tiers.setdefault(tiers[1], Pair()).after += would.points_earned
        for award in was.awards:
            self.rules.setdefault(_source(award.rule), Pair()).before += award.points
        for award in would.awards:
            self.rules.setdefault(_source(award.rule), Pair()).after += award.points

    def _close(self, own: Winner, member: PastMember, touched: int) -> None:
        self.orders += len(member.purchases)
        self.orders_touched += touched
        self.members += 1
        self.members_touched += touched > 0
        self.booked += sum(purchase.points_earned for purchase in member.purchases)
        self.points.add(own.before, own.after)
        if own.after > own.before:
            ranked = sorted([*self.winners, own], key=lambda one: (one.before - one.after, one.member))
            self.winners = ranked[:WINNERS]


def settled(purchase: PastPurchase, programme: Programme, tier_code: str, used: list[Use]) -> Settlement:
    """The purchase settled once more on a tier, by the very function that tills are answered from, and what is kept of
    it. Points paid for it as far as they could by the programme's terms.

    :param used: what capped rules gave before.
    """
    total = sum(line.quantity * line.unit_price_minor - line.discount_minor for line in purchase.lines)
    basket = Basket(
        lines=purchase.lines,
        place_code=purchase.place_code,
        place_kind=purchase.place_kind,
        placed_at=purchase.placed_at,
        spend_points=points_that_pay(total, purchase.points_spent, programme.terms_at(purchase.placed_at)),
        paid_by=purchase.paid_by,
    )
    shopper = Shopper(
        tier_code=tier_code,
        spendable=purchase.points_spent,
        offers=purchase.offers,
        is_new=purchase.is_new,
        birthday=purchase.birthday,
        labels=purchase.labels,
        used=used,
    )
    return kept_of(settle(basket, shopper, programme), purchase.back)


def _monday(at: datetime, programme: Programme) -> str:
    day = at.astimezone(programme.terms.zone).date()
    return (day - timedelta(days=day.weekday())).isoformat()


def ladders_tried(ladders: Sequence[Ladder], changes: Changes) -> tuple[Ladder, ...]:
    """The ladder that is tried, for all moments; today's if no other is."""
    if changes.tiers is None and changes.ladder is None:
        return tuple(ladders)
    today = ladders[-1] if ladders else Ladder()
    terms = changes.ladder or today.terms
    if changes.tiers is None:
        return (structs.replace(today, terms=terms),)
    names = {step.code: step.name for step in today.steps}
    steps = {
        tier.code: Step(id=-at, code=tier.code, name=names.get(tier.code, tier.code))
        for at, tier in enumerate(changes.tiers, start=1)
    }
    return (compile_ladder(definition_of(changes.tiers, terms), steps),)


def terms_tried(terms: Terms, changes: Changes) -> Terms:
    """The terms with what points would pay; today's if nothing else is tried."""
    return replace(terms, **structs.asdict(changes.terms)) if changes.terms else terms


def definition_of(tiers: Sequence[TriedTier], terms: LadderTerms) -> LadderDefinition:
    """The ladder of these steps, by these terms."""
    return LadderDefinition(steps=[tier.demand for tier in tiers], **structs.asdict(terms))


def _ways(member: PastMember, before: Programme, after: Programme, until: datetime) -> list[Ascent]:
    """Up the ladders of the end, from what counted on the days before."""
    zone = before.terms.zone
    enrolled = Enrolled(zone, member.purchases[0].enrolled_at.astimezone(zone).date())
    return [Ascent(programme.ladder_at(until), enrolled, member.days) for programme in (before, after)]


def may_move(before: Programme, after: Programme) -> bool:
    """Whether members may stand elsewhere: by another ladder, or by other points where one asks for points."""
    steps = [step for programme in (before, after) for ladder in programme.ladders for step in ladder.steps]
    return before.ladders != after.ladders or any(step.points is not None for step in steps)


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
    if not named and changes.tiers is None and changes.ladder is None and changes.terms is None:
        raise RuleNotValid(
            "Name a rule to put in or one to take away, a ladder, or terms.", pointer="/changes"
        )
    if changes.tiers is not None and (
        fault := fault_in(definition_of(changes.tiers, changes.ladder or LadderTerms()))
    ):
        raise RuleNotValid(fault, pointer="/changes/tiers")
    if len(named) != len(set(named)):
        raise RuleNotValid("Each rule can be named once.", pointer="/changes")
    if unknown := sorted(set(changes.without) - set(known)):
        raise RuleNotValid(f"There is no rule {unknown[0]!r} to take away.", pointer="/changes/without")


def cost_minor(points: int, terms: Terms) -> int:
    """What points pay, in minor units, rounded down; less than 0 for points that would not be given."""
    worth = abs(points) * terms.burn_minor // terms.burn_points
    return worth if points >= 0 else -worth


def _source(rule: str) -> str:
    """Personal offers count as one."""
    return "offer" if rule.startswith("offer:") else rule
