"""Codes in bulk: made piece by piece, each once, and exported without filling the memory."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from config.ground.refusals import InvalidInput
from config.ground.spreadsheets import csv_lines
from loyalty.models import CodeBatch, CodeBatchState, Voucher
from loyalty.queries import voucher_batches
from loyalty.queries.voucher_batches import CODE_HEADERS, code_rows
from loyalty.queries.vouchers import find_vouchers
from loyalty.rules.voucher_codes import is_mistyped, normal_form
from loyalty.rules.vouchers import GiftCard
from loyalty.services import code_batches
from loyalty.services.code_batches import advance_code_batch, ask_codes
from loyalty.tasks import make_codes
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.vouchers import series

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 17, tzinfo=UTC)


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_batches, "PER_PIECE", 40)
    monkeypatch.setattr(voucher_batches, "PAGE", 7)


def made(shop: Shop, count: int, **more: Any) -> CodeBatch:
    batch = ask_codes(series(shop, **more), count, by="test", now=NOW)
    while advance_code_batch(now=NOW):
        pass
    batch.refresh_from_db()
    return batch


@pytest.mark.usefixtures("small_pieces")
def test_as_many_codes_are_made_as_were_wanted_and_any_of_them_works_once(shop: Shop) -> None:
    batch = made(shop, 100)
    assert (batch.state, batch.made, batch.finished_at) == (CodeBatchState.DONE, 100, NOW)
    codes = list(Voucher.objects.values_list("code", flat=True))
    assert len(set(codes)) == 100
    assert not any(map(is_mistyped, codes))
    for takes_off in (500, 0):
        answer = shop.commit(basket(1_000, voucher_codes=[codes[42]]))
        assert answer.json()["settlement"]["discount_minor"] == takes_off


@pytest.mark.usefixtures("small_pieces")
def test_after_a_crash_the_next_goes_on_where_the_last_piece_ended(shop: Shop) -> None:
    batch = ask_codes(series(shop), 100, by="test", now=NOW)
    assert advance_code_batch(now=NOW)
    batch.refresh_from_db()
    assert (batch.state, batch.made) == (CodeBatchState.RUNNING, 40)
    assert make_codes() == 2
    assert Voucher.objects.count() == 100
    assert make_codes() == 0


@pytest.mark.usefixtures("small_pieces")
def test_a_batch_is_exported_whole_and_says_what_became_of_each_code(shop: Shop) -> None:
    batch = made(shop, 20)
    first = Voucher.objects.order_by("pk")[0]
    shop.commit(basket(1_000, voucher_codes=[str(first.code)]))
    lines = "".join(csv_lines(CODE_HEADERS, code_rows(batch))).splitlines()
    assert lines[0] == "code,series,valid_until,state"
    assert [line.rpartition(",")[2] for line in lines[1:3]] == ["redeemed", "issued"]
    assert len(lines) == 21
    assert {normal_form(line.split(",")[0]) for line in lines[1:]} == set(
        Voucher.objects.values_list("code", flat=True)
    )


def test_gift_cards_come_in_bulk_too(shop: Shop) -> None:
    batch = ask_codes(series(shop, GiftCard(minor=5_000)), 3, by="test", now=NOW)
    advance_code_batch(now=NOW)
    rows = Voucher.objects.filter(series=batch.series).values_list("left_minor", "worth_minor", "max_uses")
    assert list(rows) == [(5_000, 5_000, None)] * 3


@pytest.mark.parametrize("count", [0, 10_000_001])
def test_no_codes_or_too_many_are_refused(shop: Shop, count: int) -> None:
    with pytest.raises(InvalidInput):
        ask_codes(series(shop), count, by="test", now=NOW)
    assert not CodeBatch.objects.exists()


def test_never_14_a_hundred_thousand_sleeping_vouchers_cost_a_quote_no_look(
    shop: Shop, django_assert_num_queries: Any
) -> None:
    member = shop.enrol()
    made(shop, 100_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE loyalty_voucher")
    shop.quote(basket(1_000, member=member))
    with django_assert_num_queries(2):
        assert shop.quote(basket(1_000, member=member)).json()["vouchers"] is None
    code = Voucher.objects.order_by("-pk")[0].code
    asked = {"programme_id": shop.programme.pk, "member_id": member.pk, "place_id": shop.place.pk}
    assert _rows_read(lambda: find_vouchers([code], **asked, order_number="", asks_own=True, now=NOW)) <= 10


def _rows_read(look: Any) -> int:
    """How many rows of vouchers the database touched."""
    count = (
        "SELECT pg_stat_get_xact_tuples_returned(c.oid) + coalesce((SELECT sum("
        "pg_stat_get_xact_tuples_fetched(i.indexrelid)) FROM pg_index i WHERE i.indrelid = c.oid), 0)"
        " FROM pg_class c WHERE relname = 'loyalty_voucher'"
    )
    with connection.cursor() as cursor:
        cursor.execute(count)
        before = cursor.fetchone()[0]
        look()
        cursor.execute(count)
        return int(cursor.fetchone()[0] - before)
