"""NEVER 3: a hold that is told again under another key, for its answer was lost, sets nothing aside a second time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from loyalty.models import Hold, Wallet
from members.models import Member
from omnichannel.models import Place, Till
from tests.loyalty.conftest import Shop, basket, till_key
from tests.loyalty.test_holds import START, hold, tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(shop: Shop) -> Member:
    """A member with 500 points to spend."""
    member = shop.enrol()
    shop.commit(basket(5_000, member=member))
    return member


def test_a_hold_told_again_under_its_reference_is_the_same_one(shop: Shop, member: Member) -> None:
    first = hold(shop, member, 300, reference="basket-77")
    again = hold(shop, member, 300, reference="basket-77")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    differs = hold(shop, member, 200, reference="basket-77")
    assert (differs.status_code, differs.json()["code"]) == (409, "hold_content_differs")
    assert differs.json()["hold_ref"] == Hold.objects.get().ref
    assert Wallet.objects.get(member=member).held == 300


def test_another_name_no_name_another_member_or_another_place_is_another_hold(
    shop: Shop, member: Member
) -> None:
    other = shop.enrol()
    shop.commit(basket(5_000, member=other))
    place = Place.objects.create(programme=shop.programme, code="S-2", name="Harbour", kind="store")
    elsewhere = till_key(Till.objects.create(place=place, code="T1", name="Till 1"))
    told = {"member": {"ref": member.ref}, "points": 50}
    answers = [
        hold(shop, member, 50, reference="B-1"),
        hold(shop, member, 50, reference="B-2"),
        hold(shop, member, 50),
        hold(shop, member, 50),
        hold(shop, other, 50, reference="B-1"),
        shop.post("holds", told | {"reference": "B-1"}, key=elsewhere, **{"Idempotency-Key": "there"}),
    ]
    assert [answer.status_code for answer in answers] == [201] * 6
    assert Wallet.objects.get(member=member).held == 250


def test_a_reference_is_free_again_when_its_hold_is_over(open_shop: Callable[..., Shop]) -> None:
    with time_machine.travel(START, tick=False) as clock:
        shop = open_shop()
        member = shop.enrol()
        shop.commit(basket(5_000, member=member))
        ref = hold(shop, member, 300, reference="B-1").json()["hold"]["ref"]
        tell(shop, f"holds/{ref}/release", {})
        assert hold(shop, member, 200, reference="B-1", seconds=60).status_code == 201
        clock.shift(timedelta(seconds=60))
        assert hold(shop, member, 100, reference="B-1").status_code == 201
        assert Hold.objects.filter(state="held", expires_at__gt=datetime.now(UTC)).get().points == 100


def test_who_repeats_a_hold_proves_nothing_a_second_time(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(proof_above=100)
    member = shop.enrol("+12125550142")
    shop.commit(basket(5_000, member=member))
    told = {"member": {"phone": "+12125550142"}, "points": 60, "reference": "B-1"}
    answers = [tell(shop, "holds", told).status_code for _ in range(2)]
    assert answers == [201, 200]
    assert tell(shop, "holds", told | {"reference": "B-2"}).json()["code"] == "proof_needed"
