"""Rules compiled: a basket looks only at those that can concern it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from loyalty.rules.basket import Basket, Line
from loyalty.rules.compile import Programme, Terms, compile_programme
from loyalty.rules.definition import Condition, Multiplier, PlaceIs, RuleDefinition, Scope, TierIs

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
TERMS = Terms(
    programme_id=1,
    programme_code="shop",
    currency="USD",
    zone=ZoneInfo("America/New_York"),
    burn_points=10,
    burn_minor=1,
    maturity_days=0,
    expiry_days=None,
)


def compiled(*definitions: RuleDefinition) -> Programme:
    versions = [
        (number, f"rule-{number}", "", 1, definition, LONG_AGO, None)
        for number, definition in enumerate(definitions)
    ]
    return compile_programme(stamp=1, terms=TERMS, ladder=(), versions=versions)


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

    candidates = programme.candidates(basket, "gold")

    assert [rule.version_id for rule in candidates] == [len(others), len(others) + 1, len(others) + 2]
