"""Points set aside: nothing else can spend them, whether or not a job has run when their time is over."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction

from loyalty.models import Entry, Hold, Wallet
from loyalty.services.return_slips import put_waiting_to_purchases
from loyalty.services.verification import verify_ledger
from members.models import Member
from omnichannel.services.return_slips import SlipDraft, SlipLine, record_return_slips
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.test_batches import send

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 2, 17, tzinfo=UTC)
_keys = count(1)


def tell(shop: Shop, path: str, body: dict[str, Any]) -> Any:
    """POST under a key of its own."""
    return shop.post(path, body, **{"Idempotency-Key": f"hold-{next(_keys)}"})


def hold(shop: Shop, member: Member, points: int, **more: Any) -> Any:
    return tell(shop, "holds", {"member": {"ref": member.ref}, "points": points, **more})


def figures(answer: Any) -> tuple[int, int, int]:
    wallet = answer.json()["wallet"]
    return wallet["balance"], wallet["spendable"], wallet["held"]


@pytest.fixture
def member(shop: Shop) -> Member:
    """A member with 500 points to spend."""
    member = shop.enrol()
    shop.commit(basket(5_000, member=member))
    return member


def test_held_points_can_be_spent_by_nothing_else(shop: Shop, member: Member) -> None:
    answer = hold(shop, member, 300, reference="B-17")
    assert answer.status_code == 201
    assert figures(answer) == (500, 200, 300)
    assert answer.json()["hold"]["state"] == "held"
    refused = shop.commit(basket(500, member=member, spend_points=210))
    assert (refused.status_code, refused.json()["code"]) == (409, "insufficient_points")
    assert shop.commit(basket(90, member=member, spend_points=200)).status_code == 201
    assert verify_ledger(now=datetime.now(UTC)) == []


@pytest.mark.parametrize(("points", "status"), [(499, 201), (500, 201), (501, 409)])
def test_as_many_can_be_held_as_can_be_spent(shop: Shop, member: Member, points: int, status: int) -> None:
    answer = hold(shop, member, points)
    assert answer.status_code == status
    if status == 409:
        assert (answer.json()["code"], answer.json()["spendable"]) == ("insufficient_points", 500)


@pytest.mark.parametrize(("captured", "left"), [(None, 200), (300, 200), (100, 400), (1, 499)])
def test_a_hold_is_captured_whole_or_in_part_and_the_rest_is_free(
    shop: Shop, member: Member, captured: int | None, left: int
) -> None:
    ref = hold(shop, member, 300, reference="B-17").json()["hold"]["ref"]
    answer = tell(shop, f"holds/{ref}/capture", {} if captured is None else {"points": captured})
    assert answer.status_code == 200
    assert figures(answer) == (left, left, 0)
    assert answer.json()["hold"]["captured_points"] == (captured or 300)
    entry = Entry.objects.get(cause=f"capture:{ref}")
    assert (entry.kind, entry.points) == ("spend", left - 500)
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_a_capture_counts_once_under_any_key(shop: Shop, member: Member) -> None:
    ref = hold(shop, member, 300).json()["hold"]["ref"]
    first = tell(shop, f"holds/{ref}/capture", {"points": 120})
    again = tell(shop, f"holds/{ref}/capture", {"points": 120})
    assert (again.status_code, again.json()) == (200, first.json())
    other = tell(shop, f"holds/{ref}/capture", {"points": 130})
    assert (other.status_code, other.json()["code"], other.json()["state"]) == (
        409,
        "hold_has_ended",
        "captured",
    )
    assert tell(shop, f"holds/{ref}/release", {}).json()["code"] == "hold_has_ended"
    assert Entry.objects.filter(kind="spend").count() == 1


def test_more_than_is_held_is_not_captured(shop: Shop, member: Member) -> None:
    ref = hold(shop, member, 300).json()["hold"]["ref"]
    answer = tell(shop, f"holds/{ref}/capture", {"points": 301})
    assert (answer.status_code, answer.json()["code"], answer.json()["held"]) == (409, "hold_exceeded", 300)
    assert Hold.objects.get().state == "held"


def test_a_released_hold_is_free_again_and_releasing_can_be_repeated(shop: Shop, member: Member) -> None:
    ref = hold(shop, member, 300).json()["hold"]["ref"]
    first = tell(shop, f"holds/{ref}/release", {})
    again = tell(shop, f"holds/{ref}/release", {})
    assert figures(first) == (500, 500, 0)
    assert again.json() == first.json()
    assert tell(shop, f"holds/{ref}/capture", {}).json()["code"] == "hold_has_ended"
    assert not Entry.objects.filter(kind="spend").exists()


def test_a_hold_past_its_time_counts_no_more_and_no_job_had_to_run(open_shop: Callable[..., Shop]) -> None:
    with time_machine.travel(START, tick=False) as clock:
        shop = open_shop()
        member = shop.enrol()
        shop.commit(basket(5_000, member=member))
        ref = hold(shop, member, 500, seconds=60).json()["hold"]["ref"]
        clock.shift(timedelta(seconds=59))
        assert shop.commit(basket(90, member=member, spend_points=10)).status_code == 409
        clock.shift(timedelta(seconds=1))
        screen = shop.post("till/lookup", {"member": {"ref": member.ref}})
        assert figures(screen) == (500, 500, 0)
        assert tell(shop, f"holds/{ref}/capture", {}).json()["state"] == "lapsed"
        assert tell(shop, f"holds/{ref}/release", {}).json()["hold"]["state"] == "lapsed"
        assert shop.commit(basket(90, member=member, spend_points=500)).status_code == 201
        assert verify_ledger(now=datetime.now(UTC)) == []


def test_a_hold_lasts_no_longer_than_its_points(open_shop: Callable[..., Shop]) -> None:
    with time_machine.travel(START, tick=False) as clock:
        shop = open_shop(expiry_days=10)
        member = shop.enrol()
        shop.commit(basket(5_000, member=member))
        clock.shift(timedelta(days=9))
        shop.commit(basket(2_000, member=member))
        long = hold(shop, member, 200, seconds=7 * 86_400).json()["hold"]
        assert datetime.fromisoformat(long["expires_at"]) == datetime.now(UTC) + timedelta(days=7)
        short = hold(shop, member, 10, seconds=7 * 86_400).json()["hold"]
        assert short["expires_at"] == "2026-03-13T04:00:00Z"


def test_a_purchase_spends_what_was_held_for_it_and_the_rest_is_free(shop: Shop, member: Member) -> None:
    ref = hold(shop, member, 400).json()["hold"]["ref"]
    quoted = shop.quote(basket(90, member=member, spend_points=300, hold=ref))
    assert quoted.json()["settlement"]["points_spent"] == 300
    assert shop.commit(basket(90, member=member, spend_points=300)).status_code == 409
    body = basket(90, member=member, spend_points=300, hold=ref)
    answer = shop.commit(body)
    assert answer.status_code == 201
    assert figures(answer) == (200, 200, 0)
    kept = Hold.objects.get()
    assert (kept.state, kept.captured_points) == ("captured", 300)
    assert kept.order_ref == answer.json()["order"]["ref"]
    assert shop.commit(body).json() == answer.json()
    other = shop.commit(basket(90, member=member, spend_points=10, hold=ref))
    assert other.json()["code"] == "hold_has_ended"
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_a_purchase_spends_beyond_its_hold_what_is_free_and_may_spend_nothing(
    shop: Shop, member: Member
) -> None:
    first = hold(shop, member, 100).json()["hold"]["ref"]
    answer = shop.commit(basket(90, member=member, spend_points=150, hold=first))
    assert figures(answer) == (350, 350, 0)
    second = hold(shop, member, 100).json()["hold"]["ref"]
    assert figures(shop.commit(basket(90, member=member, hold=second))) == (350, 350, 0)
    states = Hold.objects.order_by("id").values_list("state", "captured_points")
    assert list(states) == [("captured", 100), ("released", 0)]


def test_nobody_uses_the_hold_of_another(open_shop: Callable[..., Shop], shop: Shop, member: Member) -> None:
    ref = hold(shop, member, 100).json()["hold"]["ref"]
    other = shop.commit(basket(90, member=shop.enrol(), hold=ref))
    nobody = shop.commit(basket(90, hold=ref))
    elsewhere = open_shop()
    foreign = tell(elsewhere, f"holds/{ref}/capture", {})
    assert {answer.json()["code"] for answer in (other, nobody, foreign)} == {"hold_not_found"}
    seen = elsewhere.client.get(f"/api/v1/holds/{ref}", headers={"Authorization": f"Bearer {elsewhere.key}"})
    own = shop.client.get(f"/api/v1/holds/{ref}", headers={"Authorization": f"Bearer {shop.key}"})
    assert (seen.status_code, own.json()["state"]) == (404, "held")


def test_a_return_takes_no_points_that_are_set_aside_and_they_are_owed(shop: Shop, member: Member) -> None:
    order = shop.commit(basket(1_000, member=member)).json()["order"]["ref"]
    assert figures(hold(shop, member, 550)) == (600, 50, 550)
    answer = tell(shop, f"orders/{order}/cancel", {"return_number": "B-1"})
    undone = answer.json()["undone"]
    assert (undone["points_taken_back"], undone["points_owed"], undone["points_missing"]) == (100, 50, 0)
    assert figures(answer) == (550, 0, 550)
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_an_offline_sale_may_name_its_hold_too(shop: Shop, member: Member) -> None:
    ref = hold(shop, member, 500).json()["hold"]["ref"]
    lines = send(shop, [basket(90, member=member, spend_points=500, hold=ref), basket(200, member=member)])
    assert [line["status"] for line in lines] == [201, 201]
    assert Wallet.objects.get(member=member).spendable == 20


def test_a_hold_is_never_rewritten_nor_ended_twice(shop: Shop, member: Member) -> None:
    ref = hold(shop, member, 100).json()["hold"]["ref"]
    tell(shop, f"holds/{ref}/release", {})
    for change in ("points = 5", "state = 'held', ended_at = NULL"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE loyalty_hold SET {change}")


def test_a_return_of_an_earlier_moment_leaves_alone_what_is_held_now(open_shop: Callable[..., Shop]) -> None:
    """Points that had not matured when the goods came back, and are set aside by now."""
    with time_machine.travel(START, tick=False) as clock:
        shop = open_shop(maturity_days=3)
        member = shop.enrol()
        shop.commit(basket(1_000, member=member))
        clock.shift(timedelta(days=10))
        now = datetime.now(UTC)
        told = hold(shop, member, 100).json()["hold"]["ref"]
        slip = SlipDraft(
            place_id=shop.place.pk,
            number="B-1",
            member_id=member.pk,
            placed_at=START + timedelta(days=1),
            currency="USD",
            total_minor=1_000,
            lines=[SlipLine(sku="SKU-0", name="", quantity=1, total_minor=1_000)],
        )
        record_return_slips([slip], now=now)
        list(put_waiting_to_purchases(shop.programme.pk, now=now))
        assert tell(shop, f"holds/{told}/capture", {}).status_code == 200
        assert verify_ledger(now=now) == []
