"""Whether the conditions of a rule hold for a purchase; and where one does not, which, and what was missing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import msgspec

from loyalty.rules.amounts import Amounts
from loyalty.rules.basket import Basket, Shopper
from loyalty.rules.birthdays import window_around
from loyalty.rules.condition_words import Manner, words_of_condition
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
from loyalty.rules.definition import Basis
from loyalty.rules.reasons import CODES, because_of
from loyalty.rules.recurrence import is_recurring


@dataclass(frozen=True, slots=True)
class Occasion:
    """A purchase as conditions see it.

    :ivar tier_code: where the member stands; the lowest tier for nobody.
    :ivar local: the moment in the programme's timezone.
    """

    basket: Basket
    shopper: Shopper
    tier_code: str
    local: datetime
    amounts: Amounts


class Unmet(msgspec.Struct, frozen=True):
    """A condition that does not hold.

    :ivar missing: how much was missing: minor units, pieces or days; None where nothing can be counted.
    """

    code: str
    because: str
    missing: int | None = None


Test = Callable[[Occasion], Unmet | None]
"""None if the condition holds."""


def tests_of(conditions: Sequence[Condition], basis: Basis, manner: Manner) -> tuple[Test, ...]:
    """The questions whether a rule's conditions hold, asked of one purchase after the other.

    Hours over midnight belong to the day on which they begin: beside them weekdays are asked of that day.
    """
    nights = [each.ends for each in conditions if isinstance(each, Hours) and each.starts >= each.ends]
    return tuple(
        _test_of(condition, basis, manner, max(nights, default=time.min)) for condition in conditions
    )


def _test_of(condition: Condition, basis: Basis, manner: Manner, night_ends: time) -> Test:
    if isinstance(condition, Spends):
        return _spends(condition, basis, manner)
    if isinstance(condition, Buys):
        return _buys(condition, basis, manner)
    if isinstance(condition, Birthday):
        return _birthday(condition, manner)
    holds = _simple(condition, night_ends)
    code = CODES[type(condition)][0]
    unmet = Unmet(code, because_of(words_of_condition(condition, manner), code, None, manner.currency))
    return lambda occasion: None if holds(occasion) else unmet


def _simple(  # noqa: C901, PLR0911 - one arm for each kind
    condition: Condition, night_ends: time
) -> Callable[[Occasion], bool]:
    """Conditions that hold or do not. What is bought before `night_ends` is bought on the weekday before."""
    match condition:
        case TierIs(tiers=names):
            tiers = frozenset(names)
            return lambda occasion: occasion.tier_code in tiers
        case HasLabel(labels=names):
            labels = frozenset(names)
            return lambda occasion: not labels.isdisjoint(occasion.shopper.labels)
        case FirstPurchase():
            return lambda occasion: occasion.shopper.is_new
        case PlaceIs(places=names):
            places = frozenset(names)
            return lambda occasion: occasion.basket.place_code in places
        case ChannelIs(channel=channel):
            return lambda occasion: occasion.basket.place_kind == channel
        case PaidBy(kinds=names):
            kinds = frozenset(names)
            return lambda occasion: not kinds.isdisjoint(occasion.basket.paid_by)
        case Period(starts_at=starts_at, ends_at=ends_at):
            return lambda occasion: starts_at <= occasion.basket.placed_at < ends_at
        case Weekdays(days=numbers):
            days = frozenset(numbers)
            return lambda occasion: _weekday(occasion.local, night_ends) in days
        case Hours(starts=starts, ends=ends) if starts < ends:
            return lambda occasion: starts <= occasion.local.time() < ends
        case Hours(starts=starts, ends=ends):
            return lambda occasion: occasion.local.time() >= starts or occasion.local.time() < ends
        case Recurs():
            return lambda occasion: recurs_at(condition, occasion.local)
        case _:
            raise AssertionError(condition)


def _weekday(local: datetime, night_ends: time) -> int:
    """1 is Monday. The one before, as long as the night lasts that began on it."""
    day = local.isoweekday()
    return day if local.time() >= night_ends else (day - 2) % 7 + 1


def recurs_at(condition: Recurs, local: datetime) -> bool:
    """Whether a wall time lies in the window of a day that recurs.

    Wall time is all that counts: of the hour that a night repeats both turns are in, one that it leaves out is never.
    """
    day, at = local.date(), local.time()
    if condition.starts < condition.ends:
        return condition.starts <= at < condition.ends and _is_day(condition, day)
    if at >= condition.starts and _is_day(condition, day):
        return True
    return at < condition.ends and day > date.min and _is_day(condition, day - timedelta(days=1))


def recurs_on(condition: Recurs, day: date) -> bool:
    """Whether any window reaches into a day: its own, or that of the day before."""
    return _is_day(condition, day) or (day > date.min and _is_day(condition, day - timedelta(days=1)))


def _is_day(condition: Recurs, day: date) -> bool:
    return is_recurring(condition.rrule, condition.first_on, day)


def _spends(condition: Spends, basis: Basis, manner: Manner) -> Test:
    words = words_of_condition(condition, manner)

    def test(occasion: Occasion) -> Unmet | None:
        amounts = occasion.amounts
        amount = amounts.sum_of(amounts.positions(condition.scope, basis), basis)
        if amount >= condition.minimum_minor:
            return None
        missing = condition.minimum_minor - amount
        return Unmet("spend_more", because_of(words, "spend_more", missing, manner.currency), missing)

    return test


def _buys(condition: Buys, basis: Basis, manner: Manner) -> Test:
    words = words_of_condition(condition, manner)

    def test(occasion: Occasion) -> Unmet | None:
        amounts = occasion.amounts
        pieces = amounts.pieces_of(amounts.positions(condition.scope, basis))
        if pieces >= condition.pieces:
            return None
        missing = condition.pieces - pieces
        return Unmet("buy_more", because_of(words, "buy_more", missing, manner.currency), missing)

    return test


def _birthday(condition: Birthday, manner: Manner) -> Test:
    words = words_of_condition(condition, manner)

    def test(occasion: Occasion) -> Unmet | None:
        if occasion.shopper.birthday is None:
            return Unmet("birthday_unknown", because_of(words, "birthday_unknown", None, manner.currency))
        wait = days_until_birthday(occasion.local.date(), occasion.shopper.birthday, condition)
        if wait == 0:
            return None
        return Unmet("birthday", because_of(words, "birthday", wait, manner.currency), wait)

    return test


def days_until_birthday(day: date, birthday: tuple[int, int], condition: Birthday) -> int:
    """Days until the window around the birthday opens, 0 while it is open.

    :param birthday: month and day.
    """
    window = window_around(day, birthday, days_before=condition.days_before, days_after=condition.days_after)
    return 0 if window.has(day) else max((window.first - day).days, 1)
