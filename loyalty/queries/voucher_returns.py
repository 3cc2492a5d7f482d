"""Vouchers of a purchase that nobody has claimed: locked, and given back where its goods come back."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from django.db import connection

from loyalty.rules.voucher_returns import ComesBack, UsedBefore


def lock_vouchers_of(order_ref: str) -> list[UsedBefore]:
    """The vouchers that the purchase used, locked as bookings lock them, before anything else."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT loyalty_lock_vouchers_of(%s)", [order_ref])
        cursor.execute("SELECT loyalty_vouchers_of(%s)::text", [order_ref])
        return msgspec.json.decode(cursor.fetchone()[0], type=list[UsedBefore])


def give_vouchers_back(
    back: Sequence[ComesBack], *, to: msgspec.Struct, order_ref: str, by: str, now: datetime
) -> None:
    """
    :param to: the return, with its `ref`, `place_id` and `returned_at`.
    """
    given, told = (msgspec.json.encode(each).decode() for each in (back, to))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT loyalty_give_vouchers_back(%s::jsonb, %s::jsonb, %s, %s, %s)",
            [given, told, order_ref, by, now],
        )
