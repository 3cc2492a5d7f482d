"""Purchases by the code that a till has verified without a network: taken as the other kind is."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from pytest_django import Settings

from loyalty.models import Entry
from members.models import Member
from omnichannel.models import Order
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.test_batches import send
from tests.loyalty.test_holds import tell
from tests.members.offline_cards import Device, device_of

pytestmark = pytest.mark.django_db
LATER = timedelta(minutes=5)
SOLD = datetime(2026, 3, 2, 17, 0, 30, tzinfo=UTC)


@pytest.fixture
def shop(open_shop: Callable[..., Shop], settings: Settings) -> Shop:
    """Up to 100 points are spent without proof."""
    settings.CARD_KEYS = [b"h" * 32]
    return open_shop(proof_above=100)


@pytest.fixture
def member(shop: Shop) -> Member:
    """A member with 500 points to spend."""
    member = shop.enrol("+12125550142")
    shop.commit(basket(5_000, member=member))
    return member


def shown_by(device: Device, *, spend: int = 0) -> dict[str, Any]:
    return basket(900, spend_points=spend) | {"member": {"qr": device.shows(datetime.now(UTC))}}


def test_a_code_opens_the_tills_screen_and_proves_who_spends(shop: Shop, member: Member) -> None:
    device = device_of(member, now=datetime.now(UTC))
    told = shown_by(device, spend=200)
    screen = shop.post("till/lookup", {"member": told["member"]})
    assert (screen.status_code, screen.json()["member"]["ref"]) == (200, member.ref)
    assert shop.quote(told).json()["needs_proof"] is False
    assert shop.commit(told).status_code == 201
    assert tell(shop, "holds", {"member": told["member"], "points": 150}).status_code == 201


def test_a_purchase_told_again_is_the_same_when_the_code_is_over_or_the_device_signed_out(
    shop: Shop, member: Member
) -> None:
    device = device_of(member, now=datetime.now(UTC))
    told, new = shown_by(device), shown_by(device)
    first = shop.commit(told)
    device.sign_out()
    assert shop.commit(told).content == first.content
    refused = shop.commit(new)
    assert (refused.status_code, refused.json()["code"]) == (422, "card_code_not_valid")
    assert "signed out" in refused.json()["detail"]
    with time_machine.travel(datetime.now(UTC) + LATER):
        assert shop.commit(told).content == first.content
        assert shop.commit(new).status_code == 422
    assert Order.objects.count() == 2


def test_a_device_that_is_signed_out_buys_nothing_online_whatever_moment_the_till_tells(
    shop: Shop, member: Member
) -> None:
    device = device_of(member, now=datetime.now(UTC))
    told = shown_by(device)
    device.sign_out()
    told["placed_at"] = datetime.now(UTC).isoformat()
    assert shop.commit(told).json()["code"] == "card_code_not_valid"
    assert shop.post("till/lookup", {"member": told["member"]}).status_code == 422
    assert Order.objects.count() == 1


@pytest.mark.parametrize(("told_s", "status"), [(-125, 422), (-60, 201), (0, 201), (60, 201), (125, 422)])
def test_a_till_that_was_offline_tells_the_code_of_the_moment_at_which_it_sold(
    shop: Shop, told_s: int, status: int
) -> None:
    """Also when the device was signed out in between. Told again it is the same purchase."""
    with time_machine.travel(SOLD, tick=False):
        device = device_of(shop.enrol(), now=SOLD)
        sold = shown_by(device) | {"placed_at": (SOLD + timedelta(seconds=told_s)).isoformat()}
    with time_machine.travel(SOLD + LATER, tick=False):
        device.sign_out()
    with time_machine.travel(SOLD + timedelta(hours=16), tick=False):
        (told,), (again,) = send(shop, [sold]), send(shop, [sold])
        quoted = shop.quote(sold)
    assert (told["status"], again["status"]) == (status, 200 if status == 201 else status)
    assert (quoted.status_code, Order.objects.count()) == (422, int(status == 201))


def test_a_code_made_after_its_device_was_signed_out_is_refused_late_too(shop: Shop) -> None:
    with time_machine.travel(SOLD, tick=False):
        device = device_of(shop.enrol(), now=SOLD)
        device.sign_out()
    with time_machine.travel(SOLD + LATER, tick=False):
        sold = shown_by(device) | {"placed_at": (SOLD + LATER).isoformat()}
    with time_machine.travel(SOLD + timedelta(hours=16), tick=False):
        (told,) = send(shop, [sold])
    assert (told["status"], told["problem"]["code"]) == (422, "card_code_not_valid")
    assert not Order.objects.exists()


def test_never_15_a_code_of_a_sale_told_later_names_the_member_and_proves_nothing(
    shop: Shop, member: Member
) -> None:
    sold = shown_by(device_of(member, now=datetime.now(UTC)), spend=200)
    sold["placed_at"] = datetime.now(UTC).isoformat()
    with time_machine.travel(datetime.now(UTC) + LATER):
        assert shop.commit(sold).json()["code"] == "proof_needed"
        assert shop.commit(sold | {"spend_points": 100}).status_code == 201
    assert Entry.objects.get(kind="spend").points == -100
