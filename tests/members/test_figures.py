"""The cards of members."""

from datetime import UTC, datetime, timedelta

import pytest

from members.admin import dashboard
from members.rules.identities import claim
from members.services.enrolment import enrol

pytestmark = pytest.mark.django_db

WEDNESDAY = datetime(2026, 3, 11, 12, tzinfo=UTC)


def come(number: int, via: str, at: datetime) -> None:
    phone = claim("phone", f"+1212555{number:04}", region="US")
    enrol(identities=[phone], via=via, place_code="S1", actor="test", now=at)


def test_members_are_counted_and_the_new_ones_named() -> None:
    come(100, "till", WEDNESDAY - timedelta(weeks=3))
    come(101, "web", WEDNESDAY)

    shown = dashboard.members(WEDNESDAY)

    assert shown.value == "2"
    assert shown.note == "1 of them came in the week of 9 March 2026"


def test_a_week_starts_on_monday_and_each_way_has_its_colour() -> None:
    come(100, "till", WEDNESDAY - timedelta(days=2))
    come(101, "web", WEDNESDAY)
    come(102, "web", WEDNESDAY - timedelta(days=3))

    chart = dashboard.new_members_by_week(WEDNESDAY)

    assert chart.labels[-2:] == ["2 Mar", "9 Mar"]
    assert {one.name: one.values[-2:] for one in chart.series} == {"Till": [0, 1], "Web": [1, 1]}


def test_nobody_yet_is_drawn_as_nobody() -> None:
    assert dashboard.members(WEDNESDAY).value == "0"
    assert dashboard.new_members_by_week(WEDNESDAY).series == []
