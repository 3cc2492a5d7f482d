"""Booking: one statement writes settled purchases, all of them or none.

The database function `loyalty_book_purchases` compares what the settlements relied on under the wallets' locks;
where it no longer holds, a signal says whether to settle anew or to answer from what was told meanwhile.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import msgspec
from django.db import Error, connection

from loyalty.queries.wallets import tell_wallet
from loyalty.services.booking_rows import Booking


class Stale(Exception):  # noqa: N818 - a signal between booking and its callers, never an answer
    """What a settlement relied on is no longer so: read again and settle anew."""


class AlreadyTold(Exception):  # noqa: N818 - as above
    """A receipt or an idempotency key was used meanwhile: read again and answer from that."""


_SIGNALS = {"RG001": Stale, "RG002": AlreadyTold, "RG003": Stale, "40P01": Stale}
"""SQLSTATE -> what it means here. A deadlock (40P01): a batch holds wallets and then tells receipts, a commit the other
way round, so two that tell one receipt may wait for each other; PostgreSQL lets one go, which simply tries again."""


def book(booking: Booking, *, now: datetime) -> dict[str, str]:
    """Write it all in one statement, or nothing.

    :return: order ref -> the answer as JSON text, for members' purchases.
    :raises Stale: a wallet, tier or offer is no longer as it was read, or others held what was needed.
    :raises AlreadyTold: a receipt or the idempotency key was used meanwhile.
    """
    document = msgspec.json.encode(booking).decode()
    with signals(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM loyalty_book_purchases(%s::jsonb, %s)", [document, now])
        return {ref: tell_wallet(answer) for ref, answer in cursor.fetchall()}


@contextmanager
def signals() -> Iterator[None]:
    """What the database signals, as `Stale` and `AlreadyTold`."""
    try:
        yield
    except Error as fault:
        signal = _SIGNALS.get(getattr(fault.__cause__, "sqlstate", None) or "")
        if signal is None:
            raise
        raise signal from fault
