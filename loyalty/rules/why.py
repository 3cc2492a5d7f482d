"""Why a purchase got the points it got, from what was written down then: told for the cashier and for the member."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from config.ground.amounts import money
from config.ground.moments import day, moment
from config.ground.tongues import said
from config.ground.words import counted, listed
from loyalty.rules.awards import NotApplied
from loyalty.rules.voucher_answers import VoucherUsedAnswer
from loyalty.rules.words import points_words

NAMED = 3
"""So many lines are named; of more, the rest are counted."""


class BoughtLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line. `paid_minor`: money, net of discounts and of points; `returned`: pieces that came back."""

    position: int
    sku: str
    name: str
    quantity: int
    paid_minor: int
    returned: int = 0


class PointsWhy(msgspec.Struct, frozen=True, kw_only=True):
    """Points and where they come from.

    :ivar rule: code of the rule, or `offer:` and the ref of a personal offer; `name` is what it is called today.
    :ivar lines: positions of the lines they were given for.
    :ivar taken_back: of them, by returns since.
    """

    rule: str
    rule_version: int
    name: str
    points: int
    because: str
    lines: list[int]
    taken_back: int

    @property
    def reason(self) -> str:
        """Because of what, beside the name."""
        return self.because.removeprefix(said("{name}: {words}", name=self.name, words=""))


class LiveWhy(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that was live and did not come into question, with what it says."""

    rule: str
    rule_version: int
    name: str
    says: str


class ReturnWhy(msgspec.Struct, frozen=True, kw_only=True):
    """What one return undid of the points.

    :ivar points_expired: not taken back, for they had run out; `points_missing`: not either, they were spent already.
    """

    ref: str
    number: str
    returned_at: datetime
    points_taken_back: int
    points_given_back: int
    points_expired: int
    points_missing: int


class LifeWhy(msgspec.Struct, frozen=True, kw_only=True):
    """The life of the points that it earned. `left`: neither spent nor taken.

    :ivar available_from: null: once the goods are collected; `expires_at`: null: they never run out.
    """

    available_from: datetime | None
    expires_at: datetime | None
    left: int


class TierWhy(msgspec.Struct, frozen=True, kw_only=True):
    """A tier of the ladder."""

    code: str
    name: str


class ChallengeWhy(msgspec.Struct, frozen=True, kw_only=True):
    """A challenge that the purchase completed, and what the member has for it."""

    name: str
    points: int
    has_voucher: bool
    badge: str


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """A purchase and its points, as they were settled and as they stand now. Amounts in minor units of `currency`.

    :ivar member_ref: null while nobody has claimed it; `life` is null where it earned nothing.
    :ivar also_live: rules of its moment that asked for another product, place, tier or hour, and what they ask for; at
        most fifty of them, and `also_live_more`: how many there are beside these.
    :ivar tier: which the purchase was settled on; `reached`: tiers that it brought; `completed`: challenges.
    """

    order_ref: str
    number: str
    state: str
    place: str
    placed_at: datetime
    timezone: str
    currency: str
    total_minor: int
    member_ref: str | None
    points_earned: int
    points_spent: int
    points_paid_minor: int
    gift_cards_paid_minor: int
    vouchers_used: list[VoucherUsedAnswer]
    lines: list[BoughtLine]
    earned: list[PointsWhy]
    not_applied: list[NotApplied]
    also_live: list[LiveWhy]
    also_live_more: int
    returns: list[ReturnWhy]
    life: LifeWhy | None
    tier: TierWhy | None
    reached: list[TierWhy]
    completed: list[ChallengeWhy]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


def goods_of(lines: Sequence[BoughtLine], positions: Sequence[int], *, named: int) -> str:
    """What some points were given for: the first so many lines by name, the rest counted."""
    if len(positions) == len(lines):
        return said("the whole purchase")
    names = [line.name or line.sku for line in lines if line.position in positions]
    if len(names) > named:
        return said("{names} and {number} more", names=", ".join(names[:named]), number=len(names) - named)
    return ", ".join(names) or said("nothing that is left")


def told_to_cashier(why: Why, *, now: datetime) -> list[str]:
    """All of it, a sentence for each fact."""
    earned = points_words(why.points_earned)
    told = [
        said("It earned {points}, on the tier {tier}.", points=earned, tier=why.tier.name)
        if why.tier
        else said("It earned {points}.", points=earned)
    ]
    told += [
        said(
            "{points} by {name}, version {version}: {reason} (on {goods}).",
            points=points_words(one.points),
            name=one.name,
            version=one.rule_version,
            reason=one.reason,
            goods=goods_of(why.lines, one.lines, named=NAMED),
        )
        for one in why.earned
    ]
    if why.points_spent:
        told.append(
            said(
                "{points} paid {paid}, on which nothing is earned.",
                points=points_words(why.points_spent),
                paid=money(why.points_paid_minor, why.currency),
            )
        )
    told += [
        said("Voucher {title}: {worked}.", title=one.title, worked=_worked(one, why.currency))
        for one in why.vouchers_used
    ]
    told += [
        said("Not applied, {what}: {because}", what=_named(one), because=one.because)
        for one in why.not_applied
    ]
    told += [said("Not in question, {name}: {says}", name=one.name, says=one.says) for one in why.also_live]
    if why.also_live_more:
        told.append(said("Not in question either: {rules}.", rules=counted(why.also_live_more, "more rule")))
    told += [said("It reached the tier {tier}.", tier=tier.name) for tier in why.reached]
    told += [
        said("It completed the challenge {name}: {given}.", name=one.name, given=_given(one))
        for one in why.completed
    ]
    told += [_undone(one, why.zone) for one in why.returns]
    return told + _life(why, now)


def told_to_member(why: Why, *, now: datetime) -> list[str]:
    """What a member wants to know, without codes and versions."""
    if why.member_ref is None:
        return [one.because for one in why.not_applied]
    told = [
        said(
            "You earned {points} on {day} at {place}.",
            points=points_words(why.points_earned),
            day=day(why.placed_at, why.zone),
            place=why.place,
        )
    ]
    told += [
        said("{points}: {because}.", points=points_words(one.points), because=one.because)
        for one in why.earned
    ]
    if why.points_spent:
        paid = money(why.points_paid_minor, why.currency)
        told.append(
            said("You paid {paid} of it with {points}.", paid=paid, points=points_words(why.points_spent))
        )
    told += [
        said("Your voucher {title}: {worked}.", title=one.title, worked=_worked(one, why.currency))
        for one in why.vouchers_used
    ]
    told += [one.because for one in why.not_applied]
    told += [said("With it you reached {tier}.", tier=tier.name) for tier in why.reached]
    told += [
        said("With it you completed {name}: {given}.", name=one.name, given=_given(one))
        for one in why.completed
    ]
    told += [_undone(one, why.zone) for one in why.returns]
    return told + _life(why, now)


def _named(one: NotApplied) -> str:
    """What did not apply; an offer is called by its title in its reason, and its ref tells nobody anything."""
    kind, _, ref = one.what.partition(" ")
    return said("offer") if kind == "offer" else f"{said(kind)} {ref}".rstrip()


def _worked(one: VoucherUsedAnswer, currency: str) -> str:
    """What a voucher did for the purchase."""
    if one.kind == "gift_card":
        paid, left = money(one.paid_minor, currency), money(one.left_minor or 0, currency)
        return said("it paid {paid}, {left} were left on it", paid=paid, left=left)
    off = money(one.discount_minor, currency)
    return said("it took {off} off, on which nothing is earned", off=off)


def _given(one: ChallengeWhy) -> str:
    """What a completed challenge gave."""
    given = [points_words(one.points)] * bool(one.points) + [said("a voucher")] * one.has_voucher
    if one.badge:
        given.append(said("the badge {badge}", badge=one.badge))
    return listed(given) if given else said("nothing")


def _undone(one: ReturnWhy, zone: ZoneInfo) -> str:
    parts = [said("took back {points}", points=points_words(one.points_taken_back))]
    if one.points_given_back:
        parts.append(said("gave back {number} that had been spent", number=f"{one.points_given_back:,}"))
    if one.points_expired:
        parts.append(said("{number} had run out", number=f"{one.points_expired:,}"))
    if one.points_missing:
        parts.append(said("left {number} that had been spent already", number=f"{one.points_missing:,}"))
    on = day(one.returned_at, zone)
    return said("Return {number} of {day}: {parts}.", number=one.number, day=on, parts=said(", ").join(parts))


def _life(why: Why, now: datetime) -> list[str]:
    """From when until when the points can be spent."""
    life = why.life
    if life is None:
        return []
    told, left = [], f"{life.left:,}"
    if life.available_from is None:
        told.append(said("They can be spent once the goods are collected."))
    elif life.available_from > now:
        told.append(said("They can be spent from {at} on.", at=moment(life.available_from, why.zone)))
    if life.expires_at is None:
        told.append(said("Left of them: {number}; they never expire.", number=left))
        return told
    at = moment(life.expires_at, why.zone)
    if life.expires_at > now:
        told.append(said("Left of them: {number}; they expire at {at}.", number=left, at=at))
    else:
        told.append(said("What was left of them expired at {at}.", at=at))
    return told
