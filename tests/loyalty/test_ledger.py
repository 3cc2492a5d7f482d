"""The ledger's law, the night's booking, seals and the proof."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from config.ground.models import JobRun
from loyalty.models import Entry, Lot, LotMove, Seal, Settlement, Wallet
from loyalty.services.expiry import ExpiryStandsStill, book_expired_lots
from loyalty.services.seals import seal_closed_days
from loyalty.services.verification import verify_ledger
from loyalty.tasks import verify
from tests.loyalty.conftest import Shop, basket, laws_broken

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 7, 15, tzinfo=UTC)


@pytest.mark.parametrize("model", [Entry, LotMove, Settlement])
@pytest.mark.parametrize("change", ["UPDATE {} SET member_id = member_id", "DELETE FROM {}"])
def test_what_is_written_stays_written(shop: Shop, model: type[Entry], change: str) -> None:
    shop.commit(basket(5_000, member=shop.enrol()))
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change.format(model._meta.db_table))
    assert model.objects.count() == 1


def test_never_6_a_point_past_its_hour_cannot_be_spent_though_no_job_ran(
    open_shop: Callable[..., Shop],
) -> None:
    with time_machine.travel(START, tick=False) as clock:
        shop = open_shop(expiry_days=30)
        member = shop.enrol()
        shop.commit(basket(5_000, member=member))
        clock.move_to(datetime(2026, 4, 7, 3, 59, 59, tzinfo=UTC))
        assert shop.quote(basket(5_000, member=member)).json()["wallet"]["spendable"] == 500
        clock.move_to(datetime(2026, 4, 7, 4, 0, tzinfo=UTC))
        answer = shop.commit(basket(5_000, member=member, spend_points=10))
        assert (answer.status_code, answer.json()["spendable"]) == (409, 0)
        assert Entry.objects.count() == 1


def test_never_6_expiry_books_what_is_left_of_a_lot_and_no_more(open_shop: Callable[..., Shop]) -> None:
    with time_machine.travel(START, tick=False) as clock:
        shop = open_shop(expiry_days=30)
        member = shop.enrol()
        shop.commit(basket(5_000, member=member))
        shop.commit(basket(100, member=member, spend_points=200))
        clock.shift(timedelta(days=20))
        shop.commit(basket(1_000, member=member))
        clock.shift(timedelta(days=15))
        now = datetime.now(UTC)
        assert book_expired_lots(until=now, now=now) == 1
        assert book_expired_lots(until=now, now=now) == 0
        expired = Entry.objects.get(kind="expire")
        assert (expired.points, expired.balance_after) == (-300, 100)
        assert expired.happened_at == datetime(2026, 4, 7, 4, tzinfo=UTC)
        assert shop.quote(basket(1, member=member)).json()["wallet"]["balance"] == 100
        assert verify_ledger(now=now) == []


def test_never_35_a_job_that_finds_lots_and_books_none_raises_an_alarm(
    open_shop: Callable[..., Shop],
) -> None:
    with time_machine.travel(START, tick=False) as clock:
        shop = open_shop(expiry_days=30)
        shop.commit(basket(5_000, member=shop.enrol()))
        clock.shift(timedelta(days=40))
        now = datetime.now(UTC)
        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE loyalty_wallet ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
            )  # the job can no longer see the wallets whose lots are due
        with pytest.raises(ExpiryStandsStill):
            book_expired_lots(until=now, now=now)
    run = JobRun.objects.get(name="loyalty.book_expiry")
    assert (run.state, run.done, run.total) == ("failed", 0, 1)
    assert "of 1 lots that ran out not one can be booked" in run.detail


def test_the_lot_that_ends_first_is_drawn_first(open_shop: Callable[..., Shop]) -> None:
    with time_machine.travel(START, tick=False) as clock:
        shop = open_shop(expiry_days=30)
        member = shop.enrol()
        shop.commit(basket(1_000, member=member))
        clock.shift(timedelta(days=2))
        shop.commit(basket(1_000, member=member))
        shop.commit(basket(100, member=member, spend_points=150))
        assert [lot.remaining for lot in Lot.objects.order_by("expires_at", "id")][:2] == [0, 50]


def test_points_mature_after_the_return_period(open_shop: Callable[..., Shop]) -> None:
    with time_machine.travel(START, tick=False) as clock:
        shop = open_shop(maturity_days=14)
        member = shop.enrol()
        wallet = shop.commit(basket(5_000, member=member)).json()["wallet"]
        assert (wallet["balance"], wallet["spendable"], wallet["pending"]) == (500, 0, 500)
        clock.move_to(datetime(2026, 3, 22, 3, 59, 59, tzinfo=UTC))
        assert shop.quote(basket(1, member=member)).json()["wallet"]["spendable"] == 0
        clock.move_to(datetime(2026, 3, 22, 4, 0, tzinfo=UTC))
        wallet = shop.quote(basket(1, member=member)).json()["wallet"]
        assert (wallet["spendable"], wallet["pending"]) == (500, 0)
        assert shop.commit(basket(5_000, member=member, spend_points=500)).status_code == 201


def test_closed_days_are_sealed_and_chained(shop: Shop) -> None:
    member = shop.enrol()
    with time_machine.travel(START, tick=False) as clock:
        shop.commit(basket(5_000, member=member))
        clock.shift(timedelta(days=2))
        shop.commit(basket(700, member=member))
        clock.shift(timedelta(days=1))
        now = datetime.now(UTC)
        assert seal_closed_days(now=now) == 3
        assert seal_closed_days(now=now) == 0
        assert [(seal.entries, seal.points) for seal in Seal.objects.order_by("sealed_on")] == [
            (1, 500),
            (0, 0),
            (1, 70),
        ]
        assert verify_ledger(now=now) == []


def tamper(change: str) -> None:
    """What only somebody with the database's own key can do."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE loyalty_entry DISABLE TRIGGER USER")
        cursor.execute(f"UPDATE loyalty_entry SET {change}")
        cursor.execute("ALTER TABLE loyalty_entry ENABLE TRIGGER USER")


@pytest.mark.parametrize(
    ("change", "also"),
    [
        ("points = 900, balance_after = 900", "a wallet's balance is the sum of its entries"),
        ("debt_change = 70", "a wallet's debt is what its entries owed and paid"),
        ("undoes_id = id", None),
    ],
)
def test_tampering_shows(shop: Shop, change: str, also: str | None) -> None:
    member = shop.enrol()
    with time_machine.travel(START, tick=False) as clock:
        shop.commit(basket(5_000, member=member))
        clock.shift(timedelta(days=2))
        seal_closed_days(now=datetime.now(UTC))
        tamper(change)
        broken = set(laws_broken())
    assert {"seals hold and are chained"} | ({also} if also else set()) <= broken


def test_a_seal_of_an_older_version_holds_and_the_next_one_is_chained_to_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = shop.enrol()
    with time_machine.travel(START, tick=False) as clock:
        shop.commit(basket(5_000, member=member))
        clock.shift(timedelta(days=1))
        with monkeypatch.context() as before:
            before.setattr("loyalty.services.seals.DIGEST_VERSION", 1)
            assert seal_closed_days(now=datetime.now(UTC)) == 1
        shop.commit(basket(700, member=member))
        clock.shift(timedelta(days=1))
        assert seal_closed_days(now=datetime.now(UTC)) == 1
        assert list(Seal.objects.order_by("sealed_on").values_list("digest_version", flat=True)) == [1, 2]
        assert laws_broken() == []


@pytest.mark.parametrize(
    "change",
    ["UPDATE loyalty_lot SET credited = credited + 1", "UPDATE loyalty_lotmove SET points = points + 50"],
)
def test_a_lot_that_was_filled_with_anything_else_than_it_says_shows(shop: Shop, change: str) -> None:
    shop.commit(basket(5_000, member=shop.enrol()))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE loyalty_lotmove DISABLE TRIGGER USER")
        cursor.execute(change)
        cursor.execute("ALTER TABLE loyalty_lotmove ENABLE TRIGGER USER")
    assert "a lot is filled once, and what comes back never makes it more" in laws_broken()


def test_verify_ledger_prints_0(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.commit(basket(5_000, 300, member=shop.enrol()))
    call_command("verify_ledger")
    assert capsys.readouterr().out == "0\n"


def test_a_wallet_is_one_per_member_and_programme(shop: Shop) -> None:
    """NEVER 4."""
    member = shop.enrol()
    for _ in range(3):
        shop.commit(basket(500, member=member))
    assert Wallet.objects.filter(member=member).count() == 1


def test_the_ledger_is_proven_once_a_day_and_the_run_is_kept(shop: Shop) -> None:
    shop.commit(basket(5_000, member=shop.enrol()))
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        for hours in (0, 12, 12):
            clock.shift(timedelta(hours=hours))
            verify()
        runs = JobRun.objects.filter(name="loyalty.verify_ledger")
        assert [run.state for run in runs] == [JobRun.State.FINISHED] * 2
