"""Rules compiled: a basket looks only at those that can concern it."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from loyalty.rules.amounts import Amounts
from loyalty.rules.basket import Basket, Line, Shopper
from loyalty.rules.compile import FEW
from loyalty.rules.definition import (
    Condition,
    FixedPoints,
    Hours,
    Multiplier,
    Period,
    PlaceIs,
    Recurs,
    RuleDefinition,
    Scope,
    TierIs,
)
from loyalty.rules.settle import occasion_of, settle
from tests.loyalty.rulebook import LONG_AGO, TERMS, compiled


def doubled(scope: Scope = Scope(), conditions: list[Condition] | None = None) -> RuleDefinition:  # noqa: B008 - frozen
    return RuleDefinition(effect=Multiplier(percent=200, scope=scope), conditions=conditions or [])


@pytest.mark.parametrize("sleeping", [20, 2_000])
def test_never_14_sleeping_rules_cost_a_basket_nothing(sleeping: int) -> None:
    """However many rules there are for other goods, tiers and places, three are looked at."""
    others = [
        rule
        for number in range(sleeping)
        for rule in (
            doubled(Scope(categories=[f"category-{number}"])),
            doubled(Scope(skus=[f"sku-{number}"])),
            doubled(conditions=[TierIs(tiers=[f"tier-{number}"])]),
            doubled(conditions=[PlaceIs(places=[f"place-{number}"])]),
        )
    ]
    own = [doubled(), doubled(Scope(categories=["tea"])), doubled(conditions=[TierIs(tiers=["gold"])])]
    programme = compiled(*others, *own)
    lines = [Line(sku="TEA", quantity=1, unit_price_minor=100, category="tea")] * 5
    basket = Basket(lines=lines, place_code="S1", placed_at=LONG_AGO)
    amounts = Amounts(lines, [100] * 5, [100] * 5)

    candidates = programme.candidates(occasion_of(basket, Shopper(tier_code=""), "gold", TERMS, amounts))

    assert [rule.version_id for rule in candidates] == [len(others), len(others) + 1, len(others) + 2]


def test_of_few_rules_each_that_could_be_for_these_goods_says_why_not() -> None:
    """With many, who demands another tier or hour is not even looked at."""
    evening = doubled(conditions=[Hours(starts=time(18), ends=time(22))])
    for_gold = doubled(conditions=[TierIs(tiers=["gold"])])
    for_others = doubled(Scope(categories=["coffee"]))
    lines = [Line(sku="TEA", quantity=1, unit_price_minor=100, category="tea")]
    basket = Basket(lines=lines, place_code="S1", placed_at=datetime(2026, 6, 3, 16, tzinfo=UTC))
    few = compiled(evening, for_gold, for_others)
    many = compiled(evening, for_gold, *[for_others] * FEW)

    said = [one.because for one in settle(basket, Shopper(tier_code="basic"), few).not_applied]

    assert said == [
        "Rule-0: It holds only between 18:00 and 22:00.",
        "Rule-1: It holds only for members on gold.",
    ]
    assert settle(basket, Shopper(tier_code="basic"), many).not_applied == []


@pytest.mark.parametrize(
    ("starts", "ends"),
    [("18:00", "00:00"), ("22:30", "02:15"), ("08:10", "08:50"), ("08:50", "08:10"), ("00:00", "00:00")],
)
def test_among_many_rules_those_of_the_hour_are_found_at_any_minute(starts: str, ends: str) -> None:
    hours = Hours(starts=time.fromisoformat(starts), ends=time.fromisoformat(ends))
    rule = RuleDefinition(effect=FixedPoints(points=5), conditions=[hours])
    others = doubled(Scope(categories=["coffee"]))
    few, many = compiled(rule), compiled(rule, *[others] * FEW)
    lines = [Line(sku="TEA", quantity=1, unit_price_minor=100)]
    for minute in range(0, 24 * 60, 5):
        at = datetime(2026, 6, 3, tzinfo=UTC) + timedelta(minutes=minute)
        basket = Basket(lines=lines, place_code="S1", placed_at=at)
        earned = [settle(basket, Shopper(tier_code=""), each).points_earned for each in (few, many)]
        assert earned[0] == earned[1]


def test_among_many_rules_those_of_the_day_are_found_whatever_was_asked_before() -> None:
    fridays = Recurs(rrule="FREQ=WEEKLY;BYDAY=FR", first_on=date(2026, 1, 1), starts=time(22), ends=time(2))
    june = Period(starts_at=datetime(2026, 6, 6, tzinfo=UTC), ends_at=datetime(2026, 6, 20, tzinfo=UTC))
    rules = [
        RuleDefinition(effect=FixedPoints(points=5), conditions=[condition]) for condition in (fridays, june)
    ]
    far = Period(starts_at=datetime(2030, 1, 1, tzinfo=UTC), ends_at=datetime(2030, 1, 2, tzinfo=UTC))
    few, many = compiled(*rules), compiled(*rules, *[doubled(conditions=[far])] * FEW)
    lines = [Line(sku="TEA", quantity=1, unit_price_minor=100)]
    for hour in range(24 * 30):
        at = datetime(2026, 6, 1, tzinfo=UTC) + timedelta(hours=hour)
        basket = Basket(lines=lines, place_code="S1", placed_at=at)
        earned = [settle(basket, Shopper(tier_code=""), each).points_earned for each in (few, many)]
        assert earned[0] == earned[1]
    assert many.always != few.always
