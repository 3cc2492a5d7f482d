"""The cards of members."""

from datetime import UTC, datetime, timedelta

import pytest

from config.staff.dashboard import Number, Served
from members.admin import dashboard
from members.rules.identities import claim
from members.services.enrolment import enrol

pytestmark = pytest.mark.django_db

WEDNESDAY = datetime(2026, 3, 11, 12, tzinfo=UTC)


def come(number: int, via: str, at: datetime, *, place: str = "S1") -> None:
    phone = claim("phone", f"+1212555{number:04}", region="US")
    enrol(identities=[phone], via=via, place_code=place, actor="test", now=at)


def test_members_are_counted_and_the_new_ones_named() -> None:
    come(100, "till", WEDNESDAY - timedelta(weeks=3))
    come(101, "web", WEDNESDAY)

    shown = dashboard.members(WEDNESDAY)

    assert shown.value == "2"
    assert shown.note == "1 of them came since 2026-03-01"


def test_a_month_starts_on_its_first_and_each_way_has_its_colour() -> None:
    come(100, "till", datetime(2026, 3, 1, tzinfo=UTC))
    come(101, "web", WEDNESDAY)
    come(102, "web", datetime(2026, 2, 28, 23, 59, tzinfo=UTC))
    come(103, "web", datetime(2025, 3, 31, tzinfo=UTC))

    chart = dashboard.new_members_by_month(WEDNESDAY)

    assert (chart.labels[0], *chart.labels[-2:]) == ("Apr 2025", "Feb 2026", "Mar 2026")
    assert {one.name: one.values[-2:] for one in chart.series} == {"Till": [0, 1], "Web": [1, 1]}
    assert sum(sum(one.values) for one in chart.series) == 3


def test_who_serves_a_store_is_told_of_those_who_enrolled_there() -> None:
    come(100, "till", WEDNESDAY)
    come(101, "till", WEDNESDAY, place="S2")

    shown = dashboard.members(WEDNESDAY, (Served(1, "S2"),))

    assert shown == Number("1", "enrolled at your stores; 1 of them came since 2026-03-01")


def test_nobody_yet_is_drawn_as_nobody() -> None:
    assert dashboard.members(WEDNESDAY).value == "0"
    assert dashboard.new_members_by_month(WEDNESDAY).series == []
