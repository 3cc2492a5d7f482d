"""Why these points: any past purchase, told from what was written down."""

from datetime import datetime
from typing import ClassVar

from msgspec import structs
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.caller import caller_of, member_of
from config.ground.api.door import Answer, Door
from config.ground.reader import reader_of
from loyalty.queries.reasons import LOCALES
from loyalty.queries.why import get_why
from loyalty.rules.why import Why, told_to_cashier, told_to_member


class WhyAnswer(Why, frozen=True, kw_only=True):
    """A purchase, its points and where they come from; and the same in sentences, for who stands at the till and for
    the member."""

    for_cashier: list[str]
    for_member: list[str]


class OrderWhy(Door):
    """Why a purchase got the points it got: the rules, versions and lines, what did not apply, what was undone."""

    scope = ("orders", "till")
    answers: ClassVar = {"get": {200: WhyAnswer}}

    def get(self, request: Request, ref: str) -> Answer:
        with reader_of(request, LOCALES):
            return Answer(_answer(get_why(ref, programme_id=caller_of(request).programme_id), clock.now()))


class MyOrderWhy(Door):
    """Why a purchase of the member's own got the points it got."""

    scope = "member"
    answers: ClassVar = {"get": {200: WhyAnswer}}

    def get(self, request: Request, ref: str) -> Answer:
        with reader_of(request, LOCALES):
            return Answer(_answer(get_why(ref, member_id=member_of(request)), clock.now()))


def _answer(why: Why, now: datetime) -> WhyAnswer:
    return WhyAnswer(
        **structs.asdict(why),
        for_cashier=told_to_cashier(why, now=now),
        for_member=told_to_member(why, now=now),
    )
