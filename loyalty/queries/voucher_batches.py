"""Codes in bulk: the batch that is worked on next, and all codes of one for export."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from config.ground.moments import moment
from loyalty.models import CodeBatch, CodeBatchState, Voucher
from loyalty.rules.voucher_codes import shown_form

PAGE = 10_000
CODE_HEADERS = ["code", "series", "valid_until", "state"]


def lock_open_code_batch() -> CodeBatch | None:
    """The oldest batch that is open and that nobody works on, locked until commit."""
    return (
        CodeBatch.objects.select_related("series__programme")
        .filter(state__in=[CodeBatchState.WAITING, CodeBatchState.RUNNING])
        .order_by("pk")
        .select_for_update(of=("self",), skip_locked=True)
        .first()
    )


def code_rows(batch: CodeBatch) -> Iterator[list[str]]:
    """The codes of a batch, page by page by key, so that a million of them need the memory of ten thousand.

    :return: as `CODE_HEADERS` says.
    """
    zone = ZoneInfo(batch.series.programme.timezone)
    codes = Voucher.objects.filter(series_id=batch.series_id, cause=f"batch:{batch.pk}").order_by("pk")
    last = 0
    while True:
        page = list(
            codes.filter(pk__gt=last).values_list(
                "pk", "code", "valid_until", "uses", "max_uses", "revoked_at"
            )[:PAGE]
        )
        if not page:
            return
        for _, code, until, uses, max_uses, revoked_at in page:
            is_used = max_uses is not None and uses >= max_uses
            state = "revoked" if revoked_at else "redeemed" if is_used else "issued"
            yield [shown_form(code), batch.series.code, moment(until, zone) if until else "", state]
        last = page[-1][0]
