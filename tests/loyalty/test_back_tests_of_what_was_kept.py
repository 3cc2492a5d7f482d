"""Back-tests count purchases by what was kept of them, and a draft programme's by what points would pay."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from loyalty.models import Entry
from loyalty.queries.programme_files import find_programme_file
from loyalty.rules.back_tests import Changes, TriedRule, TriedTerms
from loyalty.rules.definition import FixedPoints, Multiplier, PerStep, RuleDefinition, Scope
from loyalty.rules.programme_files import changes_by
from loyalty.services.verification import verify_ledger
from tests.loyalty.conftest import Shop
from tests.loyalty.test_back_tests import DOUBLE_TEA, NOW, SATURDAY, buy, tried

pytestmark = pytest.mark.django_db


def bring_back(shop: Shop, bought: Any, *lines: tuple[int, int]) -> None:
    """So many of each line."""
    ref = bought["order"]["ref"]
    body = {
        "return_number": f"B-{ref}",
        "lines": [{"line": line, "quantity": count} for line, count in lines],
    }
    assert shop.post(f"orders/{ref}/returns", body, **{"Idempotency-Key": ref}).status_code == 201


def test_what_came_back_earns_nothing_in_a_back_test_and_what_was_kept_its_share(shop: Shop) -> None:
    """Points that were booked and kept are those that are settled again, to the point."""
    member, other = shop.enrol(), shop.enrol()
    partly = buy(shop, SATURDAY, 1_050, 433, 700, member=member)
    bring_back(shop, partly, (1, 1))
    wholly = buy(shop, SATURDAY + timedelta(days=1), 5_000, member=other)
    bring_back(shop, wholly, (0, 1))
    never = TriedRule(
        code="never",
        name="Never",
        definition=RuleDefinition(effect=FixedPoints(points=5, minimum_minor=10**9)),
    )

    result = tried(shop, Changes(rules=[never]))

    kept = sum(Entry.objects.values_list("points", flat=True))
    assert kept == 210 - 210 * 433 // 2_183
    assert result.points_booked == result.points.before == result.points.after == kept
    assert result.orders == 2
    assert verify_ledger(now=NOW) == []


def test_a_bonus_is_kept_as_far_as_the_lines_that_brought_it(shop: Shop) -> None:
    bought = buy(shop, SATURDAY, 1_000, 3_000, member=shop.enrol())
    bring_back(shop, bought, (1, 1))
    first = TriedRule(
        code="first",
        name="First line",
        definition=RuleDefinition(effect=Multiplier(percent=200, scope=Scope(skus=["SKU-0"]))),
    )
    second = TriedRule(
        code="second",
        name="Second line",
        definition=RuleDefinition(effect=Multiplier(percent=200, scope=Scope(skus=["SKU-1"]))),
    )

    assert tried(shop, Changes(rules=[first])).points.after == 100 + 100
    assert tried(shop, Changes(rules=[second])).points.after == 100


def test_other_terms_cost_otherwise_and_points_pay_what_they_would(shop: Shop) -> None:
    """Points pay twice as much: 300 points pay 0.60 in place of 0.30, and so 5.00 were paid in place of 5.30."""
    member = shop.enrol()
    buy(shop, SATURDAY, 5_000, member=member)
    buy(shop, SATURDAY + timedelta(days=1), 530, member=member, spend_points=300)
    dearer = TriedTerms(burn_points=10, burn_minor=2)

    result = tried(shop, Changes(terms=dearer))

    assert (result.points.before, result.points.after) == (500 + 50, 500 + 40)
    assert (result.cost_minor.before, result.cost_minor.after) == (55, 108)


def test_points_that_would_pay_more_than_a_purchase_costs_pay_all_of_it(shop: Shop) -> None:
    member = shop.enrol()
    buy(shop, SATURDAY, 5_000, member=member)
    buy(shop, SATURDAY + timedelta(days=1), 30, member=member, spend_points=300)

    assert tried(shop, Changes(terms=TriedTerms(burn_points=10, burn_minor=7))).points.after == 500


def test_a_whole_draft_programme_is_tried_with_its_terms(shop: Shop) -> None:
    file = find_programme_file(shop.programme.code, now=NOW)
    assert file is not None
    assert file.terms is not None
    assert changes_by(file, file).terms is None
    other = msgspec.structs.replace(file, terms=msgspec.structs.replace(file.terms, burn_minor=3))
    assert changes_by(other, file).terms == TriedTerms(burn_points=10, burn_minor=3)


def test_terms_alone_can_be_tried_beside_a_rule(shop: Shop) -> None:
    buy(shop, SATURDAY, 1_000, member=shop.enrol())
    twice = TriedRule(
        code="base", name="Base", definition=RuleDefinition(effect=PerStep(points=20, step_minor=100))
    )
    result = tried(shop, Changes(rules=[twice, DOUBLE_TEA], terms=TriedTerms(burn_points=100, burn_minor=1)))
    assert (result.points.before, result.points.after) == (100, 400)
    assert (result.cost_minor.before, result.cost_minor.after) == (10, 4)
