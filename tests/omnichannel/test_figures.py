"""The cards of sales."""

from datetime import UTC, datetime, timedelta

import pytest

from config.staff.dashboard import Served
from omnichannel.admin import dashboard
from omnichannel.models import OrderState, Place, Programme, UnclaimedOrder
from omnichannel.queries.figures import find_sales

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def place() -> Place:
    programme = Programme.objects.create(
        code="tea", name="Tea house", timezone="America/New_York", currency="USD", region="US"
    )
    return Place.objects.create(programme=programme, code="S1", name="Main street")


def sell(place: Place, minor: int, placed_at: datetime) -> None:
    """A purchase by somebody unknown."""
    UnclaimedOrder.objects.create(
        ref=f"ord_{UnclaimedOrder.objects.count():026}",
        programme=place.programme,
        place=place,
        number=f"R{UnclaimedOrder.objects.count()}",
        source="till",
        placed_at=placed_at,
        recorded_at=placed_at,
        currency="USD",
        subtotal_minor=minor,
        discount_minor=0,
        tax_minor=0,
        total_minor=minor,
        lines=[],
        answer="{}",
    )


def test_a_house_without_sales_says_so() -> None:
    assert find_sales(now=NOON, days=3) is None
    assert dashboard.sales(NOON) == dashboard.NO_SALES
    assert dashboard.share_of_members(NOON) == dashboard.NO_SALES
    assert dashboard.sales_by_day(NOON).series == []


def test_days_are_the_programme_s_and_have_no_gaps(place: Place) -> None:
    sell(place, 1_000, NOON - timedelta(days=2))
    sell(place, 2_500, datetime(2026, 3, 10, 3, tzinfo=UTC))  # the evening of the 9th in New York
    sell(place, 700, NOON)

    found = find_sales(now=NOON, days=4)

    assert found is not None
    assert [(f"{day.day:%m-%d}", day.to_others_minor, day.orders) for day in found.days] == [
        ("03-07", 0, 0),
        ("03-08", 1_000, 1),
        ("03-09", 2_500, 1),
        ("03-10", 700, 1),
    ]


def test_the_days_end_with_the_last_sale_and_leave_the_future_out(place: Place) -> None:
    sell(place, 1_000, NOON - timedelta(days=400))
    sell(place, 9_999, NOON + timedelta(days=1))

    shown = dashboard.sales(NOON)

    assert (shown.value, shown.unit) == ("10", "USD")
    assert shown.note == "in 1 orders, 30 days to 2025-02-03"


def test_sales_are_told_of_some_stores_alone(place: Place) -> None:
    other = Place.objects.create(programme=place.programme, code="S2", name="Side street")
    sell(place, 1_000, NOON - timedelta(days=1))
    sell(other, 700, NOON)

    here = (Served(place.pk, place.code),)

    assert (dashboard.sales(NOON).value, dashboard.sales(NOON, here).value) == ("17", "10")
    assert dashboard.sales(NOON, here).note == "in 1 orders, 30 days to 2026-03-09"
    assert dashboard.sales(NOON, (Served(0, "S9"),)) == dashboard.NO_SALES


def test_cancelled_is_a_state_that_the_sums_know() -> None:
    assert OrderState.CANCELLED in OrderState.values
