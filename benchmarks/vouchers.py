"""Vouchers: codes in bulk, looking one up among few and many, the best of twenty, and requests that use them."""

import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from statistics import median
from typing import TypeVar

from django.db import connection

from benchmarks.load import request
from benchmarks.requests import purchase
from benchmarks.shop import NUMBERS, Shop
from config.ground.spreadsheets import csv_lines
from loyalty.models import CodeBatch, Voucher, VoucherSeries
from loyalty.queries.programmes import get_current_programme
from loyalty.queries.voucher_batches import CODE_HEADERS, code_rows
from loyalty.queries.vouchers import find_vouchers
from loyalty.rules.basket import Basket, Line
from loyalty.rules.settle import use_vouchers
from loyalty.rules.vouchers import AmountOff, PercentOff, Stacking, VoucherDefinition
from loyalty.services.code_batches import advance_code_batch, ask_codes
from loyalty.services.vouchers import open_series

T = TypeVar("T")

GENERATED = int(os.environ.get("BENCH_CODES", "1000000"))
"""How many codes are made at once; ten times as many in all are looked up in."""

USED = 10_000
"""Codes of a round: more than are used in its seconds."""

FEW = 1_000
LOOKS = 500
STACKED = 20


def make_series(shop: Shop, definition: VoucherDefinition) -> VoucherSeries:
    """A series of its own."""
    return open_series(
        programme_id=shop.programme_id,
        code=f"bench-{next(NUMBERS)}",
        name="Bench",
        definition=definition,
        by="bench",
        now=datetime.now(UTC),
    )


def make_codes(series: VoucherSeries, count: int) -> CodeBatch:
    """So many codes of a series, as the job makes them."""
    now = datetime.now(UTC)
    batch = ask_codes(series, count, by="bench", now=now)
    while advance_code_batch(now=now):
        pass
    return batch


def codes_to_use(shop: Shop, count: int) -> list[str]:
    """Codes for one use each, 1.00 off."""
    batch = make_codes(make_series(shop, VoucherDefinition(gives=AmountOff(minor=100))), count)
    return list(Voucher.objects.filter(series_id=batch.series_id).values_list("code", flat=True))


def commits_with_voucher(shop: Shop) -> Iterator[bytes]:
    """Commits that use a code each; a member's points pay a part too."""
    for code, number in zip(codes_to_use(shop, USED), NUMBERS, strict=False):
        body = json.dumps(purchase(shop, number, voucher_codes=[code], spend_points=100)).encode()
        yield request(
            "POST", "/api/v1/checkout/commit", body, shop.headers | {"Idempotency-Key": f"v-{number}"}
        )


def reservations(shop: Shop) -> Iterator[bytes]:
    """Codes that are kept for an order, one after the other."""
    for code, number in zip(codes_to_use(shop, USED), NUMBERS, strict=False):
        body = json.dumps({"reference": f"O-{number}"}).encode()
        headers = shop.headers | {"Idempotency-Key": f"r-{number}"}
        yield request("POST", f"/api/v1/vouchers/{code}/reserve", body, headers)


def measure_codes(shop: Shop) -> Iterator[str]:
    """Lines of the table: generate, export, look up among few and among many, the best of twenty."""
    series = make_series(shop, VoucherDefinition(gives=AmountOff(minor=100)))
    make_codes(series, FEW)
    _look_up(shop, series)
    few = _look_up(shop, series)
    batch, seconds = _timed(lambda: make_codes(series, GENERATED))
    yield f"| codes generated and stored: {GENERATED:,} in {seconds:.1f} s | {GENERATED / seconds:,.0f} |"
    rows, seconds = _timed(lambda: sum(1 for _ in csv_lines(CODE_HEADERS, code_rows(batch))))
    yield f"| codes exported: {rows:,} in {seconds:.1f} s | {rows / seconds:,.0f} |"
    make_codes(series, GENERATED * 9)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE loyalty_voucher")
    many = _look_up(shop, series)
    total = Voucher.objects.count()
    yield f"| a code looked up among {FEW:,}: {few:.2f} ms; among {total:,}: {many:.2f} ms | {many / few:.2f} times |"
    yield f"| best of {STACKED} vouchers on ten lines | {_stack(shop):.1f} ms |"


def _look_up(shop: Shop, series: VoucherSeries) -> float:
    """Milliseconds for one code, those of chance that come first by letters; the median of many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code FROM loyalty_voucher WHERE series_id = %s ORDER BY code LIMIT %s", [series.pk, LOOKS]
        )
        codes = [code for (code,) in cursor.fetchall()]
    now, taken = datetime.now(UTC), []
    for code in codes:
        begun = time.perf_counter()
        find_vouchers(
            [code],
            programme_id=series.programme_id,
            member_id=None,
            place_id=shop.place_id,
            order_number="",
            asks_own=False,
            now=now,
        )
        taken.append(time.perf_counter() - begun)
    return median(taken) * 1_000


def _stack(shop: Shop) -> float:
    """Milliseconds to find the best combination of twenty vouchers, half of them rivals of one group or another."""
    member_id, _ = shop.members[0]
    now = datetime.now(UTC)
    codes = []
    for number in range(STACKED):
        gives = PercentOff(percent=5 + number) if number % 2 else AmountOff(minor=50 + number)
        stacking = Stacking(
            order=number,
            group=f"g{number % 5}" if number % 4 else None,
            most_percent=60 if number == 3 else None,
        )
        series = make_series(shop, VoucherDefinition(gives=gives, stacking=stacking))
        make_codes(series, 1)
        codes.append(Voucher.objects.get(series=series).code)
    found = find_vouchers(
        codes,
        programme_id=shop.programme_id,
        member_id=member_id,
        place_id=shop.place_id,
        order_number="",
        asks_own=False,
        now=now,
    )
    lines = [Line(sku=f"S{number}", quantity=1, unit_price_minor=500 + number) for number in range(10)]
    basket = Basket(lines=lines, place_code="S1", placed_at=now)
    programme = get_current_programme(shop.programme_id)
    _, seconds = _timed(lambda: [use_vouchers(basket, None, programme, found.told) for _ in range(10)])
    return seconds * 100


def _timed(job: Callable[[], T]) -> tuple[T, float]:
    begun = time.perf_counter()
    done = job()
    return done, time.perf_counter() - begun
