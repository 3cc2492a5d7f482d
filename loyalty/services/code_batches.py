"""Codes in bulk: asked for by a page or door, made piece by piece by whoever has time, and repeatable after any crash.

The row is the queue and the truth: a piece makes codes and writes how many there are in one transaction. Each is unique
by the database; one that chance made twice is made anew.
"""

from datetime import datetime

from django.db import connection

from config.ground.refusals import InvalidInput
from loyalty.models import CodeBatch, CodeBatchState, VoucherSeries
from loyalty.queries.voucher_batches import lock_open_code_batch
from loyalty.rules.voucher_codes import new_codes
from loyalty.services.pieces import work_off
from loyalty.services.vouchers import issued_until, stock_of

MOST = 10_000_000
PER_PIECE = 50_000
"""Codes of one transaction: about a second's work, which is what a crash loses."""

_MAKE = """
INSERT INTO loyalty_voucher (
  code, series_id, cause, max_uses, worth_minor, left_minor, valid_from, valid_until, issued_at, issued_by)
SELECT x, %s, %s, %s::bigint, %s::bigint, %s::bigint, %s, %s::timestamptz, %s, %s FROM unnest(%s::text[]) x
ON CONFLICT (code) DO NOTHING
"""


def ask_codes(series: VoucherSeries, count: int, *, by: str, now: datetime) -> CodeBatch:
    """Write down how many codes of a series are wanted; work on them begins in a moment.

    :raises InvalidInput: none, or more than ten million, or the series was revoked.
    """
    if not 1 <= count <= MOST:
        raise InvalidInput(f"Ask for 1 to {MOST:,} codes at once.", pointer="/count")
    if series.revoked_at is not None:
        raise InvalidInput("This series was revoked.", pointer="/series")
    return CodeBatch.objects.create(series=series, wanted=count, asked_by=by, asked_at=now)


def advance_code_batch(*, now: datetime) -> bool:
    """Make the next codes of the oldest batch that is open; False if there is none to take."""
    return work_off(lock_open_code_batch, _make, now=now)


def _make(batch: CodeBatch, now: datetime) -> None:
    """A piece of codes, alike in everything but the code: they live from the day they were asked for."""
    until = issued_until(batch.series, batch.asked_at)
    max_uses, worth = stock_of(batch.series)
    codes = list(new_codes(min(batch.wanted - batch.made, PER_PIECE)))
    with connection.cursor() as cursor:
        cursor.execute(
            _MAKE,
            [
                batch.series_id,
                f"batch:{batch.pk}",
                max_uses,
                worth,
                worth,
                batch.asked_at,
                until,
                now,
                batch.asked_by,
                codes,
            ],
        )
        batch.made += cursor.rowcount
    is_done = batch.made >= batch.wanted
    batch.state = CodeBatchState.DONE if is_done else CodeBatchState.RUNNING
    batch.finished_at = now if is_done else None
    batch.save()
