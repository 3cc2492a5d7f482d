"""What effects give, by which amounts, and for which lines."""

import pytest

from loyalty.errors import TooManyPoints
from loyalty.rules.basket import Basket, Line, Shopper
from loyalty.rules.definition import (
    Basis,
    Effect,
    FixedPoints,
    Multiplier,
    PerItem,
    PerStep,
    Proportional,
    RuleDefinition,
    Scope,
)
from loyalty.rules.settle import MOST_POINTS, Settlement, settle
from tests.loyalty.rulebook import LONG_AGO, compiled

TEA = Scope(categories=["TEA"])


def earned(*definitions: RuleDefinition, lines: list[Line], spend_points: int = 0) -> dict[str, int]:
    return {
        award.rule: award.points
        for award in bought(*definitions, lines=lines, spend_points=spend_points).awards
    }


def bought(*definitions: RuleDefinition, lines: list[Line], spend_points: int = 0) -> Settlement:
    basket = Basket(lines=lines, place_code="S1", placed_at=LONG_AGO, spend_points=spend_points)
    return settle(basket, Shopper(tier_code="", spendable=spend_points), compiled(*definitions))


def rule(effect: Effect, **basis: bool) -> RuleDefinition:
    return RuleDefinition(effect=effect, basis=Basis(**basis))


def line(minor: int, **more: object) -> Line:
    return Line(**{"sku": "A", "quantity": 1, "unit_price_minor": minor, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rounding", "minor", "points"),
    [
        ("down", 0, 0),
        ("down", 149, 1),
        ("half_up", 149, 1),
        ("half_up", 150, 2),
        ("up", 1, 1),
        ("up", 100, 1),
        ("up", 101, 2),
        ("up", 0, 0),
    ],
)
def test_points_in_proportion_are_rounded_as_declared(rounding: str, minor: int, points: int) -> None:
    effect = Proportional(points=1, per_minor=100, rounding=rounding)  # type: ignore[arg-type]
    assert earned(rule(effect), lines=[line(minor)]) == ({"rule-0": points} if points else {})


def test_what_is_missing_to_the_first_point_is_said() -> None:
    steps = bought(rule(PerStep(points=10, step_minor=100)), lines=[line(60)])
    halves = bought(rule(Proportional(points=1, per_minor=100, rounding="half_up")), lines=[line(20)])
    assert [one.missing for one in [*steps.not_applied, *halves.not_applied]] == [40, 30]


def test_points_per_item_count_the_pieces_in_scope() -> None:
    lines = [line(100, quantity=3, category="TEA"), line(100, quantity=5)]
    settlement = bought(rule(PerItem(points=2, scope=TEA)), lines=lines)
    assert [(award.points, award.lines, award.because) for award in settlement.awards] == [
        (6, [0], "Rule-0: 2 points for each of 3 pieces")
    ]


def test_basic_points_are_given_for_their_scope_alone_and_multipliers_count_on_it() -> None:
    base = rule(PerStep(points=10, step_minor=100, scope=TEA))
    lines = [line(500, category="TEA"), line(700)]
    assert earned(base, rule(Multiplier(percent=200)), lines=lines) == {"rule-0": 50, "rule-1": 50}


def test_a_scope_leaves_out_what_it_names() -> None:
    scope = Scope(departments=["GROCERY"], except_categories=["TOBACCO"], except_skus=["B"])
    lines = [
        line(300, department="GROCERY"),
        line(500, department="GROCERY", category="TOBACCO"),
        line(700, department="GROCERY", sku="B"),
        line(900, department="FUEL"),
    ]
    assert earned(rule(PerStep(points=1, step_minor=100, scope=scope)), lines=lines) == {"rule-0": 3}


def test_a_basic_rule_in_proportion_is_multiplied_too() -> None:
    base = rule(Proportional(points=1, per_minor=100, rounding="up"))
    lines = [line(250)]
    assert earned(base, rule(Multiplier(percent=300)), lines=lines) == {"rule-0": 3, "rule-1": 6}


BASKET = [
    Line(sku="A", quantity=2, unit_price_minor=1_000, discount_minor=500, tax_minor=300),
    Line(sku="SHIP", quantity=1, unit_price_minor=400, kind="shipping"),
    Line(sku="CARD", quantity=1, unit_price_minor=5_000, kind="gift_card"),
]
"""1,500 of goods after a discount of 500, of which 300 are tax; shipping and a gift card."""


@pytest.mark.parametrize(
    ("basis", "amount"),
    [
        ({}, 1_500),
        ({"before_discounts": True}, 2_000),
        ({"without_tax": True}, 1_200),
        ({"before_discounts": True, "without_tax": True}, 1_600),
        ({"with_shipping": True}, 1_900),
        ({"with_gift_cards": True}, 6_500),
        ({"with_shipping": True, "with_gift_cards": True}, 6_900),
    ],
)
def test_a_rule_counts_what_its_basis_declares(basis: dict[str, bool], amount: int) -> None:
    assert earned(rule(PerStep(points=1, step_minor=1), **basis), lines=BASKET) == {"rule-0": amount}


@pytest.mark.parametrize(
    ("basis", "amount"),
    [
        ({}, 1_000),
        ({"with_points": True}, 1_500),
        ({"without_tax": True}, 800),
        ({"before_discounts": True}, 1_500),
    ],
)
def test_what_points_pay_counts_where_it_is_declared(basis: dict[str, bool], amount: int) -> None:
    """5,000 points pay 500 of the 1,500."""
    counting = rule(PerStep(points=1, step_minor=1), **basis)
    assert earned(counting, lines=BASKET[:1], spend_points=5_000) == {"rule-0": amount}


@pytest.mark.parametrize(("minor", "points"), [(0, 0), (999, 0), (1_000, 5), (1_001, 5)])
def test_fixed_points_from_a_minimum_below_at_and_above(minor: int, points: int) -> None:
    effect = FixedPoints(points=5, minimum_minor=1_000, scope=TEA)
    lines = [line(minor, category="TEA"), line(9_000)]
    settlement = bought(rule(effect), lines=lines)
    assert settlement.points_earned == points
    assert [one.missing for one in settlement.not_applied] == ([] if points else [1_000 - minor])


def test_nothing_but_what_does_not_count_earns_nothing_and_says_so() -> None:
    settlement = bought(rule(PerStep(points=1, step_minor=1)), lines=BASKET[1:])
    assert [one.code for one in settlement.not_applied] == ["no_matching_line"]


@pytest.mark.parametrize(("lines", "is_refused"), [(1, False), (2, True)])
@pytest.mark.parametrize("shopper", [Shopper(tier_code=""), None])
def test_no_rules_give_more_points_than_a_wallet_can_hold(
    shopper: Shopper | None, lines: int, is_refused: bool
) -> None:
    programme = compiled(rule(PerStep(points=1_000_000, step_minor=10_000)))
    basket = Basket(lines=[line(10_000_000_000)] * lines, place_code="S1", placed_at=LONG_AGO)
    if not is_refused:
        assert settle(basket, shopper, programme).points_earned == (MOST_POINTS if shopper else 0)
        return
    with pytest.raises(TooManyPoints, match="give 2000000000000 points"):
        settle(basket, shopper, programme)
