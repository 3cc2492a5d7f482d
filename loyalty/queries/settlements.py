"""Why a purchase was worth what it was worth: settlements as the till was answered."""

from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from loyalty.rules.answers import Head


class Settled(msgspec.Struct, frozen=True):
    """A purchase of a member and the answer that was given for it."""

    order_id: int
    order_ref: str
    number: str
    place: str
    placed_at: datetime
    total_minor: int
    currency: str
    answer: Head


def list_settled(member_id: int, programme_id: int, *, limit: int) -> list[Settled]:
    """The member's latest purchases in a programme with what they were worth, newest first. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT o.id, o.ref, o.number, p.name, o.placed_at, o.total_minor, o.currency, s.answer
            FROM (SELECT * FROM omnichannel_order WHERE member_id = %(member)s AND programme_id = %(programme)s
                  ORDER BY placed_at DESC LIMIT %(limit)s) o
            JOIN loyalty_settlement s ON s.order_ref = o.ref AND s.member_id = o.member_id
            JOIN omnichannel_place p ON p.id = o.place_id
            ORDER BY o.placed_at DESC, o.id DESC
            """,
            {"member": member_id, "programme": programme_id, "limit": limit},
        )
        return [_settled(row) for row in cursor.fetchall()]


def _settled(row: tuple[Any, ...]) -> Settled:
    order_id, ref, number, place, placed_at, total_minor, currency, answer = row
    return Settled(order_id, ref, number, place, placed_at, total_minor, currency, read_answer(answer))


def read_answer(text: str) -> Head:
    """The answer of one settlement."""
    return msgspec.json.decode(text, type=Head)
