"""Purchases of members who show the rotating code of their app, told again when the code is long over."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from loyalty.models import Entry
from members.models import Member
from members.queries.cards import get_card
from omnichannel.models import Order
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.test_batches import send

pytestmark = pytest.mark.django_db

LATER = timedelta(minutes=5)


def shown_by(member: Member) -> dict[str, Any]:
    """A purchase by the code that the member's app shows now."""
    payload = get_card(member.pk, now=datetime.now(UTC)).payload
    return basket(700) | {"member": {"qr": payload}}


@pytest.mark.parametrize("key", ["once", "another"])
def test_what_was_told_in_a_codes_minute_is_answered_the_same_when_it_is_over(shop: Shop, key: str) -> None:
    """By the idempotency key as well as by the receipt alone."""
    purchase = shown_by(shop.enrol())
    first = shop.commit(purchase, "once")
    assert first.status_code == 201
    with time_machine.travel(datetime.now(UTC) + LATER):
        again = shop.commit(purchase, key)
    assert again.status_code == (201 if key == "once" else 200)
    assert again.content == first.content
    assert Order.objects.count() == Entry.objects.count() == 1


def test_a_code_that_is_over_buys_nothing_new(shop: Shop) -> None:
    member = shop.enrol()
    told, new = shown_by(member), shown_by(member)
    assert shop.commit(told).status_code == 201
    with time_machine.travel(datetime.now(UTC) + LATER):
        for answer in (shop.commit(new), shop.quote(new)):
            assert (answer.status_code, answer.json()["code"]) == (422, "card_code_not_valid")
        changed = shop.commit(told | {"lines": new["lines"] * 2})
        assert (changed.status_code, changed.json()["code"]) == (409, "receipt_content_differs")
    assert Order.objects.count() == Entry.objects.count() == 1


def test_a_batch_sent_again_is_answered_for_codes_that_are_over(shop: Shop) -> None:
    member = shop.enrol()
    told, new = shown_by(member), shown_by(member)
    (first,) = send(shop, [told])
    with time_machine.travel(datetime.now(UTC) + LATER):
        again, refused = send(shop, [told, new])
    assert (first["status"], again["status"], refused["status"]) == (201, 200, 422)
    assert again["answer"] == first["answer"]
    assert refused["problem"]["code"] == "card_code_not_valid"
    assert Order.objects.count() == 1


@pytest.mark.parametrize(("told_s", "status"), [(-125, 422), (-60, 201), (0, 201), (60, 201), (125, 422)])
def test_a_till_that_was_offline_tells_the_code_of_the_moment_at_which_it_sold(
    shop: Shop, told_s: int, status: int
) -> None:
    """Its clock may be a minute wrong. Told again it is the same purchase."""
    with time_machine.travel(datetime(2026, 3, 2, 17, 0, 30, tzinfo=UTC), tick=False):
        sold = shown_by(shop.enrol())
        sold["placed_at"] = (datetime.now(UTC) + timedelta(seconds=told_s)).isoformat()
    with time_machine.travel(datetime(2026, 3, 3, 9, tzinfo=UTC), tick=False):
        (told,) = send(shop, [sold])
        (again,) = send(shop, [sold])
        quoted = shop.quote(sold)
    assert (told["status"], again["status"]) == (status, 200 if status == 201 else status)
    assert (quoted.status_code, Order.objects.count()) == (422, int(status == 201))


def test_a_forged_code_is_refused_even_for_what_was_told(shop: Shop) -> None:
    purchase = shown_by(shop.enrol())
    shop.commit(purchase, "once")
    payload = purchase["member"]["qr"]
    forged = purchase | {"member": {"qr": payload[:-1] + ("0" if payload[-1] != "0" else "1")}}
    answer = shop.commit(forged, "once")
    assert (answer.status_code, answer.json()["code"]) == (422, "card_code_not_valid")
    assert answer.json()["errors"][0]["pointer"] == "/member/qr"
