"""The cards of points and tiers, on a shop that sold something."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from config.staff.dashboard import Chart, Number
from loyalty.admin import dashboard
from loyalty.models import Entry, EntryKind, ProgrammeTerms
from loyalty.services.welcome import welcome
from members.models import Member
from tests.loyalty.conftest import Shop, basket

pytestmark = pytest.mark.django_db


def now() -> datetime:
    return datetime.now(UTC)


def series(chart: Chart) -> dict[str, list[float]]:
    return {one["label"]: one["data"] for one in json.loads(chart.data)["datasets"]}


def test_an_empty_shop_has_empty_cards() -> None:
    assert dashboard.points_outstanding(now()) == Number("none", "No programme has declared its terms yet.")
    assert set(series(dashboard.points_by_week(now()))) == {"issued", "spent", "expired"}
    assert series(dashboard.members_by_tier(now())) == {"members": []}


def test_points_outstanding_are_what_wallets_hold_and_what_they_pay_for(shop: Shop) -> None:
    member = shop.enrol()
    shop.commit(basket(12_300, member=member))

    shown = dashboard.points_outstanding(now())

    assert shown == Number("1,230", "they pay for 1.23 USD (Corner shop)")


def test_points_of_the_week_are_told_by_side(shop: Shop) -> None:
    member = shop.enrol()
    shop.commit(basket(10_000, member=member))
    shop.commit(basket(500, member=member, spend_points=400))

    shown = series(dashboard.points_by_week(now()))

    entries = Entry.objects.values_list("kind", "points")
    assert shown["issued"][-1] == sum(points for kind, points in entries if kind == EntryKind.EARN)
    assert shown["spent"][-1] == 400
    assert sum(shown["expired"]) == 0
    assert len(shown["issued"]) == dashboard.WEEKS


def test_points_that_are_told_late_do_not_move_the_weeks(shop: Shop) -> None:
    shop.commit(basket(10_000, member=shop.enrol()))
    long_ago = now() - timedelta(days=200)
    ProgrammeTerms.objects.filter(programme=shop.programme).update(welcome_points=50)
    welcome(Member.objects.get().pk, programme_code=shop.programme.code, happened_at=long_ago, now=now())

    shown = series(dashboard.points_by_week(now()))

    assert shown["issued"][-1] == 1_000
    assert sum(shown["issued"]) == 1_000


def test_each_member_stands_on_one_tier_the_highest_they_hold(shop: Shop) -> None:
    for spend in (500, 15_000, 16_000, 60_000):
        shop.commit(basket(spend, member=shop.enrol()))

    chart = dashboard.members_by_tier(now())

    assert dict(zip(chart.labels, chart.series[0].values, strict=True)) == {
        "Basic": 1,
        "Silver": 2,
        "Gold": 1,
    }
