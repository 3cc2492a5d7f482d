"""Ladders: windows, measures, how long a tier is held, and what a fall is. Thresholds below, at, above and at zero."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
import time_machine
from django.db import connection
from hypothesis import given, strategies as st

from config.ground import clock
from config.ground.typed import dump
from loyalty.errors.tiers import LadderNotValid
from loyalty.models import TierDay, TierStanding
from loyalty.queries.programmes import DaysThatCount, find_days_that_count, get_current_programme
from loyalty.rules.definition import Basis
from loyalty.rules.ladders import (
    FOR_EVER,
    Anniversary,
    CalendarQuarter,
    CalendarYear,
    Demand,
    ForDays,
    ForPeriods,
    LadderDefinition,
    LadderTerms,
    RollingDays,
    RollingMonths,
    Window,
    fault_in,
    held_until,
    window_starts_on,
)
from loyalty.rules.wallets import Counted, WalletFacts
from loyalty.services.verification import verify_ledger
from members.models import Member
from tests.loyalty.conftest import LADDER, Shop, basket, climbed_by

pytestmark = pytest.mark.django_db
OpenShop = Callable[..., Shop]
NEW_YORK = ZoneInfo("America/New_York")
BASIC, JOINED = Demand(tier="basic"), date(2024, 2, 29)


def tier_of(answer: Any) -> dict[str, Any]:
    told: dict[str, Any] = answer.json()["wallet"]["tier"]
    return told


def on(shop: Shop, day: str, paid_minor: int, member: Member, **more: Any) -> dict[str, Any]:
    """A purchase at noon of a day, told at once."""
    at = datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=NEW_YORK)
    with time_machine.travel(at, tick=False):
        answer = shop.commit(basket(paid_minor, member=member, placed_at=at.isoformat(), **more))
        assert answer.status_code == 201, answer.content
        return tier_of(answer)


WINDOWS: list[tuple[Window, str, str]] = [
    (RollingDays(days=365), "2026-03-01", "2025-03-02"),
    (RollingDays(days=1), "2026-03-01", "2026-03-01"),
    (RollingMonths(months=12), "2026-03-15", "2025-03-16"),
    (RollingMonths(months=12), "2024-02-29", "2023-03-01"),
    (CalendarYear(), "2026-01-01", "2026-01-01"),
    (CalendarYear(starts_month=4), "2026-03-31", "2025-04-01"),
    (CalendarYear(starts_month=4), "2026-04-01", "2026-04-01"),
    (CalendarQuarter(), "2026-06-30", "2026-04-01"),
    (CalendarQuarter(starts_month=2), "2026-01-31", "2025-11-01"),
    (Anniversary(), "2026-02-27", "2025-02-28"),
    (Anniversary(), "2026-02-28", "2026-02-28"),
    (Anniversary(), "2028-02-28", "2027-02-28"),
    (Anniversary(), "2028-02-29", "2028-02-29"),
]


@pytest.mark.parametrize(("window", "day", "first"), WINDOWS)
def test_a_window_begins_on_its_first_day(window: Window, day: str, first: str) -> None:
    assert window_starts_on(window, date.fromisoformat(day), JOINED).isoformat() == first


windows: st.SearchStrategy[Window] = st.one_of(
    st.builds(RollingDays, days=st.integers(1, 800)),
    st.builds(RollingMonths, months=st.integers(1, 60)),
    st.builds(CalendarYear, starts_month=st.integers(1, 12)),
    st.builds(CalendarQuarter, starts_month=st.integers(1, 12)),
    st.just(Anniversary()),
)


@given(windows, st.dates(date(2024, 3, 1), date(2040, 1, 1)), st.dates(date(2016, 1, 1), date(2024, 3, 1)))
def test_the_database_counts_from_the_same_day(window: Window, day: date, joined: date) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT loyalty_window_from(%s::jsonb, %s, %s)", [_json(window), joined, day])
        assert cursor.fetchone()[0] == window_starts_on(window, day, joined)


def _json(value: Any) -> str:
    return json.dumps(dump(value))


@pytest.mark.parametrize(
    ("terms", "until"),
    [
        (LadderTerms(), "2027-05-10T04:00"),
        (LadderTerms(lasts=ForDays(days=30), grace_days=5), "2026-06-14T04:00"),
        (LadderTerms(window=CalendarYear(), lasts=ForPeriods()), "2028-01-01T05:00"),
        (
            LadderTerms(window=CalendarYear(), lasts=ForPeriods(following=0), grace_days=31),
            "2027-02-01T05:00",
        ),
        (LadderTerms(window=CalendarQuarter(), lasts=ForPeriods()), "2026-10-01T04:00"),
        (LadderTerms(window=Anniversary(), lasts=ForPeriods()), "2028-02-29T05:00"),
    ],
)
def test_a_tier_is_held_until_a_midnight_of_the_programme(terms: LadderTerms, until: str) -> None:
    at = datetime(2026, 5, 10, 3, tzinfo=UTC)
    assert at.astimezone(NEW_YORK).date() == date(2026, 5, 9)
    end = held_until(terms, at + timedelta(hours=12), NEW_YORK, JOINED)
    assert end == datetime.fromisoformat(until).replace(tzinfo=UTC)


def test_never_10_each_measure_is_tested_below_at_and_above(open_shop: OpenShop) -> None:
    steps = [
        BASIC,
        Demand(tier="silver", points=1_000, visits=3),
        Demand(tier="gold", threshold_minor=50_000),
    ]
    shop = open_shop(ladder=LadderDefinition(steps=steps))
    by_points, by_visits = shop.enrol(), shop.enrol()
    assert on(shop, "2026-05-01", 9_999, by_points)["next"]["missing_points"] == 10
    assert on(shop, "2026-05-01", 100, by_points)["code"] == "silver"
    on(shop, "2026-05-01", 0, by_visits)
    assert on(shop, "2026-05-01", 0, by_visits)["next"]["missing_visits"] == 2, "one day is one visit"
    assert on(shop, "2026-05-02", 0, by_visits)["next"]["words"] == "1,000 points or 1 visit more to Silver"
    assert on(shop, "2026-05-03", 0, by_visits)["code"] == "silver"


def test_all_of_a_combination_has_to_be_reached(open_shop: OpenShop) -> None:
    silver = Demand(tier="silver", threshold_minor=10_000, visits=2, needs="all")
    gold = Demand(tier="gold", threshold_minor=50_000)
    shop = open_shop(ladder=LadderDefinition(steps=[BASIC, silver, gold], visits="purchases"))
    member = shop.enrol()
    below = on(shop, "2026-05-01", 10_000, member)
    assert (below["code"], below["next"]["words"]) == ("basic", "1 purchase more to Silver")
    assert on(shop, "2026-05-01", 0, member)["code"] == "silver"


def test_points_that_are_spent_cost_no_tier(open_shop: OpenShop) -> None:
    steps = [BASIC, Demand(tier="silver", points=500), Demand(tier="gold", points=2_000)]
    shop = open_shop(ladder=LadderDefinition(steps=steps))
    member = shop.enrol()
    on(shop, "2026-05-01", 9_000, member)
    told = on(shop, "2026-05-02", 1_000, member, spend_points=900)
    assert (told["code"], told["next"]["missing_points"]) == ("silver", 2_000 - 900 - 90)


def test_spend_counts_by_the_basis_of_the_ladder(open_shop: OpenShop) -> None:
    shop = open_shop(ladder=LadderDefinition(steps=LADDER.steps, spend=Basis(with_points=True)))
    member = shop.enrol()
    on(shop, "2026-05-01", 9_000, member)
    told = on(shop, "2026-05-02", 1_000, member, spend_points=900)
    assert told["code"] == "silver", "what points paid counts here, so 100.00 are full"


def test_a_calendar_year_forgets_at_new_year_and_a_tier_lasts_through_the_next(open_shop: OpenShop) -> None:
    shop = open_shop(
        ladder=LadderDefinition(steps=LADDER.steps, window=CalendarYear(), lasts=ForPeriods(), grace_days=31)
    )
    member = shop.enrol()
    on(shop, "2025-12-31", 9_999, member)
    assert on(shop, "2026-01-01", 9_999, member)["code"] == "basic"
    silver = on(shop, "2026-01-02", 1, member)
    assert silver["keep"]["words"] == "Until 31 January 2028 you keep Silver"
    later = on(shop, "2027-03-01", 4_000, member)
    assert later["keep"]["words"] == "Until 31 January 2028 you keep Silver; 60.00 USD more to keep it longer"
    assert on(shop, "2028-02-01", 100, member)["code"] == "basic"


def test_a_soft_landing_is_one_step_for_as_long_again_and_no_job_has_to_run(open_shop: OpenShop) -> None:
    shop = open_shop(ladder=LadderDefinition(steps=LADDER.steps, lasts=ForDays(days=90), falls="one_step"))
    member = shop.enrol()
    codes = [on(shop, "2026-01-01", 50_000, member)["code"]]
    with time_machine.travel(datetime(2026, 1, 1, 17, tzinfo=UTC), tick=False) as now:
        for _ in range(2):
            now.shift(timedelta(days=90))
            body = basket(100, member=shop.enrol())
            shop.commit(body)
            answer = shop.post("till/lookup", {"member": {"ref": member.ref}}).json()
            codes.append(answer["wallet"]["tier"]["code"])
    assert codes == ["gold", "silver", "basic"]


def test_who_never_goes_down_holds_a_tier_for_good(open_shop: OpenShop) -> None:
    shop = open_shop(ladder=LadderDefinition(steps=LADDER.steps, never_down=True))
    member = shop.enrol()
    told = on(shop, "2020-05-01", 10_000, member)
    assert (told["until"], told["keep"]["words"]) == (None, "You keep Silver for good")
    assert on(shop, "2026-05-01", 1, member)["code"] == "silver"
    assert TierStanding.objects.get(member=member).until_at == FOR_EVER


def test_an_anniversary_is_the_members_own(open_shop: OpenShop) -> None:
    shop = open_shop(ladder=LadderDefinition(steps=LADDER.steps, window=Anniversary(), lasts=ForPeriods()))
    member = shop.enrol()
    Member.objects.filter(pk=member.pk).update(enrolled_at=datetime(2024, 6, 15, 12, tzinfo=UTC))
    on(shop, "2026-06-14", 9_999, member)
    assert on(shop, "2026-06-15", 9_999, member)["code"] == "basic"
    assert on(shop, "2026-06-16", 1, member)["until"] == "2028-06-15T04:00:00Z"


def test_another_ladder_holds_from_its_moment_on(shop: Shop) -> None:
    steps = [BASIC, Demand(tier="silver", threshold_minor=1_000), Demand(tier="gold", threshold_minor=2_000)]
    begins = datetime(2026, 6, 1, 4, tzinfo=UTC)
    with time_machine.travel(datetime(2026, 5, 1, tzinfo=UTC), tick=False):
        climbed_by(shop.programme, LadderDefinition(steps=steps), live_from=begins)
        climbed = shop.enrol()
    assert on(shop, "2026-05-31", 1_500, climbed)["code"] == "basic"
    assert on(shop, "2026-06-01", 0, climbed)["code"] == "silver"


def test_days_that_counted_by_another_ladder_are_not_taken_for_granted(shop: Shop) -> None:
    climbed = shop.enrol()
    with time_machine.travel(datetime(2026, 3, 1, 12, tzinfo=UTC), tick=False):
        on(shop, "2026-02-01", 1_500, climbed)
        known = find_days_that_count(shop.programme.pk, clock.now())
        assert known == (known.stamp, date(2025, 3, 2), date(2026, 3, 1))
        climbed_by(
            shop.programme, msgspec.structs.replace(LADDER, window=RollingDays(days=7)), live_from=clock.now()
        )
        facts = [_counted(climbed, known), _counted(climbed, DaysThatCount())]
        assert facts == [Counted(days=0), Counted(days=0)]
        current = get_current_programme(shop.programme.pk)
        assert find_days_that_count(shop.programme.pk, clock.now()) == (
            current.stamp,
            date(2026, 2, 23),
            date(2026, 3, 1),
        )


def _counted(member: Member, known: DaysThatCount) -> Counted:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT loyalty_wallet_facts(w.member_id, w.programme_id, %s, %s, %s::date, %s::date)::text "
            "FROM loyalty_wallet w WHERE w.member_id = %s",
            [clock.now(), *known, member.pk],
        )
        return msgspec.json.decode(cursor.fetchone()[0], type=WalletFacts).counted


@pytest.mark.parametrize(
    ("ladder", "words"),
    [
        (LadderDefinition(steps=[Demand(tier="basic", visits=1)]), "asks for nothing"),
        (LadderDefinition(steps=[BASIC, Demand(tier="silver")]), "what reaches silver"),
        (LadderDefinition(steps=[BASIC, Demand(tier="basic", visits=1)]), "stands on the ladder once"),
        (LadderDefinition(steps=LADDER.steps, lasts=ForPeriods()), "has no periods"),
        (
            LadderDefinition(steps=[BASIC, Demand(tier="silver", visits=5), Demand(tier="gold", visits=5)]),
            "more visits than silver",
        ),
    ],
)
def test_what_nobody_can_climb_is_said_to_be_no_ladder(ladder: LadderDefinition, words: str) -> None:
    assert words in (fault_in(ladder) or "")


def test_a_ladder_names_the_tiers_that_members_stand_on_and_no_others(shop: Shop) -> None:
    with pytest.raises(LadderNotValid, match="does not name it"):
        climbed_by(shop.programme, LadderDefinition(steps=LADDER.steps[:2]))
    with pytest.raises(LadderNotValid, match="no tier 'brass'"):
        climbed_by(
            shop.programme,
            LadderDefinition(steps=[*LADDER.steps, Demand(tier="brass", threshold_minor=60_000)]),
        )


def test_what_came_back_counts_no_more(shop: Shop) -> None:
    member = shop.enrol()
    ref = shop.commit(basket(500, 300, member=member)).json()["order"]["ref"]
    shop.post(
        f"orders/{ref}/returns",
        {"return_number": "B-1", "lines": [{"line": 0, "quantity": 1}]},
        **{"Idempotency-Key": "b-1"},
    )
    day = TierDay.objects.get(member=member)
    assert (day.qualifying_minor, day.points, day.visits) == (300, 30, 1)
    shop.post(f"orders/{ref}/cancel", {"return_number": "B-2"}, **{"Idempotency-Key": "b-2"})
    day.refresh_from_db()
    assert (day.qualifying_minor, day.points, day.visits) == (0, 0, 0)
    assert verify_ledger(now=datetime.now(UTC)) == []
