"""How rules meet: they add up, only the best of a group counts, or the first by priority; and what caps leave."""

from datetime import UTC, datetime

import msgspec
import pytest

from loyalty.rules.basket import Basket, Line, Shopper, Use
from loyalty.rules.definition import (
    BestOf,
    Cap,
    FirstOf,
    FixedPoints,
    Multiplier,
    PerStep,
    Proportional,
    RuleDefinition,
    Scope,
)
from loyalty.rules.settle import Settlement, settle
from tests.loyalty.rulebook import compiled

NOON = datetime(2026, 6, 3, 16, tzinfo=UTC)


def bought(*definitions: RuleDefinition, minor: int = 1_000, used: list[Use] | None = None) -> Settlement:
    lines = [Line(sku="A", quantity=1, unit_price_minor=minor)]
    basket = Basket(lines=lines, place_code="S1", placed_at=NOON)
    return settle(basket, Shopper(tier_code="", used=used or []), compiled(*definitions))


def earned(*definitions: RuleDefinition, minor: int = 1_000) -> dict[str, int]:
    return {award.rule: award.points for award in bought(*definitions, minor=minor).awards}


def fixed(points: int, meets: BestOf | FirstOf | None = None) -> RuleDefinition:
    return RuleDefinition(effect=FixedPoints(points=points), meets=meets)


BEST, OTHER = BestOf(group="weekend"), BestOf(group="birthday")


def test_rules_add_up_unless_they_say_otherwise() -> None:
    assert earned(fixed(10), fixed(20), fixed(5, BEST)) == {"rule-0": 10, "rule-1": 20, "rule-2": 5}


def test_of_a_group_the_best_counts_and_the_answer_names_it() -> None:
    settlement = bought(fixed(10, BEST), fixed(30, BEST), fixed(20, BEST), fixed(7, OTHER), fixed(1))
    assert {award.rule: award.points for award in settlement.awards} == {
        "rule-1": 30,
        "rule-3": 7,
        "rule-4": 1,
    }
    assert [(one.what, one.code, one.because) for one in settlement.not_applied] == [
        (
            f"rule rule-{number}",
            "not_the_best",
            f"Rule-{number}: Rule-1 gives more, and of weekend only the best counts.",
        )
        for number in (0, 2)
    ]


def test_of_equals_the_one_that_comes_first_counts() -> None:
    assert earned(fixed(10, BEST), fixed(10, BEST)) == {"rule-0": 10}


def test_by_priority_the_first_counts_even_if_others_gave_more() -> None:
    low, high = FirstOf(group="one", priority=1), FirstOf(group="one", priority=2)
    settlement = bought(fixed(500, low), fixed(10, high))
    assert [award.rule for award in settlement.awards] == ["rule-1"]
    assert [one.code for one in settlement.not_applied] == ["others_go_first"]


def test_a_rule_that_gives_nothing_leaves_nobody_out() -> None:
    high = RuleDefinition(
        effect=FixedPoints(points=10, minimum_minor=5_000), meets=FirstOf(group="one", priority=9)
    )
    assert earned(fixed(3, FirstOf(group="one")), high) == {"rule-0": 3}


def test_multipliers_count_on_the_basic_rules_that_were_not_left_out() -> None:
    small = RuleDefinition(effect=PerStep(points=1, step_minor=100), meets=BEST)
    large = RuleDefinition(effect=PerStep(points=3, step_minor=100), meets=BEST)
    double = RuleDefinition(effect=Multiplier(percent=200))
    assert earned(small, large, double) == {"rule-1": 30, "rule-2": 30}


def capped(*caps: Cap, when_short: str = "part", points: int = 50) -> RuleDefinition:
    return RuleDefinition(
        effect=FixedPoints(points=points),
        caps=list(caps),
        when_short=when_short,  # type: ignore[arg-type]
    )


def used(points: int, *, bucket: str = "", of_member: bool = False) -> list[Use]:
    return [Use(rule="rule-0", bucket=bucket, of_member=of_member, points=points)]


@pytest.mark.parametrize(
    ("so_far", "part", "none"), [(0, 50, 50), (50, 50, 50), (51, 49, 0), (99, 1, 0), (100, 0, 0), (120, 0, 0)]
)
def test_never_13_a_cap_gives_what_is_left_below_at_and_above(so_far: int, part: int, none: int) -> None:
    cap = Cap(per="total", points=100)
    assert bought(capped(cap), used=used(so_far)).points_earned == part
    assert bought(capped(cap, when_short="none"), used=used(so_far)).points_earned == none


def test_what_a_cap_took_is_said() -> None:
    settlement = bought(
        capped(Cap(per="member_day", points=500)), used=used(480, bucket="2026-06-03", of_member=True)
    )
    assert settlement.points_earned == 20
    assert settlement.awards[-1].because.endswith("; its cap lets 20 of them count")
    (cut,) = settlement.not_applied
    assert (cut.code, cut.missing) == ("cap_reached", 30)
    assert cut.because == "Rule-0: 20 points of 50: at most 500 points for each member a day."


def test_each_cap_counts_where_it_says() -> None:
    """What was given on another day, to others or by other rules does not count."""
    caps = [Cap(per="member", points=60), Cap(per="day", points=200)]
    elsewhere = [
        Use(rule="rule-0", bucket="2026-06-02", of_member=False, points=200),
        Use(rule="rule-0", bucket="2026-06-03", of_member=True, points=200),
        Use(rule="rule-9", bucket="", of_member=True, points=60),
    ]
    (award,) = bought(capped(*caps), used=elsewhere).awards
    assert award.points == 50
    assert [(limit.bucket, limit.of_member, limit.most) for limit in award.limits] == [
        ("", True, 60),
        ("2026-06-03", False, 200),
    ]


def test_a_budget_in_money_counts_points_by_what_they_pay() -> None:
    """Ten points pay a cent: 0.07 buys 70 points; of two caps in one counter the lesser counts."""
    caps = [Cap(per="total", minor=7), Cap(per="total", points=1_000)]
    (award,) = bought(capped(*caps, points=100)).awards
    assert (award.points, [limit.most for limit in award.limits]) == (70, [70])


DOUBLE = RuleDefinition(effect=Multiplier(percent=200))


def capped_basic(points: int, when_short: str = "part") -> RuleDefinition:
    return RuleDefinition(
        effect=PerStep(points=10, step_minor=100),
        caps=[Cap(per="total", points=points)],
        when_short=when_short,  # type: ignore[arg-type]
    )


def test_never_13_a_multiplier_gives_nothing_on_a_budget_that_is_used_up() -> None:
    settlement = bought(capped_basic(100), DOUBLE, used=used(100))
    assert settlement.points_earned == 0
    assert [(one.code, one.because) for one in settlement.not_applied] == [
        ("cap_reached", "0 points of 100: at most 100 points in all."),
        ("no_basic_points", "Rule-1: it multiplies 0 basic points, and that gives none."),
    ]
    assert bought(capped_basic(100, "none"), DOUBLE, used=used(1)).points_earned == 0


def test_a_multiplier_counts_its_lines_part_of_what_a_cap_left() -> None:
    """Of 100 basic points 45 are left; a third of the money is tea's: 33 points before, 14 of what is left."""
    tea = RuleDefinition(effect=Multiplier(percent=200, scope=Scope(categories=["TEA"])))
    lines = [
        Line(sku="T", quantity=1, unit_price_minor=330, category="TEA"),
        Line(sku="X", quantity=1, unit_price_minor=670),
    ]
    basket = Basket(lines=lines, place_code="S1", placed_at=NOON)
    basic = RuleDefinition(effect=Proportional(points=10, per_minor=100), caps=[Cap(per="total", points=100)])
    settlement = settle(basket, Shopper(tier_code="", used=used(55)), compiled(basic, tea, DOUBLE))
    assert {award.rule: award.points for award in settlement.awards} == {
        "rule-0": 45,
        "rule-1": 14,
        "rule-2": 45,
    }
    assert settlement.awards[1].because == ("Rule-1: double points on 3.30 USD, 14 more than the basic 14")


@pytest.mark.parametrize("cap", [{"per": "day"}, {"per": "day", "points": 1, "minor": 1}])
def test_a_cap_is_in_points_in_money_or_in_times(cap: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError, match="in points, in money or in times"):
        msgspec.convert(cap, Cap)
