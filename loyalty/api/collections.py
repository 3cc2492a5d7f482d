"""Goods that were ordered to be collected are handed over."""

from django.http import HttpResponse
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.caller import caller_of
from config.ground.api.door import Answer, Door
from loyalty.api.access import programme_of
from loyalty.api.purchases import Moment
from loyalty.services.collections import Collected, collect_order


class CollectedBody(Body, frozen=True, kw_only=True):
    """`collected_at`: without it, now."""

    collected_at: Moment | None = None


class OrderCollected(Door):
    """Say that the goods of a purchase to be collected were handed over: its points wait for that.

    200 with the moment, and the wallet after it; told again, with the first moment.
    """

    scope = ("till", "orders")
    takes = {"post": CollectedBody}
    answers = {"post": {200: Collected}}

    def post(self, request: Request, ref: str) -> HttpResponse:
        body: CollectedBody = self.body(request)
        programme_id = programme_of(caller_of(request))
        return Answer(
            collect_order(ref, programme_id=programme_id, collected_at=body.collected_at, now=clock.now())
        )
