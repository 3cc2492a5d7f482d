"""Caps and budgets from the till to the counters: counted with entries, given back by returns, alike in batches."""

import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from loyalty.models import MemberRuleUse, RuleUse
from loyalty.rules.basket import Basket, Line, Shopper
from loyalty.rules.definition import Cap, FixedPoints, PerStep, RuleDefinition
from loyalty.rules.settle import settle
from loyalty.services.batch_caps import CapsSoFar
from loyalty.services.verification import verify_ledger
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.rulebook import compiled
from tests.loyalty.test_batches import send
from tests.loyalty.test_offers import publish
from tests.loyalty.test_rule_facts import bonus

pytestmark = pytest.mark.django_db


def capped(*caps: Cap, points: int = 50) -> RuleDefinition:
    return RuleDefinition(effect=FixedPoints(points=points), caps=list(caps))


def proven() -> bool:
    return verify_ledger(now=datetime.now(UTC)) == []


def test_a_member_gets_so_much_a_day_and_more_on_the_next(shop: Shop) -> None:
    publish(shop, "daily", capped(Cap(per="member_day", points=120)))
    member, other = shop.enrol(), shop.enrol()
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    assert [bonus(shop.commit(basket(100, member=member)).json()) for _ in range(4)] == [50, 50, 20, 0]
    assert bonus(shop.commit(basket(100, member=member, placed_at=yesterday)).json()) == 50
    assert bonus(shop.commit(basket(100, member=other)).json()) == 50
    assert sorted(MemberRuleUse.objects.values_list("points", flat=True)) == [50, 50, 120]
    assert not RuleUse.objects.exists()
    assert proven()


def test_never_13_a_budget_is_never_overshot_by_the_purchase_that_crosses_it(shop: Shop) -> None:
    """12 cents at ten points a cent."""
    publish(shop, "budget", capped(Cap(per="total", minor=12)))
    given = [bonus(shop.commit(basket(100, member=shop.enrol())).json()) for _ in range(4)]
    assert given == [50, 50, 20, 0]
    assert RuleUse.objects.get().points == 120
    assert proven()


def test_a_batch_counts_as_it_goes_along(shop: Shop) -> None:
    publish(shop, "both", capped(Cap(per="member", points=80), Cap(per="total", points=150)))
    first, second = shop.enrol(), shop.enrol()
    shop.commit(basket(100, member=first))
    now = datetime.now(UTC)
    bodies = [
        basket(100, member=member, placed_at=(now + timedelta(seconds=number)).isoformat())
        for number, member in enumerate([first, second, second, shop.enrol()])
    ]
    assert [bonus(line["answer"]) for line in send(shop, bodies)] == [30, 50, 20, 0]
    assert sorted(MemberRuleUse.objects.values_list("points", flat=True)) == [70, 80]
    assert proven()


def test_never_2_what_comes_back_can_be_given_again_in_proportion(shop: Shop) -> None:
    """A return of a quarter gives a quarter back to the day's budget; the rest follows with the rest."""
    effect = PerStep(points=1, step_minor=100)
    publish(shop, "week", RuleDefinition(effect=effect, caps=[Cap(per="day", points=50)]))
    member = shop.enrol()
    body = basket(1_000, member=member)
    body["lines"][0]["quantity"] = 4
    ref = shop.commit(body).json()["order"]["ref"]
    assert RuleUse.objects.get().points == 40

    bring_back(shop, ref, "B-1", quantity=1)
    assert RuleUse.objects.get().points == 30
    assert bonus(shop.commit(basket(9_000, member=shop.enrol())).json()) == 20
    bring_back(shop, ref, "B-2", quantity=3)
    assert RuleUse.objects.get().points == 20
    assert proven()


def bring_back(shop: Shop, ref: str, number: str, *, quantity: int) -> None:
    body = {"return_number": number, "lines": [{"line": 0, "quantity": quantity}]}
    key: dict[str, Any] = {"Idempotency-Key": number}
    assert shop.post(f"orders/{ref}/returns", body, **key).status_code == 201


def test_a_rule_without_caps_counts_nothing_and_costs_no_statement(
    shop: Shop, django_assert_num_queries: Any
) -> None:
    publish(shop, "plain", RuleDefinition(effect=FixedPoints(points=50)))
    publish(shop, "capped", capped(Cap(per="total", points=75)))
    member = shop.enrol()
    shop.commit(basket(100, member=member))
    with django_assert_num_queries(2):
        assert bonus(shop.commit(basket(100, member=member)).json()) == 75
    assert RuleUse.objects.get().rule.code == "capped"


def test_a_new_version_goes_on_counting_where_the_last_one_stopped(shop: Shop) -> None:
    publish(shop, "budget", capped(Cap(per="total", points=60)))
    shop.commit(basket(100, member=shop.enrol()))
    from loyalty.services.rules import publish_rule

    now = datetime.now(UTC)
    publish_rule(
        programme_id=shop.programme.pk,
        code="budget",
        name="Budget",
        definition=capped(Cap(per="total", points=80)),
        live_from=now,
        made_by="test",
        now=now,
    )
    later = (now + timedelta(seconds=1)).isoformat()
    assert bonus(shop.commit(basket(100, member=shop.enrol(), placed_at=later)).json()) == 30
    assert proven()


def test_a_batch_locks_only_the_counters_that_members_share(shop: Shop) -> None:
    """What is counted of each member, and on other days than a rule is capped by, is nobody else's business."""
    publish(shop, "mine", capped(Cap(per="member_day", points=120)))
    publish(shop, "all", capped(Cap(per="total", points=1_000)))
    now = datetime.now(UTC)
    days = [(now - timedelta(days=back)).isoformat() for back in range(3)]

    send(shop, [basket(100, member=shop.enrol(), placed_at=at) for at in days])

    assert list(RuleUse.objects.values_list("rule__code", "bucket")) == [("all", "")]
    assert proven()


def test_a_counter_that_is_wrong_is_found(shop: Shop) -> None:
    publish(shop, "budget", capped(Cap(per="total", points=60)))
    shop.commit(basket(100, member=shop.enrol()))
    RuleUse.objects.update(points=49)
    (found,) = verify_ledger(now=datetime.now(UTC))
    assert (found.law, found.expected, found.found) == (
        "what a capped rule gave is what was counted",
        "50",
        "49",
    )


def steps_to_read(members: int) -> int:
    """Lines of code that run to read one member's counters in a batch of so many members."""
    at = datetime(2026, 6, 3, 16, tzinfo=UTC)
    programme = compiled(capped(Cap(per="member", points=80), Cap(per="total", points=10**9)))
    bought = Basket(lines=[Line(sku="A", quantity=1, unit_price_minor=100)], place_code="S1", placed_at=at)
    caps = CapsSoFar(programme.terms, [(at, programme.capped_rules_at(at))], range(members))
    for member_id in range(members):
        caps.take_note(member_id, settle(bought, Shopper(tier_code=""), programme).awards)
    steps = 0

    def count(frame: Any, event: str, arg: Any) -> Any:
        nonlocal steps
        steps += 1
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        used = caps.used(1, at)
    finally:
        sys.settrace(before)
    assert {(use.of_member, use.points) for use in used} == {(False, 50 * members), (True, 50)}
    return steps


def test_what_a_member_was_given_is_found_as_fast_in_a_large_batch_as_in_a_small_one() -> None:
    assert steps_to_read(500) == steps_to_read(5)
