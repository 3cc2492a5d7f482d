"""NEVER 15: whoever names a phone number cannot spend the points."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from loyalty.models import Entry, Hold
from members.models import Member
from members.queries.cards import get_card
from omnichannel.models import Place
from omnichannel.services.keys import make_key
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.test_batches import send
from tests.loyalty.test_holds import tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    """Up to 100 points are spent without proof."""
    return open_shop(proof_above=100)


@pytest.fixture
def member(shop: Shop) -> Member:
    """A member with 500 points to spend."""
    member = shop.enrol("+12125550142")
    shop.commit(basket(5_000, member=member))
    return member


def by_phone(points: int, **more: Any) -> dict[str, Any]:
    return basket(90, member=None, spend_points=points) | {"member": {"phone": "+12125550142"}} | more


@pytest.mark.parametrize(("points", "status"), [(0, 201), (100, 201), (110, 403)])
def test_never_15_a_phone_number_spends_no_more_than_the_programme_lets_go(
    shop: Shop, member: Member, points: int, status: int
) -> None:
    assert shop.quote(by_phone(points)).json()["needs_proof"] == (status == 403)
    answer = shop.commit(by_phone(points))
    assert answer.status_code == status
    if status == 403:
        assert (answer.json()["code"], answer.json()["above"]) == ("proof_needed", 100)
        assert not Entry.objects.filter(kind="spend").exists()


def test_never_15_nor_does_a_phone_number_hold_them_or_spend_them_offline(shop: Shop, member: Member) -> None:
    held = tell(shop, "holds", {"member": {"phone": "+12125550142"}, "points": 101})
    assert (held.status_code, held.json()["code"]) == (403, "proof_needed")
    (line,) = send(shop, [by_phone(110)])
    assert line["problem"]["code"] == "proof_needed"
    assert not Hold.objects.exists()
    assert not Entry.objects.filter(kind="spend").exists()


def test_never_15_a_code_of_a_sale_told_later_names_the_member_and_proves_nothing(
    shop: Shop, member: Member
) -> None:
    at = datetime.now(UTC)
    shown = {"qr": get_card(member.pk, now=at).payload}
    sold = by_phone(110, placed_at=at.isoformat(), member=shown)
    with time_machine.travel(at + timedelta(minutes=5)):
        assert shop.commit(sold).json()["code"] == "proof_needed"
        assert shop.commit(sold | {"spend_points": 100}).status_code == 201


def test_a_rotating_code_proves_it(shop: Shop, member: Member) -> None:
    shown = {"member": {"qr": get_card(member.pk, now=datetime.now(UTC)).payload}}
    assert shop.quote(by_phone(200, **shown)).json()["needs_proof"] is False
    assert shop.commit(by_phone(200, **shown)).status_code == 201
    assert tell(shop, "holds", {**shown, "points": 150}).status_code == 201


def test_a_code_told_to_the_cashier_proves_it(
    shop: Shop, member: Member, send_codes: Callable[[], str]
) -> None:
    known = {"member": {"phone": "+12125550142"}}
    assert shop.post("till/presence/code", known).status_code == 202
    assert shop.post("till/presence", {**known, "code": send_codes()}).status_code == 200
    assert shop.quote(by_phone(200)).json()["needs_proof"] is False
    assert shop.commit(by_phone(200)).status_code == 201


def test_a_web_shop_stands_for_those_who_signed_in_there(shop: Shop, member: Member) -> None:
    web = Place.objects.create(programme=shop.programme, code="WEB", name="Web", kind="web_shop")
    key = make_key(name="web", scopes=["orders"], place_id=web.pk, now=datetime.now(UTC)).text
    order = by_phone(200)
    order["order_number"] = order.pop("receipt_number")
    assert shop.post("orders", order, key=key).status_code == 201


def test_a_programme_without_a_limit_never_asks(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    member = shop.enrol("+12125550142")
    shop.commit(basket(5_000, member=member))
    assert shop.commit(by_phone(500)).status_code == 201


def test_never_15_many_small_purchases_are_as_good_as_a_large_one(shop: Shop, member: Member) -> None:
    answers = [shop.commit(by_phone(40)).status_code for _ in range(4)]
    assert answers == [201, 201, 403, 403]
    assert tell(shop, "holds", {"member": {"phone": "+12125550142"}, "points": 21}).status_code == 403
    assert tell(shop, "holds", {"member": {"phone": "+12125550142"}, "points": 20}).status_code == 201
    assert shop.commit(by_phone(10)).status_code == 403


def test_a_key_of_a_store_without_a_till_is_asked_too(shop: Shop, member: Member) -> None:
    key = make_key(name="store", scopes=["orders"], place_id=shop.place.pk, now=datetime.now(UTC)).text
    assert shop.post("orders", by_phone(200), key=key).json()["code"] == "proof_needed"


@pytest.mark.parametrize(("spent", "status"), [(60, 201), (100, 201), (110, 403)])
def test_what_a_hold_covers_was_proven_when_it_was_held(
    shop: Shop, member: Member, spent: int, status: int
) -> None:
    known = {"member": {"phone": "+12125550142"}}
    ref = tell(shop, "holds", {**known, "points": 60}).json()["hold"]["ref"]
    assert shop.quote(by_phone(spent, hold=ref)).json()["needs_proof"] == (status == 403)
    assert shop.commit(by_phone(spent, hold=ref)).status_code == status


def test_a_hold_that_was_proven_is_spent_by_phone_too_at_once_or_offline(shop: Shop, member: Member) -> None:
    for tell_purchase in (shop.commit, lambda body: send(shop, [body])[0]):
        shown = {"member": {"qr": get_card(member.pk, now=datetime.now(UTC)).payload}}
        ref = tell(shop, "holds", {**shown, "points": 150}).json()["hold"]["ref"]
        answer = tell_purchase(by_phone(150, hold=ref))
        assert (answer["status"] if isinstance(answer, dict) else answer.status_code) == 201
