"""Challenges without a database: what counts, how far steps lead, and how it is said."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, strategies as st

from loyalty.rules.challenge_counting import LineNow, PurchaseNow, units_of
from loyalty.rules.challenge_standing import Step, period_of, progress_of, reached_by
from loyalty.rules.challenge_words import sentence_of_challenge, words_of_missing, words_of_reached
from loyalty.rules.challenges import (
    Acts,
    ChallengeDefinition,
    GivesPoints,
    GivesVoucher,
    Goal,
    Mission,
    Purchases,
    Referral,
    StampCard,
    Streak,
)
from loyalty.rules.condition_words import Manner
from loyalty.rules.conditions import Hours, Spends
from loyalty.rules.scope import Scope

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 3, 23, 12, tzinfo=UTC)
"""In the week that ends with the shortest day of the year in Berlin."""


def challenge(goal: Goal, **more: Any) -> ChallengeDefinition:
    return ChallengeDefinition(goal=goal, **({"gives": GivesPoints(points=500)} | more))


def steps(*days: int, units: int = 1) -> list[Step]:
    """A step at noon of each of these days, counted from that Monday."""
    moments = [MONDAY + timedelta(days=day) for day in days]
    return [
        Step(cause=f"o{at}", happened_at=moment, happened_on=moment.date(), units=units)
        for at, moment in enumerate(moments)
    ]


def bought(*lines: tuple[int, int, int], at: datetime = MONDAY) -> PurchaseNow:
    """Lines of (quantity, returned, paid for one)."""
    return PurchaseNow(
        order_ref="ord_1",
        member_id=1,
        programme_id=1,
        place_code="S1",
        place_kind="store",
        placed_at=at,
        paid_by=["card"],
        lines=[
            LineNow(
                sku=f"SKU-{position}",
                category="tea",
                department="",
                brand="",
                kind="goods",
                quantity=quantity,
                returned=returned,
                unit_price_minor=paid,
                discount_minor=0,
                tax_minor=0,
                paid_minor=quantity * paid,
            )
            for position, (quantity, returned, paid) in enumerate(lines)
        ],
    )


@pytest.mark.parametrize(
    ("goal", "purchase", "units"),
    [
        (StampCard(stamps=9), bought((3, 1, 100), (1, 0, 100)), 3),
        (StampCard(stamps=9), bought((3, 3, 100)), 0),
        (StampCard(stamps=9), bought((3, 0, 0)), 0),
        (StampCard(stamps=9, of=Purchases(scope=Scope(skus=["SKU-1"]))), bought((3, 0, 100), (2, 0, 100)), 2),
        (StampCard(stamps=9, per="purchase"), bought((3, 1, 100)), 1),
        (StampCard(stamps=9, per="amount", amount_minor=150), bought((3, 0, 100)), 2),
        (StampCard(stamps=9, per="amount", amount_minor=150), bought((3, 1, 100)), 1),
        (Mission(times=3, of=Purchases(conditions=[Spends(minimum_minor=300)])), bought((3, 0, 100)), 1),
        (Mission(times=3, of=Purchases(conditions=[Spends(minimum_minor=300)])), bought((3, 1, 100)), 0),
        (Mission(times=3, of=Acts(act="review")), bought((3, 0, 100)), 0),
        (Referral(), bought((3, 0, 100)), 0),
    ],
)
def test_a_purchase_counts_by_what_was_kept_of_it(goal: Goal, purchase: PurchaseNow, units: int) -> None:
    assert units_of(goal, BERLIN)(purchase) == units


@pytest.mark.parametrize(("hour", "units"), [(4, 0), (5, 1), (8, 1), (9, 0)])
def test_breakfast_is_told_by_the_programmes_clock(hour: int, units: int) -> None:
    breakfast = msgspec.convert({"type": "hours", "starts": "07:00:00", "ends": "11:00:00"}, Hours)
    goal = Mission(times=3, of=Purchases(conditions=[breakfast]))
    summer = datetime(2026, 3, 29, hour, 30, tzinfo=UTC)
    assert units_of(goal, BERLIN)(bought((1, 0, 100), at=summer)) == units


def test_cards_are_filled_one_after_the_other() -> None:
    progress = progress_of(challenge(StampCard(stamps=3), most=None), steps(0, 1, units=4))
    assert (progress.reached, [one.cause for one in progress.completions]) == (2, ["o0", "o1"])
    assert not progress.is_over


def test_what_is_complete_often_enough_is_over() -> None:
    progress = progress_of(challenge(StampCard(stamps=3), most=2), steps(0, 1, units=40))
    assert (progress.reached, progress.missing, len(progress.completions), progress.is_over) == (
        3,
        0,
        2,
        True,
    )


def test_of_one_day_only_one_purchase_counts_where_the_days_must_differ() -> None:
    told = [*steps(0, 0, 1), *steps(1)]
    assert progress_of(challenge(Mission(times=3, on_different_days=True)), told).reached == 2
    assert progress_of(challenge(Mission(times=3)), steps(0, 0, 1, units=5)).is_over


@pytest.mark.parametrize(
    ("unit", "days", "reached", "completions"),
    [
        ("day", [0, 1, 3], 1, 0),
        ("day", [0, 1, 2], 3, 1),
        ("day", [5, 6, 7, 8], 1, 1),
        ("week", [0, 6, 7, 20], 3, 1),
        ("week", [0, 6, 14], 1, 0),
        ("month", [0, 10, 40], 3, 1),
    ],
)
def test_a_streak_is_broken_by_a_period_without_anything(
    unit: Any, days: list[int], reached: int, completions: int
) -> None:
    definition = challenge(Streak(length=3, unit=unit), most=None)
    progress = progress_of(definition, steps(*days))
    assert len(progress.completions) == completions
    assert progress.reached == (0 if reached == 3 else reached)


def test_a_run_that_a_late_purchase_joins_is_one() -> None:
    definition = challenge(Streak(length=5, unit="day"))
    assert not progress_of(definition, steps(0, 1, 3, 4)).is_over
    assert progress_of(definition, [*steps(0, 1, 3, 4), *steps(2)]).is_over


def test_a_run_is_still_alive_in_the_period_after_its_last_one() -> None:
    definition = challenge(Streak(length=9, unit="week"))
    progress = progress_of(definition, steps(0, 7))
    reached = [reached_by(definition, progress, date(2026, 4, day)) for day in (5, 6, 12, 13)]
    assert reached == [2, 2, 2, 0]


def test_weeks_and_months_are_numbered_without_gaps() -> None:
    weeks = Streak(length=2, unit="week")
    numbers = [period_of(weeks, date(2025, 12, 29) + timedelta(days=day)) for day in range(14)]
    assert numbers == [numbers[0]] * 7 + [numbers[0] + 1] * 7
    months = Streak(length=2, unit="month")
    assert period_of(months, date(2026, 1, 1)) - period_of(months, date(2025, 12, 31)) == 1


GOALS = st.sampled_from(
    [
        StampCard(stamps=4),
        Mission(times=3),
        Mission(times=3, on_different_days=True),
        Streak(length=3, unit="day"),
        Streak(length=2, unit="week"),
    ]
)
TOLD = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5)), max_size=12)


@given(goal=GOALS, told=TOLD, most=st.sampled_from([None, 1, 3]), turn=st.integers(0, 11))
def test_any_order_ends_in_the_same_progress(goal: Goal, told: Any, most: int | None, turn: int) -> None:
    definition = challenge(goal, most=most)
    made = [
        msgspec.structs.replace(step, cause=f"o{at}")
        for at, (day, units) in enumerate(told)
        for step in steps(day, units=units)
    ]
    other_order = [*made[turn:], *made[:turn]][::-1]
    assert progress_of(definition, other_order) == progress_of(definition, made)


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        (
            challenge(StampCard(stamps=9, of=Purchases(scope=Scope(categories=["TEA"]))), most=None),
            "Collect 9 stamps, one for each piece of category TEA: 500 points, as often as you like.",
        ),
        (
            challenge(Mission(times=3, on_different_days=True), badge="Early bird"),
            "Make it 3 purchases, on different days: 500 points and the badge Early bird, once.",
        ),
        (
            challenge(Streak(length=4, unit="week"), gives=GivesVoucher(series="tea"), most=2),
            "Make it 4 weeks in a row with a purchase: the voucher Free tea, at most 2 times.",
        ),
        (
            challenge(Mission(times=1, of=Acts(act="review"))),
            "Make it 1 time of “Review”: 500 points, once.",
        ),
    ],
)
def test_a_challenge_is_said_in_a_sentence(definition: ChallengeDefinition, said: str) -> None:
    manner = Manner(currency="USD")
    words = sentence_of_challenge(definition, manner, series={"tea": "Free tea"}, acts={"review": "Review"})
    assert words == said


def test_what_is_missing_is_said() -> None:
    card = challenge(StampCard(stamps=9))
    assert words_of_missing(card, 2) == "2 more stamps until 500 points"
    assert words_of_missing(card, 1) == "1 more stamp until 500 points"
    assert words_of_reached(card.goal, 7, 9) == "7 of 9 stamps"


@pytest.mark.parametrize(
    "odd",
    [
        {"goal": {"type": "stamp_card", "stamps": 9, "per": "amount"}, "badge": "B"},
        {"goal": {"type": "stamp_card", "stamps": 9, "of": {"type": "acts", "act": "review"}}, "badge": "B"},
        {"goal": {"type": "mission", "times": 0}, "badge": "B"},
        {"goal": {"type": "mission", "times": 3}},
    ],
)
def test_what_makes_no_sense_is_no_challenge(odd: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(odd, ChallengeDefinition)
