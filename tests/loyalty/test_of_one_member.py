"""What is asked of one member costs what there is of them, however many others there are."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.db import connection
from pytest_django import Settings

from config.ground.personal import model_of
from config.outbox.delivery import deliver_due
from members.member_data import list_panels, list_sums
from members.models import Member
from members.services.copies import ask_for_copy, make_waiting_copies
from members.services.erasing import IN_FLIGHT, erase_member
from members.services.erasures import ask_for_own_erasure
from members.services.merging import merge_members, undo_merge
from tests.house.test_personal import READ_WHOLE, holdings
from tests.loyalty.conftest import Shop
from tests.loyalty.test_returns import bring_back, buy
from tests.planning import plan_by_index

pytestmark = pytest.mark.django_db
GRACE = timedelta(days=14)
KEPT_ANSWERS = "ground_idempotencykey"
"""Whom it names is said in its text alone, which is gone after a month."""
DELIVERIES = "outbox_delivery"
"""What waits, and what died and waits for a colleague: faults may name anybody."""


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.STORAGES["exports"]["OPTIONS"] = {"location": tmp_path / "exports"}
    storages._storages.clear()
    yield
    storages._storages.clear()


def how_often_read_whole() -> dict[str, int]:
    """Table of members' data -> how often it was read from end to end in this transaction."""
    tables = {model_of(held)._meta.db_table for held in holdings() if held.table not in READ_WHOLE}
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, seq_scan FROM pg_stat_xact_user_tables")
        return {table: count for table, count in cursor.fetchall() if table in tables}


@contextmanager
def reading_whole(*those: str) -> Iterator[None]:
    """No others of members' tables than those are read from end to end, as no index could serve."""
    with connection.cursor() as cursor:
        plan_by_index(cursor)
    before = how_often_read_whole()
    yield
    after = how_often_read_whole()
    assert {table for table, count in after.items() if count > before.get(table, 0)} == set(those)


@pytest.fixture
def ada(shop: Shop) -> Member:
    ada = shop.enrol()
    order = buy(shop, ada, 5_000)
    bring_back(shop, order, {1: 1})
    return ada


def now() -> datetime:
    return datetime.now(UTC)


def test_a_members_page(ada: Member) -> None:
    with reading_whole():
        assert list_panels(ada.pk, now=now())
        assert list_sums(ada.pk, programme_id=None, now=now())


def test_a_copy(ada: Member) -> None:
    ask_for_copy(ada.pk, actor="staff:1", now=now())

    with reading_whole():
        assert make_waiting_copies(now=now(), limit=1) == 1


def test_a_merge_and_what_undoes_it(shop: Shop, ada: Member) -> None:
    grace = shop.enrol()
    buy(shop, grace, 1_000)

    with reading_whole():
        merge = merge_members(going_id=grace.pk, staying_id=ada.pk, actor="staff:1", now=now())
    # Which of their phones were moved by hand: moves are few, for each takes a colleague.
    with reading_whole("members_identitymove"):
        undo_merge(merge.pk, actor="staff:2", now=now())


def test_an_erasure(ada: Member) -> None:
    at = now()
    request = ask_for_own_erasure(ada.pk, actor=f"member:{ada.pk}", now=at)
    while deliver_due(now=at):
        pass

    with reading_whole(KEPT_ANSWERS, DELIVERIES):
        assert not erase_member(request.pk, now=at + GRACE)
        assert erase_member(request.pk, now=at + GRACE + IN_FLIGHT)
