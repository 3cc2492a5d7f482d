"""The clock: real where purchases are, movable in a sandbox."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from config.ground import clock
from config.ground.models import SandboxClock
from loyalty.models import Seal
from loyalty.services.seals import seal_closed_days
from loyalty.services.verification import verify_ledger
from omnichannel.services.keys import make_key
from tests.loyalty.conftest import Shop, basket

pytestmark = pytest.mark.django_db

DOOR = "/api/v1/sandbox/clock"
NEXT_YEAR = "2027-11-21T10:15:00+08:00"
A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def sandbox(settings: Any) -> None:
    settings.SANDBOX = True
    clock.forget_offset()


@pytest.fixture
def till() -> Client:
    key = make_key(name="crm", scopes=["sandbox"], now=clock.now())
    return Client(headers={"Authorization": f"Bearer {key.text}"})


def test_a_sandbox_goes_on_from_another_moment(sandbox: None, till: Client) -> None:
    response = till.post(DOOR, {"now": NEXT_YEAR}, content_type="application/json")

    assert response.status_code == 200
    assert abs(clock.now() - datetime.fromisoformat(NEXT_YEAR)) < A_MINUTE
    assert clock.now().tzinfo is UTC
    assert response.json()["now"].startswith("2027-11-21T02:1")

    till.post(DOOR, {"now": "2026-01-01T00:00:00Z"}, content_type="application/json")
    assert clock.now().year == 2026
    assert SandboxClock.objects.count() == 1


def test_a_sandbox_tells_the_real_time_again(sandbox: None, till: Client) -> None:
    till.post(DOOR, {"now": NEXT_YEAR}, content_type="application/json")

    assert till.delete(DOOR).status_code == 200
    assert abs(clock.now() - datetime.now(UTC)) < A_MINUTE


def test_where_purchases_are_real_the_clock_is_not_moved(till: Client) -> None:
    for response in (till.post(DOOR, {"now": NEXT_YEAR}, content_type="application/json"), till.delete(DOOR)):
        assert (response.status_code, response.json()["code"]) == (404, "not_a_sandbox")
    assert not SandboxClock.objects.exists()


def test_a_moment_without_an_offset_is_refused(sandbox: None, till: Client) -> None:
    response = till.post(DOOR, {"now": "2027-11-21T10:15:00"}, content_type="application/json")

    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/now"


def test_a_sandbox_does_not_go_back_into_days_that_are_sealed(
    sandbox: None, till: Client, shop: Shop
) -> None:
    """A purchase written into a sealed day would make the daily proof fail for ever."""
    member = shop.enrol()
    till.post(DOOR, {"now": NEXT_YEAR}, content_type="application/json")
    shop.commit(basket(700, member=member))
    till.post(DOOR, {"now": "2027-11-24T12:00:00Z"}, content_type="application/json")
    seal_closed_days(now=clock.now())
    assert Seal.objects.latest("sealed_on").sealed_on == date(2027, 11, 23)

    for response in (
        till.post(DOOR, {"now": "2027-11-23T23:59:59Z"}, content_type="application/json"),
        till.delete(DOOR),
    ):
        assert (response.status_code, response.json()["code"]) == (409, "day_is_sealed")
        assert response.json()["earliest"] == "2027-11-24T00:00:00Z"
    assert clock.now().date() == date(2027, 11, 24)

    opens = till.post(DOOR, {"now": "2027-11-24T00:00:00Z"}, content_type="application/json")
    assert opens.status_code == 200
    assert shop.commit(basket(800, member=member)).status_code == 201
    assert verify_ledger(now=clock.now()) == []
