"""A purchase made without a card is claimed with its receipt: it earns what it would have earned then, once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection

from loyalty.models import Entry, Settlement, Wallet
from loyalty.rules.definition import Multiplier, RuleDefinition
from loyalty.rules.vouchers import Stacking
from loyalty.services.rules import end_rule, publish_rule
from loyalty.services.verification import verify_ledger
from members.models import Member
from omnichannel.models import Order, OrderLine, Receipt, Till, UnclaimedOrder
from tests.loyalty.conftest import LONG_AGO, Shop, basket, till_key
from tests.loyalty.vouchers import public, series

pytestmark = pytest.mark.django_db


def bought(shop: Shop, *prices: int, number: str = "R-77", **more: Any) -> dict[str, Any]:
    """A purchase by somebody without a card."""
    answer = shop.commit(basket(*prices, receipt_number=number, **more))
    assert answer.status_code == 201, answer.content
    told: dict[str, Any] = answer.json()
    assert told["settlement"]["points_earned"] == 0
    return told


def claim(shop: Shop, member: Member, number: str = "R-77", **more: Any) -> Any:
    return shop.post("orders/claim", {"member": {"ref": member.ref}, "receipt_number": number, **more})


def test_a_claimed_purchase_earns_and_keeps_its_ref(shop: Shop) -> None:
    member, told = shop.enrol(), bought(shop, 1_000, 550)
    answer = claim(shop, member)
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert body["order"]["ref"] == told["order"]["ref"]
    assert (body["settlement"]["points_earned"], body["wallet"]["balance"]) == (150, 150)
    order = Order.objects.get(ref=told["order"]["ref"])
    assert (order.member_id, order.total_minor, order.source) == (member.pk, 1_550, "till")
    assert OrderLine.objects.filter(order=order).count() == 2
    assert not UnclaimedOrder.objects.exists()
    assert Receipt.objects.get(order_ref=order.ref).member_id == member.pk
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_claiming_again_answers_the_same_and_gives_nothing(shop: Shop) -> None:
    member = shop.enrol()
    bought(shop, 1_000)
    first, again = claim(shop, member), claim(shop, member)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.content == again.content
    assert Entry.objects.count() == 1


def test_a_purchase_is_claimed_by_one_member_alone(shop: Shop) -> None:
    bought(shop, 1_000)
    assert claim(shop, shop.enrol()).status_code == 201
    refused = claim(shop, shop.enrol())
    assert (refused.status_code, refused.json()["code"]) == (409, "purchase_of_another")
    assert Settlement.objects.count() == 1


def test_a_till_that_tells_the_purchase_again_gets_what_it_became(shop: Shop) -> None:
    member, purchase = shop.enrol(), basket(1_000, receipt_number="R-77")
    shop.commit(purchase)
    claimed = claim(shop, member)
    again = shop.commit(purchase)
    assert (again.status_code, again.content) == (200, claimed.content)


def test_a_claim_that_is_refused_leaves_the_purchase_as_it_was(shop: Shop) -> None:
    bought(shop, 1_000)
    refused = shop.post("orders/claim", {"member": {"phone": "+12125550000"}, "receipt_number": "R-77"})
    assert (refused.status_code, refused.json()["code"]) == (404, "member_not_found")
    missing = claim(shop, shop.enrol(), "R-78")
    assert (missing.status_code, missing.json()["code"]) == (404, "order_not_found")
    assert UnclaimedOrder.objects.count() == Receipt.objects.count() == 1
    assert Wallet.objects.filter(balance__gt=0).count() == 0


def test_it_earns_by_the_rules_of_its_own_moment(shop: Shop) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=3)
    double = publish_rule(
        programme_id=shop.programme.pk,
        code="double",
        name="Double",
        definition=RuleDefinition(effect=Multiplier(percent=200)),
        live_from=LONG_AGO,
        made_by="test",
        now=LONG_AGO,
    )
    bought(shop, 1_000, placed_at=long_ago.isoformat())
    end_rule(double.rule, at=datetime.now(UTC) - timedelta(days=1))
    body = claim(shop, shop.enrol()).json()
    assert body["settlement"]["points_earned"] == 200
    assert datetime.fromisoformat(body["order"]["placed_at"]) == long_ago


def test_points_that_have_run_out_meanwhile_are_not_given_back_to_life(open_shop: Any) -> None:
    with time_machine.travel(datetime(2026, 3, 1, 12, tzinfo=UTC), tick=False) as now:
        shop = open_shop(expiry_kind="rolling", expiry_days=30)
        member = shop.enrol()
        bought(shop, 1_000)
        now.shift(timedelta(days=40))
        body = claim(shop, member).json()
        assert (body["settlement"]["points_earned"], body["wallet"]["balance"]) == (100, 0)
        assert verify_ledger(now=datetime.now(UTC)) == []


def test_tills_that_number_alike_are_told_apart(shop: Shop) -> None:
    second = Till.objects.create(place=shop.place, code="T2", name="Till 2")
    bought(shop, 1_000)
    other = Shop(programme=shop.programme, place=shop.place, till=second, key=till_key(second))
    told = bought(other, 2_000)
    refused = claim(shop, shop.enrol())
    assert (refused.status_code, refused.json()["code"]) == (409, "receipt_ambiguous")
    body = claim(shop, shop.enrol(), till="T2").json()
    assert (body["order"]["ref"], body["settlement"]["points_earned"]) == (told["order"]["ref"], 200)


def test_a_line_that_a_voucher_took_the_points_of_earns_none_when_it_is_claimed(shop: Shop) -> None:
    code = public(series(shop, stacking=Stacking(earns_nothing=True)))
    told = bought(shop, 1_000, voucher_codes=[code])
    body = claim(shop, shop.enrol()).json()
    assert body["settlement"]["payable_minor"] == told["settlement"]["payable_minor"]
    assert body["settlement"]["points_earned"] == 0


def test_a_claimed_purchase_can_come_back(shop: Shop) -> None:
    member, told = shop.enrol(), bought(shop, 1_000)
    claim(shop, member)
    back = shop.post(
        f"orders/{told['order']['ref']}/returns",
        {"return_number": "B-1", "lines": [{"line": 0, "quantity": 1}]},
        **{"Idempotency-Key": "b-1"},
    )
    assert back.status_code == 201, back.content
    assert back.json()["wallet"]["balance"] == 0


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_claim_at_once_one_gets_it(shop: Shop) -> None:
    members = [shop.enrol() for _ in range(8)]
    bought(shop, 1_000)

    def one(member: Member) -> int:
        try:
            return int(claim(shop, member).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(one, members)) == [201] + [409] * 7
    assert Entry.objects.count() == 1


def test_a_till_finds_a_purchase_by_the_receipt_in_the_hand(shop: Shop) -> None:
    told, member = bought(shop, 1_000), shop.enrol()
    mine = shop.commit(basket(2_000, receipt_number="R-78", member=member)).json()

    def found(query: str) -> Any:
        return shop.client.get(f"/api/v1/orders{query}", headers={"Authorization": f"Bearer {shop.key}"})

    assert [each["ref"] for each in found("?number=R-77").json()["results"]] == [told["order"]["ref"]]
    (claimed,) = found("?number=R-78").json()["results"]
    assert (claimed["ref"], claimed["member_ref"]) == (mine["order"]["ref"], member.ref)
    assert found("?number=R-79").json() == {"results": [], "next": None}
    assert (found("").status_code, found("").json()["code"]) == (403, "not_allowed")
