"""Whether a member can have a reward now; and if not, why, in words that a cashier can read out."""

from datetime import datetime, timedelta, tzinfo

import msgspec

from config.ground.moments import moment
from config.ground.words import counted, either, listed
from loyalty.rules.answers import TierAnswer

PERIODS = {"day": "a day", "week": "a week", "month": "a month", "year": "a year"}


class StockNow(msgspec.Struct, frozen=True):
    """What is left at a store, or in all where `place` is empty; None: no limit."""

    place: str
    place_name: str
    left: int | None


class Gate(msgspec.Struct, frozen=True):
    """The lowest tier that may have it. `is_open`: the member stands there or above."""

    code: str
    name: str
    is_open: bool


class RewardNow(msgspec.Struct, frozen=True, kw_only=True):
    """A reward as it stands, and how often the member who asks has had it.

    :ivar own_title: as the programme calls it, in whatever language the member reads `title`.
    :ivar stocks: in all first, then the stores that keep some of their own.
    :ivar has_label: whether the member is in the segment that it is for, if it is for one.
    :ivar had: redemptions that were not cancelled, and those `had_in_period` of its limit, which runs
        from `period_from`.
    """

    id: int
    code: str
    kind: str
    own_title: str
    title: str
    description: str
    picture_url: str
    series_id: int | None
    points: int
    cash_minor: int
    gate: Gate | None
    has_label: bool
    most_per_member: int | None
    most_per_period: int | None
    period: str
    starts_at: datetime | None
    ends_at: datetime | None
    happens_at: datetime | None
    cancel_hours: int
    stocks: list[StockNow]
    had: int
    had_in_period: int
    period_from: datetime | None

    @property
    def stores(self) -> list[StockNow]:
        """The stores at one of which it has to be fetched, if it is not the same everywhere."""
        return [stock for stock in self.stocks if stock.place]

    @property
    def left(self) -> int | None:
        """How many can still be had, wherever."""
        in_all = [stock.left for stock in self.stocks if not stock.place and stock.left is not None]
        lefts = [stock.left for stock in self.stores]
        if lefts and None not in lefts:
            in_all.append(sum(left for left in lefts if left is not None))
        return min(in_all, default=None)


class Asker(msgspec.Struct, frozen=True):
    """The member who wants something."""

    spendable: int
    debt: int
    tier: TierAnswer | None


class Obstacle(msgspec.Struct, frozen=True):
    """Why a reward cannot be had. `missing_points`: so many more would do."""

    code: str
    because: str
    missing_points: int = 0


def obstacle_of(
    reward: RewardNow, asker: Asker, *, zone: tzinfo, place: str | None, now: datetime
) -> Obstacle | None:
    """The first thing that stands between a member and a reward; None: they can have it.

    :param zone: the programme's, in which moments are told.
    :param place: the store where it is to be fetched; "": none; None: the member only looks, any store will do.
    """
    return (
        _of_time(reward, zone, now)
        or _of_member(reward, asker)
        or _of_place(reward, place)
        or _of_limit(reward)
        or _of_points(reward, asker)
    )


def _of_time(reward: RewardNow, zone: tzinfo, now: datetime) -> Obstacle | None:
    if reward.starts_at and now < reward.starts_at:
        return Obstacle("not_yet", f"{reward.title} can be had from {moment(reward.starts_at, zone)} on.")
    ends = [end for end in (reward.ends_at, reward.happens_at) if end is not None]
    if ends and now >= min(ends):
        return Obstacle("over", f"{reward.title} could be had until {moment(min(ends), zone)}.")
    return None


def _of_member(reward: RewardNow, asker: Asker) -> Obstacle | None:
    if not reward.has_label:
        return Obstacle("not_for_member", f"{reward.title} is not for this member.")
    if reward.gate is None or reward.gate.is_open:
        return None
    name, tier = reward.gate.name, asker.tier
    if tier and tier.next and tier.next.code == reward.gate.code and tier.next.words:
        return Obstacle("tier_needed", f"{name} is needed; {tier.next.words}.")
    stands = f"; the member stands on {tier.name}" if tier else ""
    return Obstacle("tier_needed", f"{name} is needed{stands}.")


def _of_place(reward: RewardNow, place: str | None) -> Obstacle | None:
    if reward.left == 0:
        return Obstacle("sold_out", f"{reward.title} is sold out.")
    if place is None or not reward.stores:
        return None
    having = [store.place_name for store in reward.stores if store.left != 0]
    here = next((store for store in reward.stores if store.place == place), None)
    if here is None:
        return Obstacle("place_needed", f"Say at which store: {either(having)}.")
    if here.left == 0:
        return Obstacle("sold_out_here", f"Sold out at {here.place_name}; there is some at {listed(having)}.")
    return None


def _of_limit(reward: RewardNow) -> Obstacle | None:
    if reward.most_per_member is not None and reward.had >= reward.most_per_member:
        often = counted(reward.most_per_member, "time")
        return Obstacle("limit_reached", f"At most {often} for each member, and this one had it as often.")
    if reward.most_per_period is not None and reward.had_in_period >= reward.most_per_period:
        often = f"{counted(reward.most_per_period, 'time')} {PERIODS[reward.period]}"
        return Obstacle("limit_reached", f"At most {often} for each member, and this one had it as often.")
    return None


def _of_points(reward: RewardNow, asker: Asker) -> Obstacle | None:
    if asker.debt:
        owed = counted(asker.debt, "point")
        return Obstacle("points_owed", f"{owed} are owed; the next points pay them first.")
    if (missing := reward.points - asker.spendable) > 0:
        verb = "is" if missing == 1 else "are"
        return Obstacle("points_missing", f"{counted(missing, 'point')} {verb} missing.", missing)
    return None


def given_back_until(
    cancel_hours: int, *, redeemed_at: datetime, happens_at: datetime | None
) -> datetime | None:
    """Until when the member may give it back: so many hours from then, or before an experience begins; None: never."""
    if not cancel_hours:
        return None
    hours = timedelta(hours=cancel_hours)
    return happens_at - hours if happens_at is not None else redeemed_at + hours
