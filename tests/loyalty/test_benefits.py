"""Benefits: granted, booked with a date or without, used at a till once, cancelled; seats exact, waiting in order."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from config.outbox.models import Event
from config.staff.roles import STORE_MANAGER
from loyalty.errors.tiers import BenefitNotUsable
from loyalty.models import Benefit, BenefitBooking, BenefitDate, BenefitGrant
from loyalty.services.benefits import book_benefit, cancel_booking, grant_benefit, use_benefit
from loyalty.services.verification import verify_ledger
from members.models import Member
from tests.config.staff import in_role
from tests.loyalty.conftest import Shop, basket

pytestmark = pytest.mark.django_db


def now() -> datetime:
    return datetime.now(UTC)


def gold(shop: Shop) -> tuple[Member, BenefitGrant]:
    """A member who has just reached gold, which brings a tea tasting."""
    member = shop.enrol()
    assert shop.commit(basket(50_000, member=member)).status_code == 201
    return member, BenefitGrant.objects.get(member=member)


def evening(shop: Shop, seats: int) -> BenefitDate:
    benefit = Benefit.objects.get(tier__programme=shop.programme)
    starts = now() + timedelta(days=5)
    return BenefitDate.objects.create(
        benefit=benefit, starts_at=starts, ends_at=starts + timedelta(hours=2), where="Tea room", seats=seats
    )


def used(shop: Shop, ref: str, key: str) -> Any:
    return shop.post(f"benefits/{ref}/use", {"where": "Main street"}, **{"Idempotency-Key": key})


def test_a_benefit_is_used_at_the_till_once_and_the_second_time_says_when_and_where(shop: Shop) -> None:
    member, grant = gold(shop)
    screen = shop.post("till/lookup", {"member": {"ref": member.ref}}).json()
    assert [one["title"] for one in screen["benefits"]] == ["Tea tasting"]
    first = used(shop, screen["benefits"][0]["ref"], "use-1")
    assert (first.status_code, first.json()["state"]) == (200, "used")
    second = used(shop, grant.ref, "use-2")
    assert (second.status_code, second.json()["code"]) == (409, "benefit_not_usable")
    assert second.json()["detail"] == f"Tea tasting was used on {now():%-d %B %Y} at Main street."
    assert BenefitBooking.objects.count() == 1
    assert shop.post("till/lookup", {"member": {"ref": member.ref}}).json()["benefits"] == []


def test_what_is_booked_for_this_evening_is_used_today_wherever_the_day_has_changed(
    shop: Shop, clock: Any
) -> None:
    member, grant = gold(shop)
    date = evening(shop, seats=1)
    BenefitDate.objects.update(
        starts_at=datetime(2026, 5, 11, 1, tzinfo=UTC), ends_at=datetime(2026, 5, 11, 3, tzinfo=UTC)
    )
    booked = book_benefit(grant.ref, member_id=member.pk, date_id=date.pk, actor="test", now=now())

    assert used(shop, grant.ref, "use-1").json()["ref"] == booked.ref


def test_an_allowance_of_a_year_begins_anew(shop: Shop) -> None:
    Benefit.objects.update(uses=2, is_each_year=True, valid_days=900)
    _, grant = gold(shop)
    late = now() + timedelta(days=370)
    for at in (now(), now(), late):
        use_benefit(grant.ref, programme_id=shop.programme.pk, where="", actor="test", now=at)
    with pytest.raises(BenefitNotUsable, match="was used on"):
        use_benefit(grant.ref, programme_id=shop.programme.pk, where="", actor="test", now=now())
    use_benefit(grant.ref, programme_id=shop.programme.pk, where="", actor="test", now=late)


def test_what_ran_out_is_over_whether_or_not_anybody_wrote_it_down(shop: Shop) -> None:
    _, grant = gold(shop)
    with pytest.raises(BenefitNotUsable, match="ran out on"):
        use_benefit(grant.ref, programme_id=shop.programme.pk, where="", actor="test", now=grant.valid_until)


def test_the_waiting_list_moves_up_in_order_and_is_told(shop: Shop) -> None:
    date = evening(shop, seats=1)
    people = [gold(shop) for _ in range(3)]
    bookings = [
        book_benefit(grant.ref, member_id=member.pk, date_id=date.pk, actor="test", now=now())
        for member, grant in people
    ]
    assert [booking.state for booking in bookings] == ["booked", "waiting", "waiting"]
    cancel_booking(bookings[0].ref, member_id=people[0][0].pk, actor="test", now=now())
    states = BenefitBooking.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["cancelled", "booked", "waiting"]
    told = Event.objects.filter(name="loyalty.benefit_booked", member_id=people[1][0].pk).order_by("id")
    assert [event.payload["state"] for event in told] == ["waiting", "booked"]
    cancel_booking(bookings[2].ref, member_id=None, actor="test", now=now())
    cancel_booking(bookings[1].ref, member_id=None, actor="test", now=now())
    date.refresh_from_db()
    assert date.taken == 0
    assert verify_ledger(now=now()) == []


def test_a_date_is_booked_once_and_what_has_dates_is_not_used_without(shop: Shop) -> None:
    Benefit.objects.update(uses=5)
    member, grant = gold(shop)
    date = evening(shop, seats=9)
    with pytest.raises(BenefitNotUsable, match="Choose a date"):
        book_benefit(grant.ref, member_id=member.pk, date_id=None, actor="test", now=now())
    book_benefit(grant.ref, member_id=member.pk, date_id=date.pk, actor="test", now=now())
    with pytest.raises(BenefitNotUsable, match="booked for this date"):
        book_benefit(grant.ref, member_id=member.pk, date_id=date.pk, actor="test", now=now())
    with pytest.raises(BenefitNotUsable, match="has to be booked"):
        use_benefit(grant.ref, programme_id=shop.programme.pk, where="", actor="test", now=now())


def test_the_database_refuses_the_same_use_twice(shop: Shop) -> None:
    _, grant = gold(shop)
    booking = use_benefit(grant.ref, programme_id=shop.programme.pk, where="", actor="test", now=now())
    booking.pk, booking.ref = None, "bkg_other"
    with pytest.raises(IntegrityError, match="an_allowance_is_used_once"), transaction.atomic():
        booking.save()


def test_an_offer_grants_a_benefit_once_whatever_the_tier(shop: Shop) -> None:
    member = shop.enrol()
    shop.commit(basket(100, member=member))
    until = now() + timedelta(days=9)
    for granted in (1, 0):
        benefit = Benefit.objects.get()
        assert grant_benefit(benefit, [member.pk], cause="offer:x", valid_until=until, now=now()) == granted


def test_a_store_checks_in_who_booked(shop: Shop) -> None:
    member, grant = gold(shop)
    booking = book_benefit(
        grant.ref, member_id=member.pk, date_id=evening(shop, 2).pk, actor="test", now=now()
    )
    client = Client()
    client.force_login(in_role(STORE_MANAGER))
    chosen = {"action": "let_in", "_selected_action": [booking.pk]}
    assert client.get("/admin/loyalty/benefitbooking/").status_code == 200
    assert client.post("/admin/loyalty/benefitbooking/", chosen).status_code == 302
    booking.refresh_from_db()
    assert booking.state == "used"
