"""What comes back of purchases that nobody has claimed: kept with the purchase, which is locked meanwhile."""

from datetime import datetime

import msgspec
from django.db import connection


class KeptLine(msgspec.Struct, frozen=True, kw_only=True):
    """So many of a line came back; `position` counts the lines as they were told, from 0."""

    position: int
    quantity: int


class KeptReturn(msgspec.Struct, frozen=True, kw_only=True):
    """A return, and what its teller was answered as JSON text. Its number counts once at a place.

    :ivar fingerprint: hexadecimal.
    :ivar state: the purchase's from then on.
    :ivar refund_minor: money that went back, minor units of the purchase's currency.
    """

    ref: str
    place_id: int
    till_id: int | None
    kind: str
    number: str
    fingerprint: str
    returned_at: datetime
    recorded_at: datetime
    refund_minor: int
    lines: list[KeptLine]
    state: str
    answer: str


class UnclaimedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line as it was bought, what vouchers took off included in its discount. Minor units."""

    sku: str
    quantity: int
    unit_price_minor: int
    discount_minor: int = 0
    name: str = ""
    category: str = ""
    department: str = ""


class Unclaimed(msgspec.Struct, frozen=True, kw_only=True):
    """A purchase that nobody has claimed, true until commit."""

    placed_at: datetime
    currency: str
    lines: list[UnclaimedLine]
    returns: list[KeptReturn]


_LOCK = """
SELECT json_build_object('placed_at', placed_at, 'currency', currency, 'lines', lines, 'returns', returns)::text
FROM omnichannel_unclaimedorder
WHERE ref = %s AND (%s::bigint IS NULL OR programme_id = %s::bigint) FOR UPDATE
"""


def lock_unclaimed(ref: str, *, programme_id: int | None) -> Unclaimed | None:
    """The purchase, locked until commit; None if there is none in the programme (None: in any)."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [ref, programme_id, programme_id])
        row = cursor.fetchone()
    return msgspec.json.decode(row[0], type=Unclaimed) if row else None


def keep_return(ref: str, kept: KeptReturn) -> None:
    """Add a return to a purchase that the caller has locked."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE omnichannel_unclaimedorder SET returns = returns || %s::jsonb WHERE ref = %s",
            [msgspec.json.encode([kept]).decode(), ref],
        )
