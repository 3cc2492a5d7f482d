"""Rewards in the admin: said in a sentence, counted while the page is open, packed and handed over in bulk."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from config.staff.models import Staff
from config.staff.roles import CASHIER, FINANCE, MARKETER, STORE_MANAGER
from loyalty.models import Redemption, Reward, RewardStock, Wallet
from loyalty.services.verification import verify_ledger
from tests.config.staff import in_role
from tests.loyalty.conftest import Shop
from tests.loyalty.rewards import experience, gift, redeem_by_app, rich
from tests.loyalty.vouchers import series

pytestmark = pytest.mark.django_db

ADD = "/admin/loyalty/reward/add/"


def page_of(person: Staff) -> Client:
    client = Client()
    client.force_login(person)
    return client


def form(**told: Any) -> dict[str, Any]:
    """What the page sends: a voucher for 500 points, unless something else is said."""
    return {
        "title": "0.50 off",
        "code": "fifty",
        "description": "",
        "picture_url": "",
        "kind": "voucher",
        "series": "",
        "points": "500",
        "cash_minor": "",
        "tier": "",
        "label": "",
        "most_per_member": "",
        "most_per_period": "",
        "period": "",
        "cancel_hours": "24",
        "is_shown": "on",
        "stocks-TOTAL_FORMS": "1",
        "stocks-INITIAL_FORMS": "0",
        "stocks-0-place": "",
        "stocks-0-stock": "",
        "words-TOTAL_FORMS": "0",
        "words-INITIAL_FORMS": "0",
    } | told


def test_a_marketer_sets_up_500_points_for_a_voucher_and_a_member_redeems_it(shop: Shop) -> None:
    of, marketer = series(shop, name="0.50 off"), page_of(in_role(MARKETER))
    told = form(series=of.pk, **{"stocks-0-stock": "40", "most_per_period": "2", "period": "month"})
    assert marketer.post(ADD, told).status_code == 302
    reward = Reward.objects.get(code="fifty")
    page = marketer.get(f"/admin/loyalty/reward/{reward.pk}/change/").content.decode()
    sentence = (
        "500 points for the voucher “0.50 off”, at most 2 times a month for each member, 40 left. "
        "Members may give it back within 24 hours."
    )
    assert sentence in page
    assert sentence in marketer.get("/admin/loyalty/reward/").content.decode()
    assert redeem_by_app(rich(shop), reward).json()["voucher"]["code"]
    kept = told | {"points": "600", "stocks-TOTAL_FORMS": "0"}
    marketer.post(f"/admin/loyalty/reward/{reward.pk}/change/", kept)
    reward.refresh_from_db()
    assert (reward.points, reward.series, reward.kind) == (600, of, "voucher")
    assert "39 left" in marketer.get("/admin/loyalty/reward/").content.decode()


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({}, "Say of which series the member gets a voucher."),
        ({"kind": "experience"}, "Say when it begins."),
        ({"kind": "gift", "most_per_period": "1"}, "Say in which period."),
        ({"kind": "gift", "picture_url": "http://shop.example/mug.png"}, "Name an https address"),
        (
            {
                "kind": "gift",
                "starts_at_0": "2026-03-02",
                "starts_at_1": "10:00",
                "ends_at_0": "2026-03-02",
                "ends_at_1": "10:00",
            },
            "It must end after it starts.",
        ),
    ],
)
def test_what_cannot_be_is_said_on_the_page(shop: Shop, told: dict[str, str], words: str) -> None:
    answer = page_of(in_role(MARKETER)).post(ADD, form(**told))
    assert words in answer.content.decode()
    assert not Reward.objects.exists()


def test_never_2_a_change_of_the_stock_never_forgets_what_was_taken_meanwhile(shop: Shop) -> None:
    reward = gift(shop, 10, stock=5, code="mug")
    stock = RewardStock.objects.get(reward=reward)
    told = form(
        kind="gift",
        title="Mug",
        **{
            "stocks-TOTAL_FORMS": "1",
            "stocks-INITIAL_FORMS": "1",
            "stocks-0-id": str(stock.pk),
            "stocks-0-reward": str(reward.pk),
            "stocks-0-stock": "3",
        },
    )
    del told["code"], told["kind"]
    address = f"/admin/loyalty/reward/{reward.pk}/change/"
    marketer = page_of(in_role(MARKETER))
    marketer.get(address)
    member = rich(shop)
    redeem_by_app(member, reward)
    assert marketer.post(address, told).status_code == 302
    stock.refresh_from_db()
    assert (stock.stock, stock.taken) == (3, 1)
    refused = marketer.post(address, told | {"stocks-0-stock": "0"}).content.decode()
    assert "1 are taken already." in refused
    changes = marketer.get(address).content.decode()
    assert "in all, stock: 5 → 3" in changes
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_a_store_packs_and_hands_over_many_at_once(shop: Shop) -> None:
    mug, tea = gift(shop, 10), gift(shop, 20, cash_minor=500)
    for reward in (mug, mug, tea):
        assert redeem_by_app(rich(shop), reward, place=shop.place.code).status_code == 201
    manager = page_of(in_role(STORE_MANAGER))
    list_ = "/admin/loyalty/redemption/"
    assert "Coffee mug" in manager.get(f"{list_}?state__exact=ordered").content.decode()
    chosen = list(Redemption.objects.values_list("pk", flat=True))
    manager.post(list_, {"action": "pack", "_selected_action": chosen})
    assert set(Redemption.objects.values_list("state", flat=True)) == {"packed"}
    answer = manager.post(list_, {"action": "hand_over", "_selected_action": chosen}, follow=True)
    assert "Take the money first" in answer.content.decode()
    assert Redemption.objects.filter(state="handed_over").count() == 2
    assert Redemption.objects.get(state="packed").reward == tea


def test_a_colleague_cancels_with_a_reason_and_all_of_it_comes_back(shop: Shop) -> None:
    member, evening = rich(shop), experience(shop, seats=1)
    redeem_by_app(member, evening)
    redemption = Redemption.objects.get()
    manager = page_of(in_role(STORE_MANAGER))
    address = f"/admin/loyalty/redemption/{redemption.pk}/cancel/"
    assert "the piece or the seat can be had again" in manager.get(address, follow=True).content.decode()
    page = manager.post(address, {"because": "the room is closed"}, follow=True).content.decode()
    assert "the room is closed" in page
    assert Wallet.objects.get(member=member).spendable == 500
    assert RewardStock.objects.get().taken == 0
    again = manager.post(address, {"because": "again"}, follow=True).content.decode()
    assert "It was cancelled before." in again


@pytest.mark.parametrize("role", [CASHIER, MARKETER, FINANCE])
def test_others_neither_move_nor_cancel(shop: Shop, role: str) -> None:
    redeem_by_app(rich(shop), gift(shop, 10))
    redemption = Redemption.objects.get()
    person = page_of(in_role(role))
    address = f"/admin/loyalty/redemption/{redemption.pk}"
    person.post(f"{address}/change/", {"to": "packed"})
    person.post(f"{address}/cancel/", {"because": "no"}, follow=True)
    person.post("/admin/loyalty/redemption/", {"action": "pack", "_selected_action": [redemption.pk]})
    redemption.refresh_from_db()
    assert redemption.state == "ordered"


def test_the_members_page_shows_what_they_redeemed(shop: Shop) -> None:
    member = rich(shop)
    redeem_by_app(member, gift(shop, 120, title="Blue teapot"))
    page = page_of(in_role(STORE_MANAGER)).get(f"/admin/members/member/{member.pk}/change/")
    assert "Blue teapot" in page.content.decode()


@pytest.mark.parametrize("rewards", [1, 3])
def test_the_list_costs_as_many_statements_for_many_as_for_one(
    shop: Shop, rewards: int, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    starts_at = datetime.now(UTC) + timedelta(days=1)
    for number in range(rewards):
        gift(shop, 10 + number, tier="gold", stocks={shop.place.pk: 3}, starts_at=starts_at)
    marketer = page_of(in_role(MARKETER))
    marketer.get("/admin/loyalty/reward/")
    with django_assert_max_num_queries(16):
        assert "planned" in marketer.get("/admin/loyalty/reward/").content.decode()
