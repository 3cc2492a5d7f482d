"""Goods come back, in part or whole."""

from collections.abc import Sequence
from typing import Annotated

from django.http import HttpResponse
from msgspec import Meta
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.caller import caller_of
from config.ground.api.door import Door
from loyalty.api.checkout import booked_answer
from loyalty.api.purchases import Code, Moment, Number, at_named_place
from loyalty.rules.answers import WalletAnswer
from loyalty.rules.return_told import Head, Return, ReturnedLine
from loyalty.services.returns import take_back


class LineBack(Body, frozen=True, kw_only=True):
    """`line` counts the lines of the purchase as they were told, from 0."""

    line: Annotated[int, Meta(ge=0, le=32_767)]
    quantity: Annotated[int, Meta(ge=1, le=1_000_000_000)]


class CancelBody(Body, frozen=True, kw_only=True):
    """`return_number`: as the till or web shop numbers it; counts once for a purchase and a place.

    `place`: as for an order.
    """

    return_number: Number
    returned_at: Moment | None = None
    place: Code | None = None


class ReturnBody(CancelBody, frozen=True, kw_only=True):
    """Lines and quantities that come back, in this store or another of the programme."""

    lines: Annotated[list[LineBack], Meta(min_length=1, max_length=500)]


class ReturnAnswer(Head, frozen=True, kw_only=True):
    """What was undone, and the wallet after it; null for a purchase nobody has put a member to."""

    wallet: WalletAnswer | None


class Returns(Door):
    """Take goods back: money, points earned and points spent are undone in proportion, exactly over any sequence.

    201; 200 with the first answer when the return number was booked before.
    """

    scope = ("till", "orders")
    takes = {"post": ReturnBody}
    answers = {"post": {200: ReturnAnswer, 201: ReturnAnswer}}
    idempotency = "required"

    def post(self, request: Request, ref: str) -> HttpResponse:
        body: ReturnBody = self.body(request)
        lines = [ReturnedLine(line=each.line, quantity=each.quantity) for each in body.lines]
        return _answer(request, ref, body, lines)


class Cancel(Door):
    """Undo a purchase: whatever of it has not come back yet."""

    scope = ("till", "orders")
    takes = {"post": CancelBody}
    answers = {"post": {200: ReturnAnswer, 201: ReturnAnswer}}
    idempotency = "required"

    def post(self, request: Request, ref: str) -> HttpResponse:
        return _answer(request, ref, self.body(request), None)


def _answer(
    request: Request, ref: str, body: CancelBody, lines: Sequence[ReturnedLine] | None
) -> HttpResponse:
    caller, now = caller_of(request), clock.now()
    caller = at_named_place(caller, body.place)
    assert caller.place_id is not None  # noqa: S101 - at_place saw to it
    told = Return(
        order_ref=ref,
        number=body.return_number,
        lines=lines,
        returned_at=body.returned_at or now,
        place_id=caller.place_id,
        till_id=caller.till_id,
        programme_id=caller.programme_id,
        actor=caller.name,
    )
    return booked_answer(take_back(told, now=now))
