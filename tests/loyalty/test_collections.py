"""Goods that are collected later: points are there at once, and can be spent once the goods were handed over."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client

from config.staff.roles import ADMINISTRATOR, FINANCE, STORE_MANAGER
from loyalty.errors import OrderNotToCollect
from loyalty.models import Lot, Wallet
from loyalty.services.expiry import book_expired_lots
from omnichannel.models import Order, StaffPlace, UnclaimedOrder
from tests.config.staff import in_role
from tests.loyalty.conftest import Shop, basket, laws_broken
from tests.loyalty.test_admin_ledger import signed_in
from tests.loyalty.test_claims import bought, claim
from tests.loyalty.test_merges import balances, lots, merge, part
from tests.loyalty.test_why import why

pytestmark = pytest.mark.django_db
TO_COLLECT = {"fulfilment": {"kind": "collect"}}


def ordered(shop: Shop, **more: Any) -> dict[str, Any]:
    """10.00 for goods to be collected: 100 points."""
    answer = shop.commit(basket(1_000, **TO_COLLECT, **more))
    assert answer.status_code == 201, answer.content
    told: dict[str, Any] = answer.json()
    return told


def collect(shop: Shop, ref: str, **more: Any) -> Any:
    return shop.post(f"orders/{ref}/collected", more)


def test_points_wait_until_the_goods_are_collected(shop: Shop, clock: time_machine.Traveller) -> None:
    told = ordered(shop, member=shop.enrol())
    ref = told["order"]["ref"]
    assert (told["wallet"]["pending"], told["wallet"]["spendable"]) == (100, 0)
    clock.shift(timedelta(days=30))
    waiting = why(shop, ref)
    assert waiting["life"]["available_from"] is None
    assert "They can be spent once the goods are collected." in waiting["for_cashier"]

    answer = collect(shop, ref)

    assert answer.status_code == 200
    assert (answer.json()["wallet"]["pending"], answer.json()["wallet"]["spendable"]) == (0, 100)
    assert Order.objects.get().collected_at == datetime.now(UTC)
    assert laws_broken() == []
    clock.shift(timedelta(days=1))
    assert collect(shop, ref).json()["collected_at"] == answer.json()["collected_at"]


def test_what_a_till_sold_by_a_clock_ahead_of_ours_is_collected_at_once(
    shop: Shop, clock: time_machine.Traveller
) -> None:
    ahead = datetime.now(UTC) + timedelta(minutes=3)
    ref = ordered(shop, member=shop.enrol(), placed_at=ahead.isoformat())["order"]["ref"]
    assert collect(shop, ref).status_code == 200
    assert (Order.objects.get().collected_at, Lot.objects.get().available_from) == (ahead, ahead)


def test_what_was_cancelled_is_not_handed_over_any_more(shop: Shop) -> None:
    refs = [
        ordered(shop, member=shop.enrol())["order"]["ref"],
        bought(shop, 1_000, **TO_COLLECT)["order"]["ref"],
    ]
    for ref in refs:
        cancelled = {"return_number": f"C-{ref}"}
        assert shop.post(f"orders/{ref}/cancel", cancelled, **{"Idempotency-Key": ref}).status_code == 201
        refused = collect(shop, ref)
        assert (refused.status_code, refused.json()["detail"]) == (409, "It was cancelled.")
    assert Order.objects.get().collected_at is None
    assert laws_broken() == []


def test_the_list_of_lots_says_that_points_wait_for_a_collection(shop: Shop) -> None:
    ordered(shop, member=shop.enrol())
    colleague, lot = signed_in(ADMINISTRATOR), Lot.objects.get()
    for page in ("", f"{lot.pk}/change/"):
        shown = colleague.get(f"/admin/loyalty/lot/{page}").content.decode()
        assert "collection" in shown
        assert "2200-" not in shown


@pytest.mark.usefixtures("clock")
def test_a_colleague_hands_over_on_the_page_of_the_purchase(shop: Shop) -> None:
    ordered(shop, member=shop.enrol())
    bought(shop, 1_000, **TO_COLLECT)
    shop.commit(basket(500, member=shop.enrol()))
    manager, order, nobody_s = signed_in(STORE_MANAGER), Order.objects.first(), UnclaimedOrder.objects.get()
    assert order is not None
    for kind, row in (("order", order), ("unclaimedorder", nobody_s)):
        page = f"/admin/omnichannel/{kind}/{row.pk}/change/"
        step = f"/admin/loyalty/settlement/of/{row.ref}/collected/"
        assert step in manager.get(page).content.decode()
        assert step not in signed_in(FINANCE).get(page).content.decode()
        assert signed_in(FINANCE).post(step).status_code == 403
        assert "Were the goods" in manager.get(step).content.decode()

        shown = manager.post(step, follow=True)

        assert shown.redirect_chain[-1][0] == page
        assert "handed over. Its points wait no longer" in shown.content.decode()
        assert step not in manager.get(page).content.decode()
        row.refresh_from_db()
        assert row.collected_at == datetime.now(UTC)
    assert Wallet.objects.get(member=order.member).pending == 0
    at_once = Order.objects.latest("pk")
    refused = manager.post(f"/admin/loyalty/settlement/of/{at_once.ref}/collected/", follow=True)
    assert OrderNotToCollect.title in refused.content.decode()
    assert laws_broken() == []


def test_who_serves_another_store_hands_nothing_over_here(shop: Shop, open_shop: Callable[..., Shop]) -> None:
    ref = ordered(shop, member=shop.enrol())["order"]["ref"]
    person = in_role(STORE_MANAGER)
    StaffPlace.objects.create(staff=person, place=open_shop().place)
    client = Client()
    client.force_login(person)
    assert client.post(f"/admin/loyalty/settlement/of/{ref}/collected/").status_code == 404
    assert Order.objects.get().collected_at is None


def test_the_days_until_they_can_be_spent_count_from_the_collection(
    open_shop: Callable[..., Shop], clock: time_machine.Traveller
) -> None:
    shop = open_shop(maturity_days=14, expiry_days=20)
    ref = ordered(shop, member=shop.enrol())["order"]["ref"]
    end = Lot.objects.get().expires_at
    clock.shift(timedelta(days=10))

    pending = collect(shop, ref).json()["wallet"]["pending"]

    lot = Lot.objects.get()
    assert pending == 100
    assert lot.available_from == datetime(2026, 6, 4, 4, tzinfo=UTC)
    assert end is not None
    assert lot.expires_at is not None
    assert lot.expires_at > max(lot.available_from, end)
    assert laws_broken() == []


def test_what_is_never_collected_runs_out_and_what_comes_back_is_taken_from_it(
    shop: Shop, clock: time_machine.Traveller
) -> None:
    left, returned = (ordered(shop, member=shop.enrol())["order"]["ref"] for _ in range(2))
    body = {"return_number": "RT-1", "lines": [{"line": 0, "quantity": 1}]}
    back = shop.post(f"orders/{returned}/returns", body, **{"Idempotency-Key": "rt-1"}).json()
    assert (back["undone"]["points_taken_back"], back["wallet"]["balance"]) == (100, 0)
    assert collect(shop, returned).json()["wallet"]["balance"] == 0

    clock.shift(timedelta(days=400))
    book_expired_lots(until=datetime.now(UTC), now=datetime.now(UTC))
    assert collect(shop, left).json()["wallet"]["balance"] == 0
    assert laws_broken() == []


def test_what_nobody_claimed_is_collected_too_and_can_be_spent_once_it_is_claimed(shop: Shop) -> None:
    ref = bought(shop, 1_000, **TO_COLLECT)["order"]["ref"]
    assert collect(shop, ref).json()["wallet"] is None
    assert claim(shop, shop.enrol()).json()["wallet"]["spendable"] == 100
    assert Order.objects.get().collected_at is not None

    later = bought(shop, 1_000, number="R-78", **TO_COLLECT)["order"]["ref"]
    assert claim(shop, shop.enrol(), "R-78").json()["wallet"]["pending"] == 100
    assert collect(shop, later).json()["wallet"]["spendable"] == 100
    assert laws_broken() == []


def test_points_that_followed_a_merge_mature_where_they_are_and_go_back_so(shop: Shop) -> None:
    going, staying = shop.enrol(), shop.enrol()
    ref = ordered(shop, member=going)["order"]["ref"]
    merged = merge(going, staying)

    assert collect(shop, ref).json()["wallet"]["spendable"] == 100

    assert balances(going, staying) == [0, 100]
    assert laws_broken() == []
    part(merged)
    assert balances(going, staying) == [100, 0]
    assert lots(going)[0][1] <= datetime.now(UTC)
    assert laws_broken() == []


def test_only_goods_to_be_collected_are_and_not_before_they_were_bought(shop: Shop) -> None:
    taken = shop.commit(basket(1_000)).json()["order"]["ref"]
    ref = ordered(shop)["order"]["ref"]
    now = datetime.now(UTC)
    early, late = (
        collect(shop, ref, collected_at=(now + days).isoformat())
        for days in (timedelta(days=-1), timedelta(days=1))
    )
    refused = [collect(shop, taken), early, late, collect(shop, "ord_" + "0" * 26)]
    assert [(one.status_code, one.json()["code"]) for one in refused] == [
        (409, "order_not_to_collect"),
        (422, "collection_out_of_time"),
        (422, "collection_out_of_time"),
        (404, "order_not_found"),
    ]


@pytest.mark.django_db(transaction=True)
def test_a_claim_and_a_collection_at_the_same_moment_both_count(shop: Shop) -> None:
    for number in map(str, range(8)):
        ref = bought(shop, 1_000, number=number, **TO_COLLECT)["order"]["ref"]
        member = shop.enrol()

        def act(what: Callable[[], Any]) -> int:
            try:
                return int(what().status_code)
            finally:
                connection.close()

        acts = [
            lambda number=number, member=member: claim(shop, member, number),
            lambda ref=ref: collect(shop, ref),
        ]
        with ThreadPoolExecutor(2) as both:
            assert list(both.map(act, acts)) == [201, 200]
        assert Lot.objects.get(member=member).available_from <= datetime.now(UTC)
    assert laws_broken() == []
