"""A purchase that was made without a member is claimed with its receipt."""

from django.http import HttpResponse
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.caller import caller_of
from config.ground.api.door import Door
from loyalty.api.checkout import booked_answer
from loyalty.api.purchases import Code, Number, at_named_place
from loyalty.rules.answers import PurchaseAnswer
from loyalty.services.claims import Claim, claim_purchase
from loyalty.services.purchase_facts import Teller
from members.queries.members import lookup_of
from members.rules.identities import MemberKey


class ClaimBody(Body, frozen=True, kw_only=True):
    """A receipt (of a web shop: the order number) and whose it is.

    `till`: its code, where tills of a place number alike; `place`: as for an order.
    """

    member: MemberKey
    receipt_number: Number
    till: Code | None = None
    place: Code | None = None


class ClaimOrder(Door):
    """Put a member to a purchase that was made without one: the card was at home.

    It earns what it would have earned at its own moment, and keeps its ref. 201 with the purchase as it was booked;
    200 with the same answer when the member has claimed it before.
    """

    scope = ("till", "orders")
    takes = {"post": ClaimBody}
    answers = {"post": {200: PurchaseAnswer, 201: PurchaseAnswer}}

    def post(self, request: Request) -> HttpResponse:
        body: ClaimBody = self.body(request)
        caller, now = caller_of(request), clock.now()
        caller = at_named_place(caller, body.place)
        assert caller.place_id is not None  # noqa: S101 - at_place saw to it
        assert caller.programme_id is not None  # noqa: S101 - as above
        claim = Claim(
            programme_id=caller.programme_id,
            programme_code=caller.programme_code,
            place_id=caller.place_id,
            place_code=caller.place_code,
            timezone=caller.timezone,
            number=body.receipt_number,
            till=body.till,
            member=lookup_of(body.member, region=caller.region, now=now),
        )
        return booked_answer(
            claim_purchase(claim, teller=Teller(key_id=caller.id, name=caller.name), now=now)
        )
