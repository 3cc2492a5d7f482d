"""The clock: real where purchases are, movable in a sandbox."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from config.ground import clock
from config.ground.models import SandboxClock
from omnichannel.services.keys import make_key

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
    key = make_key(name="crm", scopes=["members"], now=clock.now())
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
