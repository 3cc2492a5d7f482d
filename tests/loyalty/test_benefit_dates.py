"""Dates of benefits on the staff's pages: when and how many seats, and the list for the door."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.staff.roles import CASHIER, FINANCE, MARKETER, STORE_MANAGER
from loyalty.models import Benefit, BenefitBooking, BenefitDate, BenefitGrant
from loyalty.services.benefits import book_benefit
from members.models import Member
from tests.config.staff import in_role
from tests.loyalty.conftest import Shop, basket

pytestmark = pytest.mark.django_db


def page_of(role: str) -> Client:
    client = Client()
    client.force_login(in_role(role))
    return client


@pytest.fixture
def evening(shop: Shop) -> BenefitDate:
    """A tasting with two seats."""
    starts = datetime(2031, 5, 1, 22, tzinfo=UTC)
    benefit = Benefit.objects.get(tier__programme=shop.programme)
    Benefit.objects.update(valid_days=3_000)
    return BenefitDate.objects.create(
        benefit=benefit, starts_at=starts, ends_at=starts + timedelta(hours=2), where="Tea room", seats=2
    )


def guest(shop: Shop, date: BenefitDate, name: str) -> BenefitBooking:
    member = shop.enrol()
    Member.objects.filter(pk=member.pk).update(given_name=name)
    shop.commit(basket(50_000, member=member))
    grant = BenefitGrant.objects.get(member=member)
    now = datetime.now(UTC)
    return book_benefit(grant.ref, member_id=member.pk, date_id=date.pk, actor="test", now=now)


def door(date: BenefitDate) -> str:
    return f"/admin/loyalty/benefitdate/{date.pk}/door/"


def test_guests_are_let_in_from_the_list_and_counted(shop: Shop, evening: BenefitDate) -> None:
    first, second, third = (guest(shop, evening, name) for name in ("Zoe", "Ada", "Bob"))
    client = page_of(STORE_MANAGER)

    page = client.get(door(evening)).content.decode()
    assert "2031-05-01 18:00" in page
    assert "0 came, 2 still expected, 1 waiting for a seat; 2 of 2 seats are taken." in page
    assert page.index("Ada") < page.index("Zoe") < page.index("Bob")
    assert f"…{second.member.identities.get(kind='phone').value[-4:]}" in page

    page = client.post(door(evening), {"booking": first.ref}, follow=True).content.decode()
    assert "Zoe is in." in page
    assert "1 came, 1 still expected, 1 waiting for a seat" in page
    refused = client.post(door(evening), {"booking": third.ref}, follow=True).content.decode()
    assert "Bob: It is on the waiting list." in refused
    states = BenefitBooking.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["used", "booked", "waiting"]


def test_the_list_is_read_at_once_however_many_come(
    shop: Shop, evening: BenefitDate, django_assert_num_queries: Any
) -> None:
    client = page_of(MARKETER)
    guest(shop, evening, "Ada")
    with CaptureQueriesContext(connection) as counted:
        client.get(door(evening))
    statements = len(counted)
    guest(shop, evening, "Bob")
    guest(shop, evening, "Zoe")
    with django_assert_num_queries(statements):
        client.get(door(evening))


@pytest.mark.parametrize(("role", "status"), [(FINANCE, 200), (CASHIER, 403)])
def test_who_may_not_check_in_lets_nobody_in(
    shop: Shop, evening: BenefitDate, role: str, status: int
) -> None:
    booking = guest(shop, evening, "Ada")
    client = page_of(role)
    page = client.get(door(evening))
    assert page.status_code == status
    assert "Let in" not in page.content.decode()
    assert client.post(door(evening), {"booking": booking.ref}).status_code in (403, 404)
    booking.refresh_from_db()
    assert booking.state == "booked"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"seats": "1"}, "2 seats are taken: cancel bookings first."),
        ({"ends_at_1": "09:00"}, "It ends after it begins."),
    ],
)
def test_a_date_that_cannot_be_is_refused_in_words(
    shop: Shop, evening: BenefitDate, told: dict[str, str], words: str
) -> None:
    for name in ("Ada", "Bob"):
        guest(shop, evening, name)
    form = {
        "benefit": str(evening.benefit_id),
        "starts_at_0": "2031-05-01",
        "starts_at_1": "18:00",
        "ends_at_0": "2031-05-01",
        "ends_at_1": "20:00",
        "where": "Tea room",
        "seats": "2",
    }
    page = page_of(MARKETER).post(f"/admin/loyalty/benefitdate/{evening.pk}/change/", form | told)
    assert words in page.content.decode()
    evening.refresh_from_db()
    assert evening.seats == 2


def test_the_list_of_dates_leads_to_the_door(shop: Shop, evening: BenefitDate) -> None:
    for name in ("Ada", "Bob", "Zoe"):
        guest(shop, evening, name)
    page = page_of(MARKETER).get("/admin/loyalty/benefitdate/").content.decode()
    assert "2 of 2 taken" in page
    assert door(evening) in page
