"""Goods come back: what is undone, what is refused, and what it says."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
import time_machine
from django.test import Client

from loyalty.models import BenefitGrant, Entry, Lot, ProgrammeTerms, Reversal, TierDay
from loyalty.rules.definition import Multiplier, RuleDefinition, Scope
from loyalty.services.expiry import book_expired_lots
from loyalty.services.grants import GrantDraft, grant_to
from loyalty.services.rules import publish_rule
from loyalty.services.verification import verify_ledger
from members.models import Member
from omnichannel.models import Order, OrderReturn, Place, Till
from tests.loyalty.conftest import LONG_AGO, Shop, basket, till_key

pytestmark = pytest.mark.django_db

_numbers = count(1)


def bring_back(shop: Shop, ref: str, lines: dict[int, int] | None, **more: Any) -> Any:
    """Return lines (position -> quantity), or with None cancel the order."""
    number = more.pop("number", None) or f"RET-{next(_numbers)}"
    key = more.pop("key", None)
    door = "cancel" if lines is None else "returns"
    body = {"return_number": number} | more
    if lines is not None:
        body["lines"] = [{"line": line, "quantity": quantity} for line, quantity in lines.items()]
    return shop.post(f"orders/{ref}/{door}", body, key=key, **{"Idempotency-Key": f"return-{next(_numbers)}"})


def buy(shop: Shop, member: Member, *prices: int, quantity: int = 1, **more: Any) -> str:
    body = basket(*prices, member=member, **more)
    for line in body["lines"]:
        line["quantity"] = quantity
    answer = shop.commit(body)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["order"]["ref"])


def spendable(shop: Shop, member: Member) -> int:
    answer = shop.post("till/lookup", {"member": {"ref": member.ref}})
    return int(answer.json()["wallet"]["spendable"])


def assert_proven() -> None:
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_a_line_that_comes_back_takes_its_points_and_its_money_along(shop: Shop) -> None:
    member = shop.enrol()
    ref = buy(shop, member, 1_000, 500)
    answer = bring_back(shop, ref, {1: 1})
    body = answer.json()
    assert answer.status_code == 201
    assert body["undone"] == {
        "currency": "USD",
        "refund_minor": 500,
        "points_paid_minor": 0,
        "points_given_back": 0,
        "points_taken_back": 50,
        "points_owed": 0,
        "points_expired": 0,
        "points_missing": 0,
        "gift_cards_refund_minor": 0,
        "vouchers_back": [],
    }
    assert body["return"]["order_state"] == "partially_returned"
    assert (body["wallet"]["balance"], spendable(shop, member)) == (100, 100)
    assert_proven()


def test_part_of_a_quantity_comes_back_in_proportion_and_the_rest_exactly(shop: Shop) -> None:
    member = shop.enrol()
    ref = buy(shop, member, 333, quantity=3)
    assert spendable(shop, member) == 90
    taken = [bring_back(shop, ref, {0: 1}).json()["undone"]["points_taken_back"] for _ in range(3)]
    assert taken == [30, 30, 30]
    assert Order.objects.get(ref=ref).state == "returned"
    assert (spendable(shop, member), TierDay.objects.get(member=member).qualifying_minor) == (0, 0)
    assert_proven()


def test_points_that_paid_go_back_to_the_lot_they_came_from_with_its_old_expiry(shop: Shop) -> None:
    member = shop.enrol()
    buy(shop, member, 5_000)
    lot = Lot.objects.get(member=member)
    ref = buy(shop, member, 200, 200, spend_points=300)
    body = bring_back(shop, ref, {0: 1, 1: 1}).json()
    assert body["undone"]["points_given_back"] == 300
    assert (body["undone"]["refund_minor"], body["undone"]["points_paid_minor"]) == (370, 30)
    lot.refresh_from_db()
    assert (lot.remaining, spendable(shop, member)) == (500, 500)
    assert_proven()


def test_points_given_back_to_a_lot_past_its_hour_run_out_again(shop: Shop) -> None:
    member = shop.enrol()
    with time_machine.travel(datetime(2026, 3, 1, 15, tzinfo=UTC), tick=False) as clock:
        ProgrammeTerms.objects.filter(programme=shop.programme).update(expiry_days=10)
        buy(shop, member, 5_000)
        ref = buy(shop, member, 50, spend_points=300)
        clock.shift(timedelta(days=20))
        book_expired_lots(until=datetime.now(UTC), now=datetime.now(UTC))
        assert bring_back(shop, ref, None).json()["undone"]["points_given_back"] == 300
        assert spendable(shop, member) == 0
        book_expired_lots(until=datetime.now(UTC), now=datetime.now(UTC))
        assert list(Lot.objects.filter(member=member).values_list("remaining", flat=True)) == [0]
        assert_proven()


def test_points_that_ran_out_are_not_taken_twice(shop: Shop) -> None:
    member = shop.enrol()
    with time_machine.travel(datetime(2026, 3, 1, 15, tzinfo=UTC), tick=False) as clock:
        ProgrammeTerms.objects.filter(programme=shop.programme).update(expiry_days=10)
        ref = buy(shop, member, 1_000)
        clock.shift(timedelta(days=20))
        buy(shop, member, 500)
        undone = bring_back(shop, ref, None).json()["undone"]
        assert (undone["points_taken_back"], undone["points_expired"], undone["points_missing"]) == (
            0,
            100,
            0,
        )
        assert spendable(shop, member) == 50
        assert_proven()


def test_points_that_were_spent_are_taken_from_the_others(shop: Shop) -> None:
    member = shop.enrol()
    first = buy(shop, member, 1_000)
    buy(shop, member, 10, spend_points=100)
    buy(shop, member, 700)
    assert bring_back(shop, first, None).json()["undone"]["points_taken_back"] == 70
    assert spendable(shop, member) == 0
    assert_proven()


def test_a_clamped_return_says_what_is_missing_and_a_later_one_takes_it(shop: Shop) -> None:
    member = shop.enrol()
    ref = buy(shop, member, 1_000, 500)
    buy(shop, member, 15, spend_points=150)
    first = bring_back(shop, ref, {0: 1}).json()["undone"]
    assert (first["points_taken_back"], first["points_missing"]) == (0, 100)
    buy(shop, member, 1_200)
    second = bring_back(shop, ref, {1: 1}).json()["undone"]
    assert (second["points_taken_back"], second["points_missing"]) == (120, 30)
    assert_proven()


def test_a_programme_may_refuse_returns_whose_points_are_spent(shop: Shop) -> None:
    ProgrammeTerms.objects.filter(programme=shop.programme).update(when_spent="refuse")
    member = shop.enrol()
    ref = buy(shop, member, 1_000)
    buy(shop, member, 10, spend_points=100)
    refused = bring_back(shop, ref, None)
    assert (refused.status_code, refused.json()["code"]) == (409, "points_already_spent")
    assert refused.json()["missing"] == 100
    assert (OrderReturn.objects.count(), Order.objects.get(ref=ref).state) == (0, "completed")
    assert_proven()


def test_a_bonus_comes_back_with_the_lines_it_was_earned_by(shop: Shop) -> None:
    publish_rule(
        programme_id=shop.programme.pk,
        code="double-sku-1",
        name="Double",
        definition=RuleDefinition(effect=Multiplier(percent=200, scope=Scope(skus=["SKU-1"]))),
        live_from=LONG_AGO,
        made_by="test",
        now=LONG_AGO,
    )
    member = shop.enrol()
    ref = buy(shop, member, 1_000, 500)
    assert spendable(shop, member) == 200
    assert bring_back(shop, ref, {0: 1}).json()["undone"]["points_taken_back"] == 100
    assert bring_back(shop, ref, {1: 1}).json()["undone"]["points_taken_back"] == 100
    undone = Entry.objects.filter(kind="reverse_earn", undoes__kind="bonus")
    assert [entry.points for entry in undone] == [-50]
    assert_proven()


def test_an_offer_can_be_used_again_when_everything_came_back(shop: Shop) -> None:
    member = shop.enrol()
    now = datetime.now(UTC)
    draft = GrantDraft(
        member_id=member.pk,
        programme_id=shop.programme.pk,
        cause="test",
        title="Triple",
        mention="Triple today",
        effect=Multiplier(percent=300),
        valid_from=now - timedelta(days=1),
        valid_until=now + timedelta(days=7),
    )
    grant_to([draft], now=now)
    ref = buy(shop, member, 1_000)
    assert spendable(shop, member) == 300
    assert shop.quote(basket(1_000, member=member)).json()["settlement"]["points_earned"] == 100
    bring_back(shop, ref, None)
    assert shop.quote(basket(1_000, member=member)).json()["settlement"]["points_earned"] == 300
    assert_proven()


def test_progress_to_the_next_tier_falls_back_and_the_tier_stays_until_its_end(shop: Shop) -> None:
    member = shop.enrol()
    ref = buy(shop, member, 60_000)
    assert BenefitGrant.objects.filter(member=member).count() == 1
    wallet = bring_back(shop, ref, None).json()["wallet"]
    assert (wallet["tier"]["code"], TierDay.objects.get(member=member).qualifying_minor) == ("gold", 0)
    assert_proven()


def test_a_return_counts_once_under_any_key_and_its_number_stands_for_its_content(shop: Shop) -> None:
    ref = buy(shop, shop.enrol(), 1_000, 500)
    first = bring_back(shop, ref, {0: 1}, number="A-1")
    again = bring_back(shop, ref, {0: 1}, number="A-1")
    assert (first.status_code, again.status_code, again.content) == (201, 200, first.content)
    other = bring_back(shop, ref, {1: 1}, number="A-1")
    assert (other.status_code, other.json()["code"]) == (409, "return_content_differs")
    assert (OrderReturn.objects.count(), Reversal.objects.count()) == (1, 1)


@pytest.mark.parametrize("quantity", [2, 1_000_000_000])
def test_more_than_was_bought_cannot_come_back(shop: Shop, quantity: int) -> None:
    ref = buy(shop, shop.enrol(), 1_000)
    refused = bring_back(shop, ref, {0: quantity})
    assert (refused.status_code, refused.json()["code"]) == (422, "return_exceeds_purchase")
    assert bring_back(shop, ref, {1: 1}).json()["code"] == "return_exceeds_purchase"
    assert bring_back(shop, ref, {0: 1}).status_code == 201
    assert bring_back(shop, ref, {0: 1}).json()["code"] == "nothing_left_to_return"
    assert_proven()


def test_a_cancelled_purchase_is_undone_whole(shop: Shop) -> None:
    member = shop.enrol()
    ref = buy(shop, member, 1_000, 500)
    body = bring_back(shop, ref, None).json()
    assert (body["return"]["order_state"], body["undone"]["points_taken_back"]) == ("cancelled", 150)
    assert bring_back(shop, ref, None).json()["code"] == "nothing_left_to_return"
    assert spendable(shop, member) == 0


def test_goods_come_back_in_another_store_of_the_programme_alone(shop: Shop, open_shop: Any) -> None:
    ref = buy(shop, shop.enrol(), 1_000, 500)
    other = Place.objects.create(programme=shop.programme, code="OTHER", name="Second", kind="store")
    till = Till.objects.create(place=other, code="T1", name="Till 1")
    assert bring_back(shop, ref, {0: 1}, key=till_key(till)).status_code == 201
    assert OrderReturn.objects.get().place == other
    refused = bring_back(shop, ref, {1: 1}, key=open_shop().key)
    assert (refused.status_code, refused.json()["code"]) == (404, "order_not_found")


def test_nothing_comes_back_before_it_was_bought(shop: Shop) -> None:
    ref = buy(shop, shop.enrol(), 1_000)
    long_ago = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    for before in (long_ago, "1900-01-01T00:00:00+14:00"):
        refused = bring_back(shop, ref, None, returned_at=before)
        assert (refused.status_code, refused.json()["code"]) == (422, "returned_at_not_possible")


def test_a_return_needs_an_idempotency_key(shop: Shop) -> None:
    ref = buy(shop, shop.enrol(), 1_000)
    refused = Client().post(
        f"/api/v1/orders/{ref}/cancel",
        {"return_number": "X"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {shop.key}"},
    )
    assert (refused.status_code, refused.json()["code"]) == (400, "idempotency_key_required")


def test_a_return_is_two_statements_beside_its_keys(shop: Shop, django_assert_num_queries: Any) -> None:
    """The till's key, the idempotency key looked up and kept, a savepoint of the test's, and the two of the return."""
    ref = buy(shop, shop.enrol(), *range(100, 2_100, 100))
    with django_assert_num_queries(7):
        assert bring_back(shop, ref, dict.fromkeys(range(20), 1)).status_code == 201
