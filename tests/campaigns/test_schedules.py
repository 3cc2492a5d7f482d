"""Schedules keep wall time and zone; UTC is computed."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from campaigns.rules.schedules import (
    Daily,
    Once,
    Weekly,
    ends_after,
    first_due,
    last_day,
    moment_of,
    next_due,
    schedule_words,
)

NEW_YORK = "America/New_York"


def test_a_weekly_campaign_keeps_its_hour_across_a_change_of_clocks():
    """Never 27: no shift at daylight saving, neither in spring nor in autumn."""
    weekly = Weekly(starts_on=date(2026, 3, 1), weekday=7, at=time(9))
    moment = first_due(weekly, NEW_YORK)
    local_hours, utc_hours = set(), set()
    for _ in range(52):
        local_hours.add(moment.astimezone(ZoneInfo(NEW_YORK)).hour)
        utc_hours.add(moment.hour)
        following = next_due(weekly, NEW_YORK, after=moment)
        assert following is not None
        moment = following

    assert local_hours == {9}
    assert utc_hours == {13, 14}


@pytest.mark.parametrize(
    ("wall", "utc"),
    [
        (datetime.fromisoformat("2026-03-08T02:30"), "2026-03-08T07:30:00+00:00"),
        (datetime.fromisoformat("2026-11-01T01:30"), "2026-11-01T05:30:00+00:00"),
    ],
    ids=["an hour that does not exist moves on", "an hour that comes twice means the first"],
)
def test_hours_around_a_change_of_clocks(wall: datetime, utc: str):
    assert moment_of(wall.date(), wall.time(), NEW_YORK).isoformat() == utc


def test_once_is_due_once():
    once = Once(on=date(2026, 11, 27), at=time(9))
    moment = datetime(2026, 11, 27, 14, tzinfo=UTC)

    assert next_due(once, NEW_YORK, after=moment - timedelta(seconds=1)) == moment
    assert next_due(once, NEW_YORK, after=moment) is None


def test_daily_skips_what_has_passed():
    daily = Daily(starts_on=date(2026, 1, 1), at=time(8))

    assert next_due(daily, "UTC", after=datetime(2026, 11, 20, 8, tzinfo=UTC)) == datetime(
        2026, 11, 21, 8, tzinfo=UTC
    )
    assert next_due(daily, "UTC", after=datetime(2026, 11, 20, 7, 59, tzinfo=UTC)) == datetime(
        2026, 11, 20, 8, tzinfo=UTC
    )


def test_seven_days_count_today_and_end_at_midnight():
    start = datetime(2026, 11, 20, 16, tzinfo=UTC)

    until = ends_after(7, start=start, zone=NEW_YORK)

    assert until == datetime(2026, 11, 27, 5, tzinfo=UTC)
    assert last_day(until, NEW_YORK) == date(2026, 11, 26)


def test_a_schedule_says_itself():
    weekly = Weekly(starts_on=date(2026, 3, 1), weekday=5, at=time(9))
    assert schedule_words(weekly, NEW_YORK) == "every Friday at 09:00 (America/New_York), from 2026-03-01"
