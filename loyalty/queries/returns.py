"""What a return has to know of the purchase."""

from datetime import date, datetime

import msgspec
from django.db import connection

from loyalty.rules.bought import Bought
from loyalty.rules.voucher_returns import UsedBefore


class KnownReturn(msgspec.Struct, frozen=True, kw_only=True):
    """A return that was told under this number before."""

    fingerprint: str
    answer: str


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """A member's purchase and what became of it; true for as long as the wallet is locked.

    :ivar spent_on: the day it counts on, in the programme's timezone.
    :ivar is_merged: the member is somebody else by now, who has their points.
    :ivar when_spent: the programme's `WhenSpent`.
    :ivar on_return: whether its ladder takes steps back; None without tiers.
    :ivar vouchers: those that the purchase used, as far as they did not come back.
    """

    order_id: int
    order_ref: str
    state: str
    member_id: int
    programme_id: int
    programme_code: str
    currency: str
    placed_at: datetime
    spent_on: date
    wallet_id: int
    is_merged: bool
    when_spent: str
    on_return: str | None
    known: KnownReturn | None
    vouchers: list[UsedBefore]
    bought: Bought


_decoder = msgspec.json.Decoder(Facts)


def lock_purchase(
    order_ref: str, *, programme_id: int | None, place_id: int, number: str, as_of: datetime, now: datetime
) -> Facts | None:
    """A member's purchase with the wallet locked until commit, in one statement; None if there is no such purchase.

    :param number: of the return at this place, to find out whether it was told before.
    :param as_of: the moment at which lots have run out or not.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT loyalty_return_facts(%s, %s, %s, %s, %s, %s)",
            [order_ref, programme_id, place_id, number, as_of, now],
        )
        (found,) = cursor.fetchone()
    return _decoder.decode(found) if found else None
