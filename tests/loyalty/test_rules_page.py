"""`docs/rules.md`: each example says what stands above it, can be said in the form, and gives what it promises."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from loyalty.admin.rule_answers import is_sayable
from loyalty.rules.acts import Act, settle_act
from loyalty.rules.basket import Basket, Line, Shopper, Use
from loyalty.rules.definition import PerStep, RuleDefinition
from loyalty.rules.settle import settle
from loyalty.rules.words import sentence_of
from tests.loyalty.rulebook import compiled

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "rules.md").read_text()
EXAMPLES = {
    int(number): (sentence, data)
    for number, sentence, data in re.findall(
        r"^### (\d+)\. .*?\n> (.*?)\n\n```json\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL
    )
}
BASE = RuleDefinition(effect=PerStep(points=10, step_minor=100))
"""What bonuses come on top of."""

NOON = "2026-06-03T16:00Z"
"""A Wednesday, at noon in New York."""


WHO = ("is_new", "birthday", "labels", "spendable", "used")
GIVEN = Use(rule="rule-0", bucket="", of_member=False, points=999_950)
"""Of the million points that 1,000.00 pays for, 50 are left."""


def definition(number: int) -> RuleDefinition:
    return msgspec.json.decode(EXAMPLES[number][1], type=RuleDefinition)


def points(number: int, lines: list[dict[str, Any]], told: dict[str, Any]) -> int:
    """What the example's rule gives for these lines."""
    at = datetime.fromisoformat(told.pop("at", NOON)).astimezone(UTC)
    who = {name: told.pop(name) for name in WHO if name in told}
    shopper = Shopper(tier_code=told.pop("tier", ""), **who)
    bought = [Line(**{"sku": "X", "quantity": 1, **line}) for line in lines]
    basket = Basket(lines=bought, place_code="S1", placed_at=at, **told)
    settlement = settle(basket, shopper, compiled(definition(number), BASE))
    return sum(award.points for award in settlement.awards if award.rule == "rule-0")


@pytest.mark.parametrize(
    ("number", "properties", "given"),
    [
        (21, {"rating": 4}, 50),
        (21, {"rating": 3}, 0),
        (22, {"product": "TEA", "has_photo": True}, 30),
        (22, {"product": "TEA", "has_photo": False}, 0),
        (22, {"has_photo": True}, 0),
    ],
)
def test_an_example_about_acts_gives_what_it_promises(
    number: int, properties: dict[str, Any], given: int
) -> None:
    at = datetime.fromisoformat(NOON)
    act = Act(ref="evt_1", type="review", title="Review", happened_at=at, properties=properties)

    settled = settle_act(act, Shopper(tier_code=""), set(), compiled(definition(number)), secret=b"")

    assert settled.points_earned == given


def of(minor: int, **more: Any) -> list[dict[str, Any]]:
    return [{"unit_price_minor": minor, **more}]


def test_the_page_has_its_examples_numbered() -> None:
    assert list(EXAMPLES) == list(range(1, len(EXAMPLES) + 1))
    assert len(EXAMPLES) == PAGE.count("### ")


@pytest.mark.parametrize("number", EXAMPLES)
def test_an_example_says_in_words_what_its_data_says(number: int) -> None:
    assert sentence_of(definition(number), "USD") == EXAMPLES[number][0]


@pytest.mark.parametrize("number", EXAMPLES)
def test_an_example_can_be_said_in_the_form(number: int) -> None:
    assert is_sayable(definition(number))


@pytest.mark.parametrize(
    ("number", "lines", "told", "given"),
    [
        (1, of(9_999), {}, 0),
        (1, of(20_000), {}, 20),
        (2, of(101), {}, 2),
        (3, [*of(300), *of(900, category="TOBACCO")], {}, 30),
        (4, of(2_000, discount_minor=500, tax_minor=300), {}, 16),
        (5, [*of(1_000), *of(500, kind="shipping")], {"spend_points": 1_000, "spendable": 1_000}, 15),
        (6, [*of(500, category="TEA"), *of(500)], {}, 100),
        (7, of(0, sku="REFILL", quantity=4), {}, 20),
        (8, of(100, category="TEA", quantity=2), {}, 0),
        (8, of(100, category="TEA", quantity=3), {}, 100),
        (9, of(1_999, department="PRODUCE"), {}, 0),
        (9, of(2_000, department="PRODUCE"), {}, 50),
        (10, [*of(3_000, department="FRESH"), *of(1_000)], {}, 400),
        (10, [*of(2_999, department="FRESH"), *of(1_001)], {}, 0),
        (11, of(1_000), {"tier": "gold"}, 50),
        (11, of(1_000), {"tier": "silver"}, 0),
        (12, of(100), {"is_new": True}, 200),
        (12, of(100), {}, 0),
        (13, of(1_000), {"birthday": (6, 6)}, 100),
        (13, of(1_000), {"birthday": (6, 7)}, 0),
        (14, of(1_000), {"labels": ["lapsed"]}, 100),
        (14, of(1_000), {}, 0),
        (15, of(100), {"place_kind": "web_shop"}, 20),
        (15, of(100), {"place_kind": "store"}, 0),
        (16, of(1_000), {"paid_by": ["house_card"]}, 100),
        (16, of(1_000), {"paid_by": ["cash"]}, 0),
        (17, of(1_000), {"tier": "gold", "at": "2026-06-03T22:00Z"}, 100),
        (17, of(1_000), {"tier": "gold", "at": "2026-06-03T21:59Z"}, 0),
        (17, of(1_000), {"tier": "gold", "at": "2026-06-04T04:00Z"}, 0),
        (18, of(1_000), {"at": "2026-06-05T14:00Z"}, 200),
        (18, of(1_000), {"at": "2026-06-12T14:00Z"}, 0),
        (19, of(4_900), {"tier": "gold", "at": "2026-06-03T22:00Z"}, 490),
        (19, of(90_000), {"tier": "gold", "at": "2026-06-03T22:00Z"}, 500),
        (19, of(90_000), {"tier": "gold", "at": "2026-06-02T22:00Z"}, 0),
        (20, of(2_000), {}, 100),
        (20, of(2_000), {"used": [GIVEN]}, 0),
    ],
)
def test_an_example_gives_what_it_promises(
    number: int, lines: list[dict[str, Any]], told: dict[str, Any], given: int
) -> None:
    assert points(number, lines, dict(told)) == given
