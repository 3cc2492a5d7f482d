"""Rules compiled: a basket looks only at those that can concern it."""

import pytest

from loyalty.rules.amounts import Amounts
from loyalty.rules.basket import Basket, Line, Shopper
from loyalty.rules.definition import Condition, Multiplier, PlaceIs, RuleDefinition, Scope, TierIs
from loyalty.rules.settle import occasion_of
from tests.loyalty.rulebook import LONG_AGO, TERMS, compiled


def doubled(scope: Scope = Scope(), conditions: list[Condition] | None = None) -> RuleDefinition:  # noqa: B008 - frozen
    return RuleDefinition(effect=Multiplier(percent=200, scope=scope), conditions=conditions or [])


@pytest.mark.parametrize("sleeping", [10, 2_000])
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
