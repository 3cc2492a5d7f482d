"""Goods come back without a receipt."""

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
from loyalty.services.return_slips import Slip, SlipAnswer, return_without_receipt
from members.errors import MemberNotFound
from members.queries.members import find_member, lookup_of
from members.rules.identities import MemberKey
from omnichannel.rules.return_slips import SlipLine


class GoodsBack(Body, frozen=True, kw_only=True):
    """So many pieces of a product. `unit_price_minor`: what the member says one cost; the cheaper of it and of what was
    paid is handed back.
    """

    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    quantity: Annotated[int, Meta(ge=1, le=1_000_000)]
    unit_price_minor: Annotated[int, Meta(ge=0, le=10_000_000_000)] | None = None


class SlipBody(Body, frozen=True, kw_only=True):
    """What a member brings back. `return_number` counts once at a place; `place`: as for an order."""

    member: MemberKey
    return_number: Number
    lines: Annotated[list[GoodsBack], Meta(min_length=1, max_length=500)]
    returned_at: Moment | None = None
    place: Code | None = None


class ReturnsWithoutReceipt(Door):
    """Take goods back whose receipt is gone: out of the member's own purchases, the latest that hold them first.

    201 with each purchase that was undone in proportion, and the lines that no purchase explains; 200 with the first
    answer when the return number was booked at this place before. Where nothing is explained, nothing is booked.
    """

    scope = ("till", "orders")
    takes = {"post": SlipBody}
    answers = {"post": {200: SlipAnswer, 201: SlipAnswer}}
    idempotency = "required"

    def post(self, request: Request) -> HttpResponse:
        body: SlipBody = self.body(request)
        caller, now = caller_of(request), clock.now()
        caller = at_named_place(caller, body.place)
        assert caller.place_id is not None  # noqa: S101 - at_place saw to it
        assert caller.programme_id is not None  # noqa: S101 - as above
        member = find_member(*lookup_of(body.member, region=caller.region, now=now))
        if member is None:
            raise MemberNotFound(pointer="/member")
        slip = Slip(
            number=body.return_number,
            member_id=member.id,
            lines=[_line(each) for each in body.lines],
            returned_at=body.returned_at or now,
            place_id=caller.place_id,
            till_id=caller.till_id,
            programme_id=caller.programme_id,
            currency=caller.currency,
            actor=caller.name,
        )
        return booked_answer(return_without_receipt(slip, now=now))


def _line(goods: GoodsBack) -> SlipLine:
    price = goods.unit_price_minor
    return SlipLine(
        sku=goods.sku,
        name="",
        quantity=goods.quantity,
        total_minor=None if price is None else price * goods.quantity,
    )
