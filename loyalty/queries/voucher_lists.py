"""Vouchers for lists: what a member holds or held, and one by its code."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection

from config.ground.amounts import money
from config.ground.moments import moment
from loyalty.models import VoucherUse
from loyalty.queries.vouchers import find_series
from loyalty.rules.voucher_answers import VoucherAnswer, VoucherState, kind_of
from loyalty.rules.voucher_codes import normal_form, shown_form
from loyalty.rules.voucher_words import sentence_of_series
from omnichannel.models import Order

USES_TOLD = 50


class VoucherRow(msgspec.Struct, frozen=True, kw_only=True):
    """A voucher with its state at a moment. `member_id` is None where it belongs to whoever brings it."""

    id: int
    code: str
    shown: str
    series_id: int
    series_stamp: int
    member_id: int | None
    state: VoucherState
    uses: int
    max_uses: int | None
    left_minor: int | None
    valid_from: datetime
    valid_until: datetime | None

    @property
    def spelled(self) -> str:
        return self.shown or shown_form(self.code)


class UseTold(msgspec.Struct, frozen=True):
    """A use, or one that came back; `number` of its purchase is empty where nobody has claimed it."""

    words: str
    order_ref: str
    number: str


_STATE = """
SELECT v.id, v.code, v.shown, v.series_id, s.stamp AS series_stamp, v.member_id, v.uses, v.max_uses, v.left_minor,
  greatest(v.valid_from, (s.definition->>'starts_at')::timestamptz) AS valid_from,
  least(v.valid_until, (s.definition->>'ends_at')::timestamptz) AS valid_until,
  CASE WHEN v.revoked_at IS NOT NULL OR s.revoked_at IS NOT NULL THEN 'revoked'
    WHEN v.uses >= v.max_uses OR v.left_minor = 0 THEN 'redeemed'
    WHEN least(v.valid_until, (s.definition->>'ends_at')::timestamptz) <= %(now)s THEN 'expired'
    WHEN v.max_uses - v.uses <= r.uses OR v.left_minor <= r.amount_minor THEN 'reserved'
    WHEN EXISTS (SELECT FROM loyalty_voucheruse u WHERE u.voucher_id = v.id AND u.uses < 0) THEN 'rolled_back'
    ELSE 'issued' END AS state
FROM loyalty_voucher v
JOIN loyalty_voucherseries s ON s.id = v.series_id
CROSS JOIN LATERAL loyalty_voucher_reserved(v.id, NULL, %(now)s) r
"""


def list_vouchers_of(
    member_id: int, programme_id: int, *, before: int | None, limit: int, now: datetime
) -> list[VoucherRow]:
    """What a member was issued in a programme, the latest first; one more than `limit` if there are more."""
    return _rows(
        "WHERE v.member_id = %(member_id)s AND s.programme_id = %(programme_id)s"
        " AND (%(before)s::bigint IS NULL OR v.id < %(before)s::bigint) ORDER BY v.id DESC LIMIT %(most)s",
        {
            "member_id": member_id,
            "programme_id": programme_id,
            "before": before,
            "most": limit + 1,
            "now": now,
        },
    )


def list_vouchers_held(member_id: int, *, now: datetime, most: int = 20) -> list[VoucherRow]:
    """What a member was issued last, in all programmes."""
    return _rows(
        "WHERE v.member_id = %(member_id)s ORDER BY v.id DESC LIMIT %(most)s",
        {"member_id": member_id, "most": most, "now": now},
    )


def find_voucher(code: str, programme_id: int, *, now: datetime) -> VoucherRow | None:
    """The voucher that goes by this code, however it is typed; None if the programme has none."""
    parameters = {"code": normal_form(code), "programme_id": programme_id, "now": now}
    return next(
        iter(_rows("WHERE v.code = %(code)s AND s.programme_id = %(programme_id)s", parameters)), None
    )


def list_uses(voucher_id: int) -> list[UseTold]:
    """What became of a voucher, the latest first. Two statements."""
    uses = VoucherUse.objects.filter(voucher_id=voucher_id).select_related("place__programme")
    latest = list(uses.order_by("-pk")[:USES_TOLD])
    refs = [use.order_ref for use in latest]
    numbers = dict(Order.objects.filter(ref__in=refs).values_list("ref", "number"))
    told = []
    for use in latest:
        programme = use.place.programme
        at = moment(use.happened_at, ZoneInfo(programme.timezone))
        what = "used" if use.uses > 0 else "came back"
        worth = money(abs(use.amount_minor), programme.currency)
        number = numbers.get(use.order_ref, "")
        told.append(UseTold(f"{at}: {what} at {use.place.name}, {worth}", use.order_ref, number))
    return told


def list_voucher_ids(order_ref: str) -> dict[str, int]:
    """The vouchers that a purchase used, by code in its normal form."""
    used = VoucherUse.objects.filter(order_ref=order_ref)
    return dict(used.values_list("voucher__code", "voucher_id"))


def answers_of(rows: list[VoucherRow]) -> list[VoucherAnswer]:
    """Vouchers as the API tells them; at most one more statement."""
    series = find_series({(row.series_id, row.series_stamp) for row in rows})
    return [
        VoucherAnswer(
            code=row.spelled,
            series=(of := series[row.series_id]).code,
            title=of.name,
            says=sentence_of_series(of.definition, of.manner),
            kind=kind_of(of),
            state=row.state,
            uses_left=None if row.max_uses is None else row.max_uses - row.uses,
            left_minor=row.left_minor,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
        )
        for row in rows
    ]


def _rows(condition: str, parameters: dict[str, Any]) -> list[VoucherRow]:
    with connection.cursor() as cursor:
        cursor.execute(f"{_STATE} {condition}", parameters)
        names = [column.name for column in cursor.description]
        return [VoucherRow(**dict(zip(names, row, strict=True))) for row in cursor.fetchall()]
