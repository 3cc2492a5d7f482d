"""How long points live, by each kind of terms."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from loyalty.rules.lots import Expiry, ExpiryKind, KeptAliveBy, expires_at, fault_in, is_kept_alive
from loyalty.rules.purchase import lot_born
from loyalty.rules.words import words_of_expiry
from tests.loyalty.rulebook import TERMS, compiled

NEW_YORK = ZoneInfo("America/New_York")


def last_day(earned: str, expiry: Expiry) -> date:
    """The last day of points earned at this wall time in New York."""
    ends = expires_at(datetime.fromisoformat(earned).replace(tzinfo=NEW_YORK), expiry=expiry, zone=NEW_YORK)
    assert ends is not None
    local = ends.astimezone(NEW_YORK)
    assert (local.hour, local.minute) == (0, 0)
    return local.date() - timedelta(days=1)


@pytest.mark.parametrize(
    ("kind", "days", "earned", "last"),
    [
        ("rolling", 30, "2026-03-01T23:59", "2026-03-31"),
        ("rolling", 0, "2026-03-01T00:00", "2026-03-01"),
        ("inactivity", 30, "2026-03-01T12:00", "2026-03-31"),
        ("month", 0, "2026-02-01T00:00", "2026-02-28"),
        ("month", 27, "2026-02-01T00:00", "2026-02-28"),
        ("month", 28, "2026-02-01T00:00", "2026-03-31"),
        ("month", 365, "2026-12-31T23:59", "2027-12-31"),
        ("quarter", 0, "2026-03-31T23:59", "2026-03-31"),
        ("quarter", 0, "2026-04-01T00:00", "2026-06-30"),
        ("quarter", 90, "2026-11-21T12:00", "2027-03-31"),
        ("year", 0, "2026-12-31T23:59", "2026-12-31"),
        ("year", 1, "2026-12-31T23:59", "2027-12-31"),
        ("year", 365, "2028-01-01T00:00", "2028-12-31"),
    ],
)
def test_points_live_to_the_end_of_a_day_month_quarter_or_year(
    kind: ExpiryKind, days: int, earned: str, last: str
) -> None:
    assert last_day(earned, Expiry(kind=kind, days=days)) == date.fromisoformat(last)


@pytest.mark.parametrize(
    ("on", "earned", "last"),
    [
        ("2026-03-31", "2026-03-30T23:59", "2026-03-31"),
        ("2026-03-31", "2026-03-31T23:59", "2026-03-31"),
        ("2026-03-31", "2026-04-01T00:00", "2027-03-31"),
        ("2028-03-31", "2026-04-01T00:00", "2028-03-31"),
        ("2024-02-29", "2026-02-28T12:00", "2026-02-28"),
        ("2024-02-29", "2026-03-01T12:00", "2027-02-28"),
        ("2024-02-29", "2027-03-01T12:00", "2028-02-29"),
    ],
)
def test_points_run_out_on_the_same_day_each_year(on: str, earned: str, last: str) -> None:
    expiry = Expiry(kind="date", on=date.fromisoformat(on), days=None)
    assert last_day(earned, expiry) == date.fromisoformat(last)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - given a zone
    st.sampled_from(["rolling", "month", "quarter", "year", "inactivity"]),
    st.integers(0, 800),
)
def test_no_kind_takes_a_day_away(earned_at: datetime, kind: ExpiryKind, days: int) -> None:
    """Rounding only ever gives, and less than one period of it."""
    ends = expires_at(earned_at, expiry=Expiry(kind=kind, days=days), zone=NEW_YORK)
    plain = expires_at(earned_at, expiry=Expiry(days=days), zone=NEW_YORK)
    assert ends is not None and plain is not None and plain > earned_at  # noqa: PT018 - one thought
    most = {"month": 31, "quarter": 92, "year": 366}.get(kind, 0)
    assert timedelta(0) <= ends - plain <= timedelta(days=most)


@pytest.mark.parametrize("kind", ["rolling", "month", "inactivity"])
def test_without_days_points_live_for_ever(kind: ExpiryKind) -> None:
    assert expires_at(datetime.now(UTC), expiry=Expiry(kind=kind, days=None), zone=NEW_YORK) is None


@pytest.mark.parametrize(
    ("by", "kept_alive"),
    [
        ("purchase", [True, True, True, True]),
        ("earn", [False, True, False, True]),
        ("spend", [False, False, True, True]),
        ("points", [False, True, True, True]),
    ],
)
def test_the_terms_say_what_keeps_points_alive(by: KeptAliveBy, kept_alive: list[bool]) -> None:
    purchases = [(False, False), (True, False), (False, True), (True, True)]
    expiry = Expiry(kind="inactivity", days=90, kept_alive_by=by)
    assert [is_kept_alive(expiry, earns=earns, spends=spends) for earns, spends in purchases] == kept_alive
    assert not is_kept_alive(Expiry(kind="rolling", days=90), earns=True, spends=True)


OUT_OF_TIME = "The day on which points run out must lie between 2000 and 2199."


@pytest.mark.parametrize(
    ("expiry", "fault"),
    [
        (Expiry(days=0), "Points live for a day at least."),
        (Expiry(kind="inactivity", days=0), "Points live for a day at least."),
        (Expiry(kind="date"), "Name the day on which points run out."),
        (Expiry(kind="date", on=date(1999, 12, 31)), OUT_OF_TIME),
        (Expiry(kind="date", on=date(2000, 1, 1)), None),
        (Expiry(kind="date", on=date(2199, 12, 31)), None),
        (Expiry(kind="date", on=date(2200, 1, 1)), OUT_OF_TIME),
        (Expiry(kind="date", on=date(9999, 12, 31)), OUT_OF_TIME),
        (Expiry(kind="month", days=0), None),
        (Expiry(days=1), None),
        (Expiry(kind="date", on=date(2027, 3, 31)), None),
    ],
)
def test_terms_by_which_points_cannot_run_out_are_faults(expiry: Expiry, fault: str | None) -> None:
    assert fault_in(expiry, maturity_days=0) == fault


@pytest.mark.parametrize("kind", ["rolling", "inactivity"])
@pytest.mark.parametrize(
    ("days", "is_fault"), [(0, True), (13, True), (14, True), (15, False), (None, False)]
)
def test_points_that_mature_live_longer_than_that(kind: ExpiryKind, days: int | None, is_fault: bool) -> None:
    fault = fault_in(Expiry(kind=kind, days=days), maturity_days=14)
    assert fault == ("Points mature after 14 days: they have to live for more." if is_fault else None)


@pytest.mark.parametrize("on", [None, date(2026, 12, 31)])
@pytest.mark.parametrize(
    ("kind", "earned", "ends"),
    [
        ("year", "2026-12-17T12:00", "2028-01-01"),
        ("year", "2026-12-16T12:00", "2027-01-01"),
        ("month", "2026-02-20T12:00", "2026-04-01"),
        ("quarter", "2026-03-20T12:00", "2026-07-01"),
        ("date", "2026-12-17T12:00", "2028-01-01"),
        ("date", "2026-12-16T12:00", "2027-01-01"),
        ("rolling", "2026-12-17T12:00", "2027-01-02"),
    ],
)
def test_no_points_are_born_dead(kind: ExpiryKind, earned: str, ends: str, on: date | None) -> None:
    """What would run out before it matures, 14 days later, lives from then on as the terms say."""
    if (kind == "date") != (on is not None):
        return
    programme = replace(
        compiled(), terms=replace(TERMS, maturity_days=14, expiry=Expiry(kind=kind, days=0, on=on))
    )
    life = lot_born(programme, datetime.fromisoformat(earned).replace(tzinfo=NEW_YORK))
    assert life.expires_at == datetime.fromisoformat(ends).replace(tzinfo=NEW_YORK)
    assert life.expires_at > life.available_from


def test_the_words_say_it() -> None:
    told = [
        Expiry(days=365),
        Expiry(days=None),
        Expiry(kind="month", days=0),
        Expiry(kind="year", days=365),
        Expiry(kind="date", on=date(2027, 3, 31)),
        Expiry(kind="inactivity", days=180, kept_alive_by="points"),
    ]
    assert [words_of_expiry(one) for one in told] == [
        "live 365 days",
        "never expire",
        "live to the end of the month they are earned in",
        "live 365 days and to the end of that year",
        "expire after 31 March each year, first in 2027",
        "expire 180 days after the last purchase that earned or spent points",
    ]
