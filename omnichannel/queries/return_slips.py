"""Return slips, and what members hold that can come back."""

from collections.abc import Collection
from datetime import datetime

import msgspec
from django.db import connection

from omnichannel.models import ReturnSlip, SlipOutcome
from omnichannel.rules.return_slips import HeldLine, SlipLine


class KeptSlip(msgspec.Struct, frozen=True, kw_only=True):
    """A slip as it is kept. `outcome` is a `SlipOutcome`; `fingerprint` is hexadecimal, empty for an import's."""

    id: int
    member_id: int | None
    placed_at: datetime
    currency: str
    lines: list[SlipLine]
    outcome: str
    fingerprint: str
    answer: str


def lock_slip(place_id: int, number: str) -> KeptSlip:
    """The slip of this number, locked until commit."""
    slip = ReturnSlip.objects.select_for_update().get(place_id=place_id, number=number)
    return KeptSlip(
        id=slip.pk,
        member_id=slip.member_id,
        placed_at=slip.placed_at,
        currency=slip.currency,
        lines=msgspec.convert(slip.lines, list[SlipLine]),
        outcome=slip.outcome,
        fingerprint=bytes(slip.fingerprint or b"").hex(),
        answer=slip.answer,
    )


def list_held(member_id: int, programme_id: int, skus: Collection[str], *, until: datetime) -> list[HeldLine]:
    """What the member bought of these products until then and has not brought back, the latest purchase first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM omnichannel_held(%s, %s, %s::text[], %s)",
            [member_id, programme_id, sorted(skus), until],
        )
        return [HeldLine(*row) for row in cursor.fetchall()]


def list_told(place_id: int, number: str, member_id: int) -> list[tuple[str, HeldLine]]:
    """What came back of the member's purchases under this number at this place: ref of each return, and its lines."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT r.ref, o.ref, b.position, l.sku, b.quantity
            FROM omnichannel_orderreturn r
            JOIN omnichannel_returnline b ON b.order_return_id = r.id
            JOIN omnichannel_order o ON o.id = r.order_id
            JOIN omnichannel_orderline l ON l.order_id = o.id AND l.position = b.position
            WHERE r.member_id = %s AND r.place_id = %s AND r.number = %s ORDER BY r.id, b.position
            """,
            [member_id, place_id, number],
        )
        return [(ref, HeldLine(*line)) for ref, *line in cursor.fetchall()]


def list_waiting_slips(programme_id: int, *, limit: int) -> list[tuple[int, str]]:
    """Slips that nobody has looked at, the earliest first: place and number."""
    slips = ReturnSlip.objects.filter(place__programme_id=programme_id, outcome=SlipOutcome.WAITING)
    return list(slips.order_by("placed_at", "pk").values_list("place_id", "number")[:limit])
