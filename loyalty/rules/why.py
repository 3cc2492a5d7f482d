"""Why a purchase got the points it got, from what was written down then: told for the cashier and for the member."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from config.ground.amounts import money
from config.ground.moments import day, moment
from config.ground.words import counted, listed
from loyalty.rules.awards import NotApplied
from loyalty.rules.voucher_answers import VoucherUsedAnswer

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
        return self.because.removeprefix(f"{self.name}: ")


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
    """The life of the points that it earned. `expires_at` null: they never do. `left`: neither spent nor taken."""

    available_from: datetime
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
        return "the whole purchase"
    names = [line.name or line.sku for line in lines if line.position in positions]
    if len(names) > named:
        return f"{', '.join(names[:named])} and {len(names) - named} more"
    return ", ".join(names) or "nothing that is left"


def told_to_cashier(why: Why, *, now: datetime) -> list[str]:
    """All of it, a sentence for each fact."""
    told = [
        f"{points.points:,} points by {points.name}, version {points.rule_version}: "
        f"{points.reason} (on {goods_of(why.lines, points.lines, named=NAMED)})."
        for points in why.earned
    ]
    told = [f"{why.points_earned:,} points were earned{_on_tier(why)}.", *told]
    if why.points_spent:
        paid = money(why.points_paid_minor, why.currency)
        told.append(f"{why.points_spent:,} points were spent and paid {paid}, on which nothing is earned.")
    told += [f"Voucher {one.title}: {_worked(one, why.currency)}." for one in why.vouchers_used]
    told += [f"Not applied, {_named(one)}: {one.because}" for one in why.not_applied]
    told += [f"Not in question, {one.name}: {one.says}" for one in why.also_live]
    if why.also_live_more:
        told.append(f"Not in question either: {counted(why.also_live_more, 'more rule')}.")
    told += [f"It reached the tier {tier.name}." for tier in why.reached]
    told += [f"It completed the challenge {one.name}: {_given(one)}." for one in why.completed]
    told += [_undone(one, why.zone) for one in why.returns]
    return told + _life(why, now)


def told_to_member(why: Why, *, now: datetime) -> list[str]:
    """What a member wants to know, without codes and versions."""
    if why.member_ref is None:
        return [one.because for one in why.not_applied]
    told = [f"You earned {why.points_earned:,} points on {day(why.placed_at, why.zone)} at {why.place}."]
    told += [f"{points.points:,} points: {points.because}." for points in why.earned]
    if why.points_spent:
        told.append(
            f"You paid {money(why.points_paid_minor, why.currency)} of it with {why.points_spent:,} points."
        )
    told += [f"Your voucher {one.title}: {_worked(one, why.currency)}." for one in why.vouchers_used]
    told += [one.because for one in why.not_applied]
    told += [f"With it you reached {tier.name}." for tier in why.reached]
    told += [f"With it you completed {one.name}: {_given(one)}." for one in why.completed]
    told += [_undone(one, why.zone) for one in why.returns]
    return told + _life(why, now)


def _named(one: NotApplied) -> str:
    """What did not apply; an offer is called by its title in its reason, and its ref tells nobody anything."""
    return "offer" if one.what.startswith("offer ") else one.what


def _worked(one: VoucherUsedAnswer, currency: str) -> str:
    """What a voucher did for the purchase."""
    if one.kind == "gift_card":
        return f"it paid {money(one.paid_minor, currency)}, {money(one.left_minor or 0, currency)} were left on it"
    return f"it took {money(one.discount_minor, currency)} off, on which nothing is earned"


def _given(one: ChallengeWhy) -> str:
    """What a completed challenge gave."""
    points = [f"{one.points:,} points"] if one.points else []
    badge = [f"the badge {one.badge}"] if one.badge else []
    return (
        listed(points + ["a voucher"] * one.has_voucher + badge)
        if points or badge or one.has_voucher
        else "nothing"
    )


def _on_tier(why: Why) -> str:
    return f", on the tier {why.tier.name}" if why.tier else ""


def _undone(one: ReturnWhy, zone: ZoneInfo) -> str:
    parts = [f"{one.points_taken_back:,} points were taken back"]
    if one.points_given_back:
        parts.append(f"{one.points_given_back:,} that had been spent were given back")
    if one.points_expired:
        parts.append(f"{one.points_expired:,} had run out")
    if one.points_missing:
        parts.append(f"{one.points_missing:,} were spent already and stay")
    return f"Return {one.number} of {day(one.returned_at, zone)}: {', '.join(parts)}."


def _life(why: Why, now: datetime) -> list[str]:
    """From when until when the points can be spent."""
    life = why.life
    if life is None:
        return []
    told = []
    if life.available_from > now:
        told.append(f"They can be spent from {moment(life.available_from, why.zone)} on.")
    if life.expires_at is None:
        told.append(f"{life.left:,} of them are left; they never expire.")
    elif life.expires_at > now:
        told.append(f"{life.left:,} of them are left; they expire at {moment(life.expires_at, why.zone)}.")
    else:
        told.append(f"What was left of them expired at {moment(life.expires_at, why.zone)}.")
    return told
