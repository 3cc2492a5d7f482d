"""What a bonus gave for a line goes back with that line, whatever was paid for it."""

from datetime import UTC, datetime, timedelta

import pytest

from loyalty.rules.definition import Effect, Multiplier, PerItem, PerStep, RuleDefinition, Scope
from loyalty.services.rules import publish_rule
from loyalty.services.verification import verify_ledger
from tests.loyalty.conftest import LONG_AGO, Shop, basket
from tests.loyalty.test_returns import bring_back

pytestmark = pytest.mark.django_db


def publish(shop: Shop, code: str, effect: Effect) -> None:
    """A rule that holds since the day after the shop's own."""
    publish_rule(
        programme_id=shop.programme.pk,
        code=code,
        name=code,
        definition=RuleDefinition(effect=effect),
        live_from=LONG_AGO + timedelta(days=1),
        made_by="test",
        now=LONG_AGO + timedelta(days=1),
    )


def taken_line_by_line(shop: Shop, *lines: dict[str, object]) -> list[int]:
    """Buy one of each line, bring them back one after the other: the points that each takes along."""
    body = basket(member=shop.enrol())
    body["lines"] = [{"sku": "S", "quantity": 1, **line} for line in lines]
    ref = shop.commit(body).json()["order"]["ref"]
    taken = [
        bring_back(shop, ref, {line: 1}).json()["undone"]["points_taken_back"] for line in range(len(lines))
    ]
    assert verify_ledger(now=datetime.now(UTC)) == []
    return taken


@pytest.mark.parametrize("prices", [(100, 1_000), (0, 1_000), (1_000, 100), (0, 0)])
def test_points_per_piece_go_back_by_pieces(shop: Shop, prices: tuple[int, int]) -> None:
    publish(shop, "refill", PerItem(points=5, scope=Scope(skus=["REFILL"])))
    lines = [{"sku": "REFILL", "unit_price_minor": price} for price in prices]
    basic = [price // 100 * 10 for price in prices]
    assert taken_line_by_line(shop, *lines) == [5 + basic[0], 5 + basic[1]]


def test_multiplied_points_go_back_where_the_basic_points_were_earned(shop: Shop) -> None:
    publish(shop, "double", Multiplier(percent=200))
    publish(shop, "tea", PerStep(step_minor=100, points=7, scope=Scope(categories=["TEA"])))
    tea, other = {"category": "TEA", "unit_price_minor": 1_000}, {"unit_price_minor": 1_000}
    assert taken_line_by_line(shop, other, tea) == [200, 340]


def test_lines_that_no_basic_rule_counted_take_no_multiplied_points_along(shop: Shop) -> None:
    publish(shop, "base", PerStep(step_minor=100, points=10, scope=Scope(categories=["TEA"])))
    publish(shop, "double", Multiplier(percent=200))
    tea, other = {"category": "TEA", "unit_price_minor": 1_000}, {"unit_price_minor": 1_000}
    assert taken_line_by_line(shop, other, tea) == [0, 200]
