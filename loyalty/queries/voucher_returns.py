"""Vouchers of a purchase that nobody has claimed, locked."""

import msgspec
from django.db import connection

from loyalty.rules.voucher_returns import UsedBefore


def lock_vouchers_of(order_ref: str) -> list[UsedBefore]:
    """The vouchers that the purchase used, locked as bookings lock them, before anything else."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT loyalty_lock_vouchers_of(%s)", [order_ref])
        cursor.execute("SELECT loyalty_vouchers_of(%s)::text", [order_ref])
        return msgspec.json.decode(cursor.fetchone()[0], type=list[UsedBefore])
