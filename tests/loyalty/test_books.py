"""The books: days, costs, month-end close and journal."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import ProgrammingError, connection, transaction

from loyalty.errors import AlreadyDecided, MonthCannotClose, NeedsAnotherPerson
from loyalty.models import BookLine, BookMonth, EntryKind, JournalAccount, JournalLine, PointCost
from loyalty.queries.closing import preview_close
from loyalty.rules.books import DEBT, SIDES, side_of
from loyalty.services.books import keep_books
from loyalty.services.closing import agree_to_close, ask_to_close, leave_open
from loyalty.services.seals import seal_closed_days
from loyalty.services.verification import verify_ledger
from tests.loyalty.bookkeeping import (
    FEBRUARY,
    JANUARY,
    MARCH,
    NOON,
    a_january,
    books_of,
    home_of,
    keep,
    say_cost,
)
from tests.loyalty.conftest import Shop, basket

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Noon of 5 January 2026 in New York; tests move it."""
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def shop(clock: time_machine.Traveller, open_shop: Callable[..., Shop]) -> Shop:
    """10 points cost 0.01; points live for 20 days."""
    shop = open_shop(expiry_days=20, when_spent="debt")
    say_cost(shop)
    return shop


def test_every_kind_of_entry_has_a_side() -> None:
    assert {side_of(kind) for kind in EntryKind.values} <= set(SIDES)


def test_a_day_opens_with_what_the_day_before_closed_with(shop: Shop, clock: time_machine.Traveller) -> None:
    a_january(shop, clock)

    days = books_of(shop).days(JANUARY, FEBRUARY)

    moved = {day.day.day: dict(day.sides) for day in days if day.sides}
    assert moved == {5: {"issued": 1_000}, 10: {"spent": -300}, 26: {"broken": -700}}
    assert [day.opening_points for day in days[1:]] == [day.closing_points for day in days[:-1]]
    assert [(day.closing_points, day.liability_minor) for day in days][3:11:3] == [
        (0, 0),
        (1_000, 100),
        (700, 70),
    ]


def test_summing_again_changes_nothing(shop: Shop, clock: time_machine.Traveller) -> None:
    a_january(shop, clock)
    lines = list(BookLine.objects.order_by("pk").values())

    assert keep_books(now=datetime(2026, 2, 2, 17, tzinfo=UTC)) == 0
    assert list(BookLine.objects.order_by("pk").values()) == lines


def test_debt_is_a_side_of_its_own(shop: Shop, clock: time_machine.Traveller) -> None:
    member = shop.enrol()
    order = shop.commit(basket(10_000, member=member)).json()["order"]["ref"]
    shop.commit(basket(90, member=member, spend_points=900))
    shop.post(f"orders/{order}/cancel", {"return_number": "B-1"}, **{"Idempotency-Key": "cancel"})
    keep(clock, datetime(2026, 1, 7, 17, tzinfo=UTC))

    (day,) = books_of(shop).days(date(2026, 1, 5), date(2026, 1, 6))

    assert dict(day.sides) == {"issued": 0, "spent": -900, DEBT: 900}
    assert (day.closing_points, day.debt_points) == (0, 900)


def test_liability_follows_the_cost_of_the_day(shop: Shop, clock: time_machine.Traveller) -> None:
    PointCost.objects.create(programme=shop.programme, from_on=date(2026, 1, 8), per_points=10, cost_minor=2)
    shop.commit(basket(10_000, member=shop.enrol()))
    keep(clock, datetime(2026, 1, 10, 17, tzinfo=UTC))

    days = books_of(shop).days(date(2026, 1, 7), date(2026, 1, 9))

    assert [day.liability_minor for day in days] == [100, 200]


def test_without_a_cost_it_is_what_points_pay(shop: Shop, clock: time_machine.Traveller) -> None:
    PointCost.objects.all().delete()
    shop.commit(basket(10_000, member=shop.enrol()))
    keep(clock, datetime(2026, 1, 7, 17, tzinfo=UTC))

    assert books_of(shop).days(date(2026, 1, 6), date(2026, 1, 7))[0].liability_minor == 100


def test_a_month_is_closed_with_its_figures_and_its_journal(
    shop: Shop, clock: time_machine.Traveller
) -> None:
    a_january(shop, clock)

    month = ask_to_close(home_of(shop), JANUARY, by="staff:1", now=datetime.now(UTC))

    assert (month.state, month.closing_points, month.liability_minor) == ("closed", 0, 0)
    journal = books_of(shop).journal(JANUARY)
    assert {one.side: (one.points, one.amount_minor) for one in journal} == {
        "issued": (1_000, 100),
        "spent": (300, 30),
        "broken": (700, 70),
    }
    halves = [half for one in journal for half in one.halves()]
    assert sum(debit for _, debit, _ in halves) == sum(credit for _, _, credit in halves) == 200
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_what_comes_later_counts_in_the_open_month(shop: Shop, clock: time_machine.Traveller) -> None:
    a_january(shop, clock)
    member = shop.enrol()
    told_before = basket(1_000, member=member, placed_at="2026-01-28T12:00:00Z")
    shop.commit(told_before)
    keep_books(now=datetime.now(UTC))
    assert preview_close(home_of(shop), JANUARY, now=datetime.now(UTC)).notes == [
        "100 points of this month were recorded after 2026-02-01 (UTC) and count in the next."
    ]
    assert books_of(shop).days(JANUARY, FEBRUARY)[-1].closing_points == 100

    ask_to_close(home_of(shop), JANUARY, by="staff:1", now=datetime.now(UTC))
    shop.commit(basket(2_000, member=member, placed_at="2026-01-29T12:00:00Z"))
    keep(clock, datetime(2026, 2, 4, 17, tzinfo=UTC))

    assert books_of(shop).days(JANUARY, FEBRUARY)[-1].closing_points == 0
    assert dict(books_of(shop).days(FEBRUARY, MARCH)[0].sides) == {"issued": 300}
    assert set(BookLine.objects.filter(booked_on=FEBRUARY).values_list("happened_on", flat=True)) == {
        date(2026, 1, 28),
        date(2026, 1, 29),
    }


def test_the_database_keeps_closed_books_shut(shop: Shop, clock: time_machine.Traveller) -> None:
    a_january(shop, clock)
    ask_to_close(home_of(shop), JANUARY, by="staff:1", now=datetime.now(UTC))

    for statement in (
        "UPDATE loyalty_bookline SET points = points + 1",
        "DELETE FROM loyalty_bookline",
        "UPDATE loyalty_bookedday SET is_final = false",
        "DELETE FROM loyalty_cohortline",
        "UPDATE loyalty_bookmonth SET state = 'waiting'",
        "DELETE FROM loyalty_bookmonth",
        "UPDATE loyalty_journalline SET amount_minor = 0",
        "UPDATE loyalty_pointcost SET cost_minor = 5",
        "INSERT INTO loyalty_pointcost (programme_id, from_on, per_points, cost_minor)"
        " SELECT programme_id, '2026-01-31', 10, 5 FROM loyalty_pointcost",
    ):
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.parametrize(
    ("day", "missing"),
    [
        (datetime(2026, 1, 31, 17, tzinfo=UTC), "The month lasts until"),
        (datetime(2026, 2, 1, 17, tzinfo=UTC), "2026-02-01 (UTC) is not sealed"),
    ],
)
def test_a_month_waits_for_its_end_and_its_seals(
    shop: Shop, clock: time_machine.Traveller, day: datetime, missing: str
) -> None:
    shop.commit(basket(10_000, member=shop.enrol()))
    keep(clock, day)

    with pytest.raises(MonthCannotClose, match=re.escape(missing)):
        ask_to_close(home_of(shop), JANUARY, by="staff:1", now=day)

    assert not BookMonth.objects.exists()


def test_a_month_waits_for_a_cost_and_for_what_ran_out(shop: Shop, clock: time_machine.Traveller) -> None:
    PointCost.objects.all().delete()
    shop.commit(basket(10_000, member=shop.enrol()))
    now = datetime(2026, 2, 2, 17, tzinfo=UTC)
    clock.move_to(now, tick=False)
    seal_closed_days(now=now)
    keep_books(now=now)

    missing = preview_close(home_of(shop), JANUARY, now=now).missing

    assert missing == [
        "Nobody has said what a point costs on 2026-01-01.",
        "1,000 points ran out and are not booked yet; the clock does it within minutes.",
    ]


def test_months_are_closed_in_order_and_once(shop: Shop, clock: time_machine.Traveller) -> None:
    a_january(shop, clock)
    shop.commit(basket(500, member=shop.enrol()))
    keep(clock, datetime(2026, 3, 3, 17, tzinfo=UTC))
    now = datetime.now(UTC)

    with pytest.raises(MonthCannotClose, match="January 2026 comes first"):
        ask_to_close(home_of(shop), FEBRUARY, by="staff:1", now=now)
    ask_to_close(home_of(shop), JANUARY, by="staff:1", now=now)
    with pytest.raises(AlreadyDecided):
        ask_to_close(home_of(shop), JANUARY, by="staff:1", now=now)
    ask_to_close(home_of(shop), FEBRUARY, by="staff:1", now=now)

    assert verify_ledger(now=now) == []
    assert list(BookMonth.objects.order_by("month_on").values_list("month_on", flat=True)) == [
        JANUARY,
        FEBRUARY,
    ]


def test_where_the_terms_ask_for_it_another_person_agrees(
    open_shop: Callable[..., Shop], clock: time_machine.Traveller
) -> None:
    shop = open_shop(expiry_days=20, rules_need_approval=True)
    say_cost(shop)
    a_january(shop, clock)
    home, now = home_of(shop), datetime.now(UTC)

    assert ask_to_close(home, JANUARY, by="staff:1", now=now).state == "waiting"
    with pytest.raises(NeedsAnotherPerson):
        agree_to_close(home, JANUARY, by="staff:1", now=now)
    leave_open(home, JANUARY)
    with pytest.raises(AlreadyDecided):
        agree_to_close(home, JANUARY, by="staff:2", now=now)
    ask_to_close(home, JANUARY, by="staff:1", now=now)

    assert agree_to_close(home, JANUARY, by="staff:2", now=now).state == "closed"


def test_a_journal_keeps_the_accounts_it_was_closed_with(shop: Shop, clock: time_machine.Traveller) -> None:
    a_january(shop, clock)
    JournalAccount.objects.create(
        programme=shop.programme, side="issued", debit="510 Points", credit="330 Owed"
    )
    ask_to_close(home_of(shop), JANUARY, by="staff:1", now=datetime.now(UTC))
    JournalAccount.objects.update(debit="999 Elsewhere")

    issued = books_of(shop).journal(JANUARY)[0]

    assert (issued.side, issued.debit, issued.credit) == ("issued", "510 Points", "330 Owed")
    assert JournalLine.objects.count() == 3


def test_a_dearer_point_is_a_line_of_the_journal(shop: Shop, clock: time_machine.Traveller) -> None:
    shop.commit(basket(10_050, member=shop.enrol()))
    PointCost.objects.create(programme=shop.programme, from_on=date(2026, 1, 20), per_points=10, cost_minor=3)
    keep(clock, datetime(2026, 1, 22, 17, tzinfo=UTC))

    journal = {one.side: one.amount_minor for one in books_of(shop).journal(JANUARY)}

    assert journal == {"issued": 100, "revalued": 200}


def test_days_without_entries_cost_no_statement_each(shop: Shop, clock: time_machine.Traveller) -> None:
    shop.commit(basket(1_000, member=shop.enrol()))
    keep(clock, datetime(2026, 1, 9, 17, tzinfo=UTC))
    assert len(books_of(shop).days(JANUARY, JANUARY + timedelta(days=400))) == 400
