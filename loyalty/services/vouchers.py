"""Vouchers: series are opened and changed, vouchers issued and revoked.

Whoever gives a voucher for something else (points redeemed for it, a tier reached, a birthday, an offer) calls
`issue_vouchers(series_id, member_ids, cause=..., by=..., now=...)` within its own transaction: set-based, a member gets
one voucher of a series for one cause however often it is asked, and the codes come back, new or old. What was issued
by mistake is taken back by `revoke_vouchers`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.db import IntegrityError, connection, transaction

from config.ground.typed import dump
from config.outbox.services import Announcement, publish_many
from loyalty.errors import CodeTaken, VoucherNotFound, VoucherSeriesTaken
from loyalty.events import VoucherIssued
from loyalty.models import Voucher, VoucherSeries, VoucherTally
from loyalty.rules.lots import midnight_after
from loyalty.rules.voucher_codes import LONGEST, new_codes, normal_form, shown_form
from loyalty.rules.vouchers import GiftCard, VoucherDefinition

SHORTEST = 4


@transaction.atomic
def open_series(
    *,
    programme_id: int,
    code: str,
    name: str,
    definition: VoucherDefinition,
    is_goodwill: bool = False,
    by: str,
    now: datetime,
) -> VoucherSeries:
    """Open a series; no voucher of it is issued yet.

    :raises VoucherSeriesTaken: the programme has a series of this code.
    """
    if VoucherSeries.objects.filter(programme_id=programme_id, code=code).exists():
        raise VoucherSeriesTaken(f"There is a series {code!r} already.", pointer="/code")
    series = VoucherSeries.objects.create(
        programme_id=programme_id,
        code=code,
        name=name,
        definition=dump(definition),
        is_goodwill=is_goodwill,
        made_by=by,
        made_at=now,
    )
    VoucherTally.objects.create(series=series)
    return series


def change_series(
    series: VoucherSeries, *, name: str, definition: VoucherDefinition, is_goodwill: bool
) -> None:
    """Change what a series says, from now on for all of its vouchers; how long those live that are issued stays."""
    series.name, series.definition, series.is_goodwill = name, dump(definition), is_goodwill
    series.save(update_fields=["name", "definition", "is_goodwill"])


def revoke_series(series: VoucherSeries, *, because: str, by: str, now: datetime) -> None:
    """No voucher of it is good any more, in the same moment at every till."""
    VoucherSeries.objects.filter(pk=series.pk, revoked_at=None).update(
        revoked_at=now, revoked_by=by, revoked_because=because
    )


def revoke_vouchers(voucher_ids: Collection[int], *, because: str, by: str, now: datetime) -> int:
    """Take vouchers back. What was used stays used.

    :return: how many were good until now.
    """
    return Voucher.objects.filter(pk__in=voucher_ids, revoked_at=None).update(
        revoked_at=now, revoked_by=by, revoked_because=because
    )


@transaction.atomic
def issue_vouchers(
    series_id: int,
    member_ids: Sequence[int],
    *,
    cause: str,
    by: str,
    now: datetime,
    worth_minor: int | None = None,
    valid_until: datetime | None = None,
) -> dict[int, str]:
    """Issue a voucher to each member, for a cause; once per series, member and cause, however often it is asked.

    Three statements, however many members there are.

    :param cause: why, e.g. `redemption:<ref>`.
    :param worth_minor: what is in a gift card, where it is not what the series says.
    :param valid_until: where it is not what the series says.
    :return: member id -> code as people read it, be it new or of an earlier call.
    :raises VoucherNotFound: there is no such series, or it was revoked.
    """
    if not member_ids:
        return {}
    row = _series_to_issue(series_id)
    wanted = list(dict.fromkeys(member_ids))
    until = valid_until or issued_until(row, now)
    max_uses, worth = stock_of(row)
    if worth is not None:
        worth = worth_minor or worth
    with connection.cursor() as cursor:
        cursor.execute(
            _ISSUE,
            [
                row.pk,
                cause,
                max_uses,
                worth,
                worth,
                now,
                until,
                now,
                by,
                list(new_codes(len(wanted))),
                wanted,
            ],
        )
        codes = dict(cursor.fetchall())
    publish_many(
        [
            Announcement(_issued(row, code, until, cause), member_id=member_id, happened_at=now)
            for member_id, code in codes.items()
        ],
        now=now,
    )
    if len(codes) < len(wanted):
        known = Voucher.objects.filter(series=row, member_id__in=wanted, cause=cause)
        codes = dict(known.values_list("member_id", "code"))
    return {member_id: shown_form(code) for member_id, code in codes.items()}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A voucher for a member, made up before any lock is taken; whoever writes `row` announces `news` with it."""

    row: dict[str, Any]
    news: VoucherIssued


def prepare_voucher(series_id: int, *, cause: str, now: datetime) -> Prepared:
    """
    :raises VoucherNotFound: there is no such series, or it was revoked.
    """
    series = _series_to_issue(series_id)
    (code,), until = new_codes(1), issued_until(series, now)
    max_uses, worth = stock_of(series)
    row = {"code": code, "series_id": series_id, "cause": cause}
    limits = {"max_uses": max_uses, "worth_minor": worth, "valid_until": until}
    return Prepared(row | limits, _issued(series, code, until, cause))


def _series_to_issue(series_id: int) -> VoucherSeries:
    series = VoucherSeries.objects.select_related("programme").filter(pk=series_id, revoked_at=None).first()
    if series is None:
        raise VoucherNotFound("There is no such series of vouchers, or it was revoked.")
    return series


_ISSUE = """
INSERT INTO loyalty_voucher (
  code, series_id, member_id, cause, max_uses, worth_minor, left_minor, valid_from, valid_until, issued_at, issued_by)
SELECT x.code, %s, x.member_id, %s, %s::bigint, %s::bigint, %s::bigint, %s, %s::timestamptz, %s, %s
FROM unnest(%s::text[], %s::bigint[]) AS x(code, member_id)
ON CONFLICT (member_id, series_id, cause) WHERE member_id IS NOT NULL DO NOTHING
RETURNING member_id, code
"""


def _issued(series: VoucherSeries, code: str, until: datetime | None, cause: str) -> VoucherIssued:
    return VoucherIssued(
        programme_code=series.programme.code,
        series_code=series.code,
        title=series.name,
        voucher_code=shown_form(code),
        valid_until=until,
        cause=cause,
    )


def open_code(
    series: VoucherSeries,
    code: str,
    *,
    max_uses: int | None,
    by: str,
    now: datetime,
) -> Voucher:
    """Open a code that everybody may use, such as WELCOME10.

    :param max_uses: by all together; None: as often as anybody likes.
    :raises CodeTaken: it, or one that looks like it, is known, or it is too short or long.
    """
    normal = normal_form(code)
    if not SHORTEST <= len(normal) <= LONGEST:
        raise CodeTaken(f"A code has {SHORTEST} to {LONGEST} letters and digits.", pointer="/code")
    worth = stock_of(series)[1]
    try:
        with transaction.atomic():
            return Voucher.objects.create(
                code=normal,
                shown=code.strip().upper(),
                series=series,
                cause="public",
                max_uses=max_uses,
                worth_minor=worth,
                left_minor=worth,
                valid_from=now,
                valid_until=issued_until(series, now),
                issued_at=now,
                issued_by=by,
            )
    except IntegrityError as fault:
        raise CodeTaken(
            f"{code} is taken, or looks like one that is: 0 and O, 1 and I count as alike.", pointer="/code"
        ) from fault


def issued_until(series: VoucherSeries, now: datetime) -> datetime | None:
    """Until when a voucher is good that is issued now; None: for ever."""
    days = _definition(series).valid_days
    return None if days is None else midnight_after(now, days + 1, ZoneInfo(series.programme.timezone))


def stock_of(series: VoucherSeries) -> tuple[int | None, int | None]:
    """How often a voucher of the series can be used, and what is in it, if it is a gift card."""
    definition = _definition(series)
    if isinstance(definition.gives, GiftCard):
        return None, definition.gives.minor
    return definition.uses, None


def _definition(series: VoucherSeries) -> VoucherDefinition:
    return msgspec.convert(series.definition, VoucherDefinition)
