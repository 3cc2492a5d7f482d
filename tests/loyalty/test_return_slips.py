"""Goods come back without a receipt: taken from the member's own purchases, and said so where none explains them."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client

from loyalty.models import Entry, ProgrammeTerms, Reversal, RuleUse, Wallet
from loyalty.rules.definition import Cap, Multiplier, RuleDefinition, Scope
from loyalty.services.verification import verify_ledger
from members.models import Member
from omnichannel.models import Order, OrderReturn, Place, ReturnSlip, Till
from tests.loyalty.conftest import Shop, till_key
from tests.loyalty.test_offers import publish
from tests.loyalty.test_returns import bring_back, buy
from tests.slowly import wait_for_waiting

_numbers = count(1)
Goods = tuple[str, int] | tuple[str, int, int]


def bring(shop: Shop, who: Member | None, *goods: Goods, **more: Any) -> Any:
    """Bring back goods: (sku, quantity) or (sku, quantity, price told)."""
    lines = [dict(zip(("sku", "quantity", "unit_price_minor"), each, strict=False)) for each in goods]
    number, key = more.pop("number", None) or f"N-{next(_numbers)}", more.pop("key", None)
    body = {"return_number": number, "lines": lines} | more
    if who is not None:
        body["member"] = {"ref": who.ref}
    return shop.post("returns", body, key=key, **{"Idempotency-Key": f"slip-{next(_numbers)}"})


def assert_proven() -> None:
    assert verify_ledger(now=datetime.now(UTC)) == []


@pytest.fixture
def member(shop: Shop) -> Member:
    return shop.enrol()


@pytest.mark.django_db
def test_goods_are_taken_from_the_latest_purchases_that_hold_them(shop: Shop, member: Member) -> None:
    with time_machine.travel(datetime(2026, 3, 1, 15, tzinfo=UTC), tick=False) as clock:
        refs = []
        for price in (1_000, 500, 700):
            refs.append(buy(shop, member, price, quantity=2))
            clock.shift(timedelta(days=1))
        answer = bring(shop, member, ("SKU-0", 3))

    body = answer.json()
    assert answer.status_code == 201
    undone = [
        (one["return"]["order_ref"], one["return"]["order_state"], one["undone"]) for one in body["returns"]
    ]
    assert [(ref, state, each["points_taken_back"]) for ref, state, each in undone] == [
        (refs[2], "returned", 140),
        (refs[1], "partially_returned", 50),
    ]
    assert (body["refund_minor"], body["unexplained"]) == (1_400 + 500, [])
    assert body["wallet"]["balance"] == 440 - 190
    slip = ReturnSlip.objects.get()
    assert (slip.outcome, slip.total_minor) == ("returned", 1_900)
    assert [(piece["order_ref"], piece["quantity"]) for piece in slip.pieces] == [(refs[2], 2), (refs[1], 1)]
    assert_proven()


@pytest.mark.django_db
@pytest.mark.parametrize(("told", "refund"), [(None, 1_000), (400, 800), (500, 1_000), (600, 1_000)])
def test_the_cheaper_of_paid_and_told_is_handed_back(
    shop: Shop, member: Member, told: int | None, refund: int
) -> None:
    buy(shop, member, 500, quantity=2)
    body = bring(shop, member, ("SKU-0", 2) if told is None else ("SKU-0", 2, told)).json()
    assert body["refund_minor"] == refund
    assert body["returns"][0]["undone"]["points_taken_back"] == 100
    assert_proven()


@pytest.mark.django_db
def test_points_that_paid_go_back_and_count_for_the_told_price(shop: Shop, member: Member) -> None:
    buy(shop, member, 5_000)
    buy(shop, member, 1_000, spend_points=300)
    undone = bring(shop, member, ("SKU-0", 1, 900)).json()["returns"][0]["undone"]
    assert (undone["points_given_back"], undone["points_paid_minor"], undone["refund_minor"]) == (
        300,
        30,
        870,
    )
    assert_proven()


@pytest.mark.django_db
def test_what_no_purchase_explains_is_said_line_by_line_and_the_rest_is_undone(
    shop: Shop, member: Member
) -> None:
    buy(shop, member, 1_000, quantity=2)
    buy(shop, shop.enrol(), 900, 900)
    body = bring(shop, member, ("SKU-0", 3), ("SKU-1", 1)).json()
    assert [(line["line"], line["sku"], line["quantity"]) for line in body["unexplained"]] == [
        (0, "SKU-0", 1),
        (1, "SKU-1", 1),
    ]
    assert "SKU-1" in body["unexplained"][1]["because"]
    assert body["refund_minor"] == 2_000
    assert ReturnSlip.objects.get().outcome == "partly"
    assert_proven()


@pytest.mark.django_db
def test_a_return_that_nothing_explains_is_refused_and_leaves_nothing(shop: Shop, member: Member) -> None:
    buy(shop, member, 1_000)
    bring(shop, member, ("SKU-0", 1))
    refused = bring(shop, member, ("SKU-0", 1), number="AGAIN")
    assert (refused.status_code, refused.json()["code"]) == (409, "return_unexplained")
    assert [line["sku"] for line in refused.json()["unexplained"]] == ["SKU-0"]
    assert ReturnSlip.objects.count() == 1
    buy(shop, member, 1_000)
    assert bring(shop, member, ("SKU-0", 1), number="AGAIN").status_code == 201
    assert_proven()


@pytest.mark.django_db
def test_pieces_that_came_back_with_a_receipt_come_back_no_more_without(shop: Shop, member: Member) -> None:
    ref = buy(shop, member, 1_000, quantity=3)
    bring_back(shop, ref, {0: 2})
    body = bring(shop, member, ("SKU-0", 2)).json()
    assert (body["refund_minor"], body["unexplained"][0]["quantity"]) == (1_000, 1)
    assert Order.objects.get(ref=ref).state == "returned"
    assert_proven()


@pytest.mark.django_db
def test_a_return_of_goods_bought_later_is_not_explained_by_them(shop: Shop, member: Member) -> None:
    buy(shop, member, 1_000)
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    assert bring(shop, member, ("SKU-0", 1), returned_at=yesterday).json()["code"] == "return_unexplained"
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    for never in (tomorrow, "1900-01-01T00:00:00+14:00", "1969-12-31T23:59:59Z"):
        refused = bring(shop, member, ("SKU-0", 1), returned_at=never)
        assert (refused.status_code, refused.json()["code"]) == (422, "returned_at_not_possible")


@pytest.mark.django_db
def test_a_return_number_counts_once_at_a_place_and_stands_for_its_content(
    shop: Shop, member: Member
) -> None:
    buy(shop, member, 1_000, quantity=3)
    first = bring(shop, member, ("SKU-0", 1), number="A-1")
    again = bring(shop, member, ("SKU-0", 1), number="A-1")
    assert (first.status_code, again.status_code, again.content) == (201, 200, first.content)
    other = bring(shop, member, ("SKU-0", 2), number="A-1")
    assert (other.status_code, other.json()["code"]) == (409, "return_content_differs")
    elsewhere = Place.objects.create(programme=shop.programme, code="ELSE", name="Second", kind="store")
    till = Till.objects.create(place=elsewhere, code="T1", name="Till 1")
    assert bring(shop, member, ("SKU-0", 1), number="A-1", key=till_key(till)).status_code == 201
    assert (OrderReturn.objects.count(), Reversal.objects.count()) == (2, 2)


@pytest.mark.django_db
def test_a_number_that_was_used_with_a_receipt_is_not_used_again_without(shop: Shop, member: Member) -> None:
    ref = buy(shop, member, 1_000, quantity=3)
    bring_back(shop, ref, {0: 1}, number="A-1")
    assert bring(shop, member, ("SKU-0", 1), number="A-1").json()["code"] == "return_content_differs"
    assert (OrderReturn.objects.count(), ReturnSlip.objects.count()) == (1, 0)


@pytest.mark.django_db
def test_nothing_is_half_done_where_one_of_several_purchases_is_refused(shop: Shop, member: Member) -> None:
    ProgrammeTerms.objects.filter(programme=shop.programme).update(when_spent="refuse")
    buy(shop, member, 1_000)
    buy(shop, member, 500)
    buy(shop, member, 0, 15, spend_points=150)
    before = Entry.objects.count()
    refused = bring(shop, member, ("SKU-0", 3))
    assert (refused.status_code, refused.json()["code"]) == (409, "points_already_spent")
    assert (OrderReturn.objects.count(), ReturnSlip.objects.count(), Entry.objects.count()) == (0, 0, before)
    assert_proven()


@pytest.mark.django_db
def test_a_return_without_a_receipt_names_its_member(shop: Shop, member: Member) -> None:
    assert bring(shop, None, ("SKU-0", 1)).status_code == 422
    unknown = bring(shop, None, ("SKU-0", 1), member={"phone": "+12125559999"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "member_not_found")


@pytest.mark.django_db(transaction=True)
def test_eight_tills_cannot_take_back_more_than_was_bought(shop: Shop, member: Member) -> None:
    buy(shop, member, 1_000, quantity=2)
    buy(shop, member, 500, quantity=1)

    def one(number: int) -> int:
        try:
            return int(
                bring(
                    replace(shop, client=Client()), member, ("SKU-0", 1), number=f"B-{number % 6}"
                ).status_code
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answered = Counter(pool.map(one, range(8)))
    assert (answered[201], answered[201] + answered[200] + answered[409]) == (3, 8)
    assert Wallet.objects.get(member=member).balance == 0
    assert_proven()


@pytest.mark.django_db(transaction=True)
def test_two_returns_that_wait_for_each_others_counters_both_end(shop: Shop) -> None:
    """Each counts back what two rules with budgets gave, in opposite order."""
    for sku in ("SKU-0", "SKU-1"):
        effect = Multiplier(percent=200, scope=Scope(skus=[sku]))
        publish(shop, sku.lower(), RuleDefinition(effect=effect, caps=[Cap(per="total", points=10_000)]))
    one, other = shop.enrol(), shop.enrol()
    for member, baskets in ((one, [(1_000,), (0, 1_000)]), (other, [(0, 1_000), (1_000,)])):
        for prices in baskets:
            buy(shop, member, *prices)

    def take_back(member: Member, *goods: Goods) -> int:
        try:
            return int(bring(replace(shop, client=Client()), member, *goods).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            assert len(RuleUse.objects.select_for_update()) == 2
            answers = [
                pool.submit(take_back, one, ("SKU-1", 1), ("SKU-0", 2)),
                pool.submit(take_back, other, ("SKU-0", 1), ("SKU-1", 1)),
            ]
            wait_for_waiting(2)
        assert [answer.result() for answer in answers] == [201, 201]
    assert [use.points for use in RuleUse.objects.all()] == [0, 0]
    assert_proven()
