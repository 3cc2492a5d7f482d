"""Reserving vouchers: a web shop keeps one for a basket that is still being paid, for a time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection

from config.ground.ids import new_ref
from loyalty.errors import (
    ReservationHasEnded,
    ReservationNotFound,
    VoucherMistyped,
    VoucherNotFound,
    VoucherNotUsable,
)
from loyalty.queries.vouchers import find_vouchers
from loyalty.rules.holding import Unmet
from loyalty.rules.voucher_codes import normal_form
from loyalty.rules.voucher_facts import Brought
from loyalty.rules.voucher_holding import unusable

SHORTEST, LONGEST = timedelta(seconds=10), timedelta(days=7)
USUAL = timedelta(minutes=30)
"""How long a voucher is reserved unless the caller says otherwise."""

TRIES = 3


@dataclass(frozen=True, slots=True)
class ReservationDraft:
    """A voucher to keep for so long.

    :ivar reference: what the shop calls the order; naming the voucher in the order of this number uses it.
    :ivar amount_minor: of a gift card; None for all that is free.
    """

    code: str
    programme_id: int
    place_id: int
    timezone: str
    member_id: int | None
    lasts: timedelta
    reference: str
    amount_minor: int | None
    actor: str


class ReservationNow(msgspec.Struct, frozen=True, kw_only=True):
    """A reservation: `held` until `expires_at`, `used` by an order, `released`, or `lapsed` when its time was over."""

    ref: str
    state: Literal["held", "used", "released", "lapsed"]
    amount_minor: int
    reference: str
    order_ref: str
    reserved_at: datetime
    expires_at: datetime


class _Released(msgspec.Struct, frozen=True):
    was: ReservationNow
    reservation: ReservationNow


def reserve_voucher(draft: ReservationDraft, *, now: datetime) -> ReservationNow:
    """Keep a voucher for an order: nobody else can use it until the time is over. Told again, it is kept for longer.

    :raises VoucherNotFound: there is no such voucher. :raises VoucherMistyped: a letter is wrong.
    :raises VoucherNotUsable: it is used, reserved, over, revoked, or another's.
    """
    for _ in range(TRIES):
        brought = _find(draft, now)
        made = _reserve(draft, brought, now)
        if made is not None:
            return made
    raise VoucherNotUsable("Others are using it in this moment.", reason="voucher_reserved")


def release_voucher(code: str, ref: str, *, place_id: int, now: datetime) -> ReservationNow:
    """Let a reserved voucher go. One that is over already, by itself or by this, is answered as it stands.

    :raises ReservationNotFound: this place has no such reservation of the voucher.
    :raises ReservationHasEnded: an order used it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT loyalty_release_voucher(%s, %s, %s, %s)::text", [normal_form(code), ref, place_id, now]
        )
        (found,) = cursor.fetchone()
    if found is None:
        raise ReservationNotFound
    released = msgspec.json.decode(found, type=_Released)
    if released.was.state == "used":
        raise ReservationHasEnded(f"The order {released.was.order_ref} used it.")
    return released.reservation


def _find(draft: ReservationDraft, now: datetime) -> Brought:
    found = find_vouchers(
        [draft.code],
        programme_id=draft.programme_id,
        member_id=draft.member_id,
        place_id=draft.place_id,
        order_number=draft.reference,
        asks_own=False,
        now=now,
    )
    (brought,) = found.brought
    unmet = unusable(brought, now, ZoneInfo(draft.timezone), is_named=draft.member_id is not None)
    if unmet is not None:
        raise _refusal(unmet)
    return brought


def _refusal(unmet: Unmet) -> Exception:
    if unmet.code == "voucher_unknown":
        return VoucherNotFound(unmet.because)
    if unmet.code == "voucher_mistyped":
        return VoucherMistyped(unmet.because, pointer="/code")
    return VoucherNotUsable(unmet.because, reason=unmet.code)


def _reserve(draft: ReservationDraft, brought: Brought, now: datetime) -> ReservationNow | None:
    """The reservation; None where others were faster.

    :raises VoucherNotUsable: less is left on the gift card.
    """
    assert brought.now is not None  # noqa: S101 - one that is not known was refused
    if draft.amount_minor is not None and brought.now.left_minor is not None:
        free = brought.now.free_minor
        if draft.amount_minor > free:
            raise VoucherNotUsable("Less is left on it.", reason="gift_card_short", left_minor=free)
    document = {
        "ref": new_ref("vrs"),
        "voucher_id": brought.now.id,
        "place_id": draft.place_id,
        "amount_minor": draft.amount_minor,
        "reference": draft.reference,
        "actor": draft.actor,
        "until": now + draft.lasts,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT loyalty_reserve_voucher(%s::jsonb, %s)::text",
            [msgspec.json.encode(document).decode(), now],
        )
        (made,) = cursor.fetchone()
    return msgspec.json.decode(made, type=ReservationNow) if made else None
