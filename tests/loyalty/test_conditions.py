"""Conditions of rules at their edges: below, at, above and at zero; and what was missing where one does not hold."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec
import pytest

from loyalty.rules.basket import Basket, Line, Shopper
from loyalty.rules.definition import (
    Basis,
    Birthday,
    Buys,
    ChannelIs,
    Condition,
    FirstPurchase,
    FixedPoints,
    HasLabel,
    Hours,
    PaidBy,
    Recurs,
    RuleDefinition,
    Scope,
    Spends,
    Weekdays,
)
from loyalty.rules.settle import Settlement, settle
from tests.loyalty.rulebook import NEW_YORK, compiled

NOON = datetime(2026, 6, 3, 16, tzinfo=UTC)
TEA = Scope(categories=["TEA"])


def tried(
    *conditions: Condition,
    basis: Basis = Basis(),  # noqa: B008 - frozen
    lines: list[Line] | None = None,
    at: datetime = NOON,
    shopper: Shopper = Shopper(tier_code=""),  # noqa: B008 - frozen
    **basket: Any,
) -> Settlement:
    """A basket settled by one rule: 50 points under these conditions."""
    definition = RuleDefinition(effect=FixedPoints(points=50), conditions=list(conditions), basis=basis)
    bought = lines or [Line(sku="A", quantity=1, unit_price_minor=100)]
    told = Basket(lines=bought, place_code="S1", placed_at=at, **basket)
    return settle(told, shopper, compiled(definition))


def said(settlement: Settlement) -> list[tuple[str, str, int | None]]:
    return [(one.code, one.because, one.missing) for one in settlement.not_applied]


def tea(minor: int, quantity: int = 1) -> Line:
    return Line(sku="T", quantity=quantity, unit_price_minor=minor, category="TEA")


@pytest.mark.parametrize(("minor", "points"), [(0, 0), (1_999, 0), (2_000, 50), (2_001, 50)])
def test_so_much_spent_below_at_and_above(minor: int, points: int) -> None:
    other = Line(sku="X", quantity=1, unit_price_minor=9_000)
    settlement = tried(Spends(minimum_minor=2_000, scope=TEA), lines=[tea(minor), other])
    assert settlement.points_earned == points


def test_how_much_more_is_to_be_spent_is_said() -> None:
    settlement = tried(Spends(minimum_minor=2_000, scope=TEA), lines=[tea(1_760)])
    because = "Rule-0: It holds only from 20.00 USD paid for category TEA; 2.40 USD more."
    assert said(settlement) == [("spend_more", because, 240)]


@pytest.mark.parametrize(("pieces", "points"), [(1, 0), (2, 0), (3, 50), (4, 50)])
def test_so_many_pieces_below_at_and_above(pieces: int, points: int) -> None:
    settlement = tried(Buys(pieces=3, scope=TEA), lines=[tea(100, quantity=pieces)])
    assert settlement.points_earned == points
    if pieces == 1:
        because = "Rule-0: It holds only from 3 pieces of category TEA; 2 more pieces."
        assert said(settlement) == [("buy_more", because, 2)]


@pytest.mark.parametrize(
    ("condition", "holding", "failing", "code"),
    [
        (FirstPurchase(), {"shopper": Shopper(tier_code="", is_new=True)}, {}, "not_first_purchase"),
        (HasLabel(labels=["vip"]), {"shopper": Shopper(tier_code="", labels=["vip"])}, {}, "label"),
        (
            ChannelIs(channel="web_shop"),
            {"place_kind": "web_shop"},
            {"place_kind": "store"},
            "channel",
        ),
        (PaidBy(kinds=["card"]), {"paid_by": ["cash", "card"]}, {"paid_by": ["cash"]}, "payment"),
    ],
)
def test_a_condition_holds_or_says_that_it_does_not(
    condition: Condition, holding: dict[str, Any], failing: dict[str, Any], code: str
) -> None:
    """A rule that is looked up by what it demands is not even asked; beside another demand it says why."""
    assert tried(condition, **holding).points_earned == 50
    assert tried(condition, **failing).points_earned == 0
    beside = tried(Buys(pieces=1, scope=TEA), condition, lines=[tea(100)], **failing)
    assert [one.code for one in beside.not_applied] == [code]


@pytest.mark.parametrize(
    ("day", "points", "wait"),
    [
        (date(2026, 6, 6), 0, 1),
        (date(2026, 6, 7), 50, 0),
        (date(2026, 6, 10), 50, 0),
        (date(2026, 6, 11), 50, 0),
        (date(2026, 6, 12), 0, 360),
    ],
)
def test_the_days_around_a_birthday(day: date, points: int, wait: int) -> None:
    """Three days before and one after 10 June."""
    at = datetime.combine(day, time(12), tzinfo=NEW_YORK)
    shopper = Shopper(tier_code="", birthday=(6, 10))
    settlement = tried(Birthday(days_before=3, days_after=1), at=at, shopper=shopper)
    assert settlement.points_earned == points
    assert [one.missing for one in settlement.not_applied] == ([wait] if wait else [])


def test_a_birthday_is_a_day_of_the_programmes_timezone() -> None:
    shopper = Shopper(tier_code="", birthday=(6, 10))
    before_midnight = datetime(2026, 6, 11, 3, 59, tzinfo=UTC)
    assert tried(Birthday(), at=before_midnight, shopper=shopper).points_earned == 50
    assert tried(Birthday(), at=before_midnight + timedelta(minutes=1), shopper=shopper).points_earned == 0


@pytest.mark.parametrize(
    ("day", "points"),
    [
        (date(2026, 2, 27), 0),
        (date(2026, 2, 28), 50),
        (date(2026, 3, 1), 0),
        (date(2028, 2, 28), 0),
        (date(2028, 2, 29), 50),
    ],
)
def test_who_was_born_on_29_february_has_a_birthday_each_year(day: date, points: int) -> None:
    at = datetime.combine(day, time(12), tzinfo=NEW_YORK)
    assert tried(Birthday(), at=at, shopper=Shopper(tier_code="", birthday=(2, 29))).points_earned == points


def test_a_birthday_around_new_year_reaches_into_both_years() -> None:
    shopper = Shopper(tier_code="", birthday=(1, 2))
    new_years_eve = datetime(2026, 12, 31, 12, tzinfo=NEW_YORK)
    assert tried(Birthday(days_before=2), at=new_years_eve, shopper=shopper).points_earned == 50


def test_an_unknown_birthday_is_said() -> None:
    beside = tried(Buys(pieces=1, scope=TEA), Birthday(), lines=[tea(100)])
    assert [one.code for one in beside.not_applied] == ["birthday_unknown"]


@pytest.mark.parametrize(
    ("rrule", "days"),
    [
        ("FREQ=MONTHLY;BYDAY=1FR", [date(2026, 1, 2), date(2026, 2, 6)]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=WE", [date(2026, 1, 14), date(2026, 1, 28)]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", [date(2026, 1, 31)]),
        ("FREQ=YEARLY;UNTIL=20270101", [date(2026, 1, 1)]),
    ],
)
def test_days_recur(rrule: str, days: list[date]) -> None:
    condition = Recurs(rrule=rrule, first_on=date(2026, 1, 1))
    found = [
        day
        for number in range(40)
        if tried(
            condition,
            at=datetime.combine(day := date(2025, 12, 31) + timedelta(number), time(12), tzinfo=NEW_YORK),
        ).points_earned
    ]
    assert found == days


WINDOW = Recurs(rrule="FREQ=DAILY", first_on=date(2026, 1, 1), starts=time(1), ends=time(3))


@pytest.mark.parametrize(
    ("night", "utc_hours"),
    [
        (date(2026, 3, 7), [6, 7]),
        (date(2026, 3, 8), [6]),
        (date(2026, 11, 1), [5, 6, 7]),
        (date(2026, 11, 2), [6, 7]),
    ],
)
def test_never_27_a_window_keeps_its_wall_time_on_the_nights_when_clocks_change(
    night: date, utc_hours: list[int]
) -> None:
    """From one to three by the clock on the wall: one hour long when two is left out, three when one comes twice."""
    midnight = datetime.combine(night, time(0), tzinfo=UTC)
    hours = [
        hour
        for hour in range(4, 12)
        if tried(WINDOW, at=midnight + timedelta(hours=hour)).points_earned
        and tried(WINDOW, at=midnight + timedelta(hours=hour, minutes=59)).points_earned
    ]
    assert hours == utc_hours


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_starts() -> None:
    fridays = Recurs(rrule="FREQ=WEEKLY;BYDAY=FR", first_on=date(2026, 1, 1), starts=time(22), ends=time(2))
    friday = datetime(2026, 6, 5, tzinfo=NEW_YORK)
    assert [
        tried(fridays, at=friday + timedelta(hours=hour)).points_earned for hour in (1, 21, 22, 25, 26)
    ] == [0, 0, 50, 50, 0]


@pytest.mark.parametrize(
    ("days", "night", "utc_hours"),
    [
        ([3], date(2026, 6, 2), []),
        ([3], date(2026, 6, 3), [26, 27, 28, 29]),
        ([3], date(2026, 6, 4), []),
        ([6], date(2026, 3, 7), [27, 28, 29, 30]),
        ([6], date(2026, 10, 31), [26, 27, 28, 29, 30]),
        ([7], date(2026, 3, 7), []),
        ([7], date(2026, 10, 31), []),
        ([6, 7], date(2026, 3, 8), [26, 27, 28, 29]),
    ],
)
def test_hours_over_midnight_belong_to_the_weekday_on_which_they_start(
    days: list[int], night: date, utc_hours: list[int]
) -> None:
    """From ten to two by the clock on the wall; on the last night of summer time one o'clock comes twice."""
    window = Weekdays(days=days), Hours(starts=time(22), ends=time(2))
    midnight = datetime.combine(night, time(0), tzinfo=UTC)
    found = [
        hour
        for hour in range(16, 36)
        if tried(*window, at=midnight + timedelta(hours=hour)).points_earned
        and tried(*window, at=midnight + timedelta(hours=hour, minutes=59)).points_earned
    ]
    assert found == utc_hours


@pytest.mark.parametrize(("starts", "ends"), [(time(18), time(0)), (time(18), time(20))])
def test_hours_up_to_midnight_leave_the_weekdays_alone(starts: time, ends: time) -> None:
    window = Weekdays(days=[3]), Hours(starts=starts, ends=ends)
    wednesday = datetime(2026, 6, 3, tzinfo=NEW_YORK)
    hours = [
        hour for hour in range(72) if tried(*window, at=wednesday + timedelta(hours=hour - 24)).points_earned
    ]
    assert hours == [24 + hour for hour in range(18, ends.hour or 24)]


@pytest.mark.parametrize(
    "rrule",
    [
        "FREQ=HOURLY",
        "FREQ=DAILY;BYHOUR=3",
        "FREQ=DAILY;COUNT=3",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYDAY=XX",
        "every friday",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;INTERVAL=1000",
        "FREQ=YEARLY;BYMONTH=1,13",
        "FREQ=YEARLY;BYMONTH=-20,1",
        "FREQ=MONTHLY;BYMONTHDAY=0,1",
        "FREQ=WEEKLY;BYDAY=FR(1)",
    ],
)
def test_what_is_no_recurrence_of_days_is_refused_with_its_place(rrule: str) -> None:
    data = {"type": "recurs", "rrule": rrule, "first_on": "2026-01-01"}
    with pytest.raises(msgspec.ValidationError, match="conditions"):
        msgspec.convert({"effect": {"type": "fixed", "points": 1}, "conditions": [data]}, RuleDefinition)


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"type": "hours", "starts": "10:00:00Z", "ends": "12:00:00"}, "starts"),
        ({"type": "hours", "starts": "10:00:00", "ends": "12:00:00+02:00"}, "ends"),
        (
            {"type": "recurs", "rrule": "FREQ=DAILY", "first_on": "2026-01-01", "starts": "10:00:00Z"},
            "starts",
        ),
        (
            {"type": "period", "starts_at": "2026-01-01T00:00:00", "ends_at": "2026-02-01T00:00:00Z"},
            "starts_at",
        ),
    ],
)
def test_wall_times_are_in_no_zone_and_moments_are_in_one(data: dict[str, str], place: str) -> None:
    rule = {"effect": {"type": "fixed", "points": 1}, "conditions": [data]}
    with pytest.raises(msgspec.ValidationError, match=rf"conditions\[0\]\.{place}`"):
        msgspec.convert(rule, RuleDefinition)


def test_who_shops_is_not_told_which_segment_they_are_not_in() -> None:
    settlement = tried(Buys(pieces=1, scope=TEA), HasLabel(labels=["likely-to-leave"]), lines=[tea(100)])
    assert said(settlement) == [("label", "Rule-0: It holds only for chosen members.", None)]
