"""Vouchers as a purchase needs to know them, and their series, compiled once per change and kept in the process."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection

from loyalty.models import VoucherSeries
from loyalty.queries.vocabulary import list_names_asked
from loyalty.rules.condition_words import Manner
from loyalty.rules.voucher_codes import normal_form
from loyalty.rules.voucher_facts import Brought, VoucherNow, VouchersNow
from loyalty.rules.vouchers import Series, VoucherDefinition, compile_series

MOST_OWN = 50
"""Of the vouchers that a member holds, so many are looked at: those that were issued last."""

RESERVATION = "vrs_"
"""What a reservation's ref begins with; a code never does."""


class _Found(msgspec.Struct, frozen=True):
    vouchers: list[VoucherNow]
    labels: list[str]
    place_kind: str


_decoder = msgspec.json.Decoder(_Found)
_compiled: dict[int, tuple[int, Series]] = {}
MOST_KEPT = 4_096
"""So many series stay compiled in a process."""


def find_vouchers(
    told: Sequence[str],
    *,
    programme_id: int,
    member_id: int | None,
    place_id: int,
    order_number: str,
    asks_own: bool,
    now: datetime,
) -> VouchersNow:
    """The vouchers that were told, each as often as it was told, then those that the member holds, if asked.

    One statement, and one more where a series changed since this process last looked.

    :param told: codes as they were typed, or refs of reservations.
    :param order_number: a reservation of this place under this name is for this very purchase.
    """
    rows = [
        {"reservation": typed} if typed.startswith(RESERVATION) else {"code": normal_form(typed)}
        for typed in told
    ]
    document = msgspec.json.encode(rows).decode()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT loyalty_voucher_facts(%s::jsonb, %s, %s::bigint, %s, %s, %s, %s, %s)",
            [document, programme_id, member_id, asks_own, place_id, order_number, MOST_OWN, now],
        )
        found = _decoder.decode(cursor.fetchone()[0])
    series = find_series({(one.series_id, one.series_stamp) for one in found.vouchers})
    by_told = {one.told: one for one in found.vouchers if one.told is not None}
    known = {one.id for one in by_told.values()}

    def brought(one: VoucherNow, told_as: str) -> Brought:
        return Brought(
            told_as=told_as,
            now=one,
            series=series[one.series_id],
            is_of_buyer=member_id is not None and one.member_id == member_id,
            is_told=one.told is not None,
        )

    named = [
        brought(one, typed) if (one := by_told.get(number)) else Brought(told_as=typed)
        for number, typed in enumerate(told, start=1)
    ]
    own = [brought(one, one.spelled) for one in found.vouchers if one.told is None and one.id not in known]
    return VouchersNow(brought=named + own, labels=found.labels, place_kind=found.place_kind)


def find_series(wanted: set[tuple[int, int]]) -> dict[int, Series]:
    """Series id -> the series at this stamp or a newer one.

    :param wanted: (id, stamp).
    """
    missing = [id_ for id_, stamp in wanted if _compiled.get(id_, (None,))[0] != stamp]
    if missing:
        if len(_compiled) > MOST_KEPT:
            _compiled.clear()
            missing = [id_ for id_, _ in wanted]
        for row in VoucherSeries.objects.select_related("programme").filter(pk__in=missing):
            _compiled[row.pk] = row.stamp, compiled(row)
    return {id_: _compiled[id_][1] for id_, _ in wanted}


def compiled(row: VoucherSeries) -> Series:
    """A series as it is stored, made ready to be asked."""
    manner = Manner(
        currency=row.programme.currency, zone=ZoneInfo(row.programme.timezone), names_segments=False
    )
    definition = msgspec.convert(row.definition, VoucherDefinition)
    named = manner.with_names(list_names_asked(row.programme_id, definition.conditions))
    return compile_series(row.pk, row.code, row.name, definition, named)


def lock_vouchers(told: Sequence[str]) -> None:
    """Lock vouchers until commit, by codes or reservations, in the one order that cannot deadlock; before wallets."""
    _lock("loyalty_lock_vouchers", told)


def lock_shared_vouchers(told: Sequence[str]) -> None:
    """Lock what many share, the tallies of the vouchers' series among it: last of all locks."""
    _lock("loyalty_lock_shared_vouchers", told)


def _lock(function: str, told: Sequence[str]) -> None:
    codes = [typed if typed.startswith(RESERVATION) else normal_form(typed) for typed in told]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s::text[])", [codes])
