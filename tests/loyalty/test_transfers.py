"""Points that one member gives to another: they keep their expiry, and nothing comes of nothing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
import time_machine
from django.test import Client

from config.ground.api import exact_limits
from loyalty.models import Entry, Lot, Transfer, Wallet
from loyalty.services.verification import verify_ledger
from members.models import Member
from tests.loyalty.conftest import Shop, basket
from tests.members.factories import bearer_of

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 2, 17, tzinfo=UTC)
_keys = count(1)


@pytest.fixture(autouse=True)
def fresh_limits(settings: Any) -> None:
    settings.CACHE_URL = "memory://"
    exact_limits.forget_all()


def give(giver: Member, to: dict[str, str], points: int, **more: Any) -> Any:
    """What the giver's app is answered."""
    app = Client(headers={"authorization": bearer_of(giver, now=datetime.now(UTC))})
    return app.post(
        "/api/v1/me/transfers",
        {"to": to, "points": points, **more},
        content_type="application/json",
        headers={"Idempotency-Key": f"gift-{next(_keys)}"},
    )


def spendable(member: Member) -> int:
    assert verify_ledger(now=datetime.now(UTC)) == []
    return Wallet.objects.get(member=member).spendable


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    """Members give away as many points as they have."""
    return open_shop(transfer_points_a_day=None)


@pytest.fixture
def pair(shop: Shop) -> tuple[Member, Member]:
    """One with 500 points, and one with none."""
    giver, taker = shop.enrol("+12125550142"), shop.enrol("+12125550143")
    shop.commit(basket(5_000, member=giver))
    return giver, taker


def test_points_go_from_one_member_to_another(pair: tuple[Member, Member]) -> None:
    giver, taker = pair
    answer = give(giver, {"phone": "+12125550143"}, 200)
    assert answer.status_code == 201
    assert (answer.json()["points"], answer.json()["wallet"]["spendable"]) == (200, 300)
    assert (spendable(giver), spendable(taker)) == (300, 200)
    reasons = Entry.objects.filter(kind__startswith="transfer").values_list("reason", flat=True)
    assert set(reasons) == {"given to another member", "given by another member"}


@pytest.mark.parametrize(("points", "status"), [(499, 201), (500, 201), (501, 409)])
def test_as_many_can_be_given_as_can_be_spent(pair: tuple[Member, Member], points: int, status: int) -> None:
    giver, taker = pair
    answer = give(giver, {"ref": taker.ref}, points)
    assert answer.status_code == status
    if status == 409:
        assert (answer.json()["code"], answer.json()["left"]) == ("transfer_exceeds", 500)
        assert not Transfer.objects.exists()


def test_what_is_given_keeps_the_day_on_which_it_runs_out(open_shop: Callable[..., Shop]) -> None:
    with time_machine.travel(START, tick=False) as clock:
        shop = open_shop(expiry_days=30, transfer_points_a_day=None)
        giver, taker = shop.enrol(), shop.enrol()
        shop.commit(basket(1_000, member=giver))
        clock.shift(timedelta(days=10))
        shop.commit(basket(1_000, member=giver))
        assert give(giver, {"ref": taker.ref}, 150).status_code == 201
        own = Lot.objects.filter(member=giver).order_by("id")
        lives = Lot.objects.filter(member=taker).order_by("id").values_list("credited", "expires_at")
        assert list(lives) == [(100, own[0].expires_at), (50, own[1].expires_at)]
        clock.shift(timedelta(days=21))
        app = Client(headers={"authorization": bearer_of(taker, now=datetime.now(UTC))})
        assert app.get("/api/v1/me/wallet").json()["spendable"] == 50


def test_a_programme_says_how_many_points_are_given_in_a_day(open_shop: Callable[..., Shop]) -> None:
    with time_machine.travel(START, tick=False) as clock:
        shop = open_shop(transfer_points_a_day=100)
        giver, taker = shop.enrol(), shop.enrol()
        shop.commit(basket(5_000, member=giver))
        assert give(giver, {"ref": taker.ref}, 60).status_code == 201
        refused = give(giver, {"ref": taker.ref}, 41)
        assert (refused.status_code, refused.json()["left"]) == (409, 40)
        assert give(giver, {"ref": taker.ref}, 40).status_code == 201
        clock.shift(timedelta(days=1))
        assert give(giver, {"ref": taker.ref}, 100).status_code == 201
        assert spendable(taker) == 200


def test_a_programme_may_let_nobody_give_points(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    giver, taker = shop.enrol(), shop.enrol()
    shop.commit(basket(5_000, member=giver))
    assert give(giver, {"ref": taker.ref}, 1).json()["code"] == "transfers_not_allowed"


def test_nobody_gives_to_themselves_or_to_nobody(pair: tuple[Member, Member]) -> None:
    giver, _ = pair
    own = give(giver, {"phone": "+12125550142"}, 10)
    assert (own.status_code, own.json()["code"]) == (422, "transfer_to_oneself")
    assert give(giver, {"phone": "+13055550199"}, 10).json()["code"] == "member_not_found"
    assert spendable(giver) == 500


def test_who_tries_out_numbers_is_stopped(pair: tuple[Member, Member]) -> None:
    giver, _ = pair
    answers = [give(giver, {"phone": "+13055550199"}, 10).status_code for _ in range(31)]
    assert answers == [404] * 30 + [429]


def test_what_is_given_pays_what_the_receiver_owes(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(when_spent="debt", transfer_points_a_day=None)
    giver, taker = shop.enrol(), shop.enrol()
    shop.commit(basket(5_000, member=giver))
    order = shop.commit(basket(1_000, member=taker)).json()["order"]["ref"]
    shop.commit(basket(90, member=taker, spend_points=100))
    shop.post(f"orders/{order}/cancel", {"return_number": "B-1"}, **{"Idempotency-Key": "b"})
    assert Wallet.objects.get(member=taker).debt == 100
    give(giver, {"ref": taker.ref}, 130)
    assert (spendable(taker), Wallet.objects.get(member=taker).debt) == (30, 0)


def test_who_owes_points_gives_none(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(when_spent="debt", transfer_points_a_day=None)
    giver, taker = shop.enrol(), shop.enrol()
    order = shop.commit(basket(1_000, member=giver)).json()["order"]["ref"]
    told = {"member": {"ref": giver.ref}, "points": 100}
    held = shop.post("holds", told, **{"Idempotency-Key": "h"}).json()["hold"]["ref"]
    shop.post(f"orders/{order}/cancel", {"return_number": "B-1"}, **{"Idempotency-Key": "b"})
    shop.post(f"holds/{held}/release", {}, **{"Idempotency-Key": "r"})
    assert Wallet.objects.get(member=giver).debt == 100
    assert give(giver, {"ref": taker.ref}, 100).json()["left"] == 0


def test_never_3_a_gift_that_is_told_again_under_its_number_is_given_once(
    pair: tuple[Member, Member], shop: Shop
) -> None:
    giver, taker = pair
    first = give(giver, {"ref": taker.ref}, 200, number="gift-1")
    again = give(giver, {"phone": "+12125550143"}, 200, number="gift-1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    other_points = give(giver, {"ref": taker.ref}, 201, number="gift-1")
    other_taker = give(giver, {"ref": shop.enrol().ref}, 200, number="gift-1")
    assert {each.json()["code"] for each in (other_points, other_taker)} == {"transfer_content_differs"}
    assert give(taker, {"ref": giver.ref}, 10, number="gift-1").status_code == 201
    assert give(giver, {"ref": taker.ref}, 20, number="gift-2").status_code == 201
    assert (spendable(giver), spendable(taker)) == (290, 210)
    assert Transfer.objects.count() == 3
