"""Benefits: what a member has, booked by the app and used at a till."""

from typing import Annotated

from django.http import HttpResponse
from msgspec import Meta
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.caller import caller_of, member_of
from config.ground.api.door import Answer, Door
from loyalty.api.wallets import WhichProgramme
from loyalty.errors import NoPlace
from loyalty.queries.benefits import (
    BenefitInHandAnswer,
    BookingAnswer,
    booking_answer,
    list_benefits_in_hand,
)
from loyalty.queries.history import find_home_programme
from loyalty.services.benefits import book_benefit, cancel_booking, use_benefit


class BenefitsBody(Body, frozen=True, kw_only=True):
    """The benefits in hand, those that end first in front."""

    results: list[BenefitInHandAnswer]
    next: str | None = None


class BookBody(Body, frozen=True, kw_only=True):
    """Which date, of a benefit that has dates."""

    date: Annotated[int, Meta(ge=1)] | None = None


class UseBody(Body, frozen=True, kw_only=True):
    """`where`: what the member will be told, e.g. the name of the store."""

    where: Annotated[str, Meta(max_length=160)] = ""


class CancelBookingBody(Body, frozen=True, kw_only=True):
    """Nothing more needs to be said: `{}`."""


class MyBenefits(Door):
    """The benefits in hand, dates to choose, and what is booked."""

    scope = "member"
    params = {"get": WhichProgramme}
    answers = {"get": {200: BenefitsBody}}

    def get(self, request: Request) -> HttpResponse:
        member_id = member_of(request)
        programme_id, _ = find_home_programme(member_id, self.query(request).programme)
        return Answer(BenefitsBody(results=list_benefits_in_hand(member_id, programme_id, now=clock.now())))


class BookMyBenefit(Door):
    """Book a benefit; where no seat is left one waits for it."""

    scope = "member"
    takes = {"post": BookBody}
    answers = {"post": {201: BookingAnswer}}
    idempotency = "required"

    def post(self, request: Request, ref: str) -> HttpResponse:
        body, actor = self.body(request), caller_of(request).name
        booking = book_benefit(
            ref, member_id=member_of(request), date_id=body.date, actor=actor, now=clock.now()
        )
        return Answer(booking_answer(booking), status=201)


class CancelMyBooking(Door):
    """Give a booking up; its seat goes to whoever waits longest."""

    scope = "member"
    takes = {"post": CancelBookingBody}
    answers = {"post": {200: BookingAnswer}}
    idempotency = "required"

    def post(self, request: Request, ref: str) -> HttpResponse:
        self.body(request)
        actor = caller_of(request).name
        cancelled = cancel_booking(ref, member_id=member_of(request), actor=actor, now=clock.now())
        return Answer(booking_answer(cancelled))


class UseBenefit(Door):
    """Use a benefit at a till: what is booked for today, or else one of the allowance."""

    scope = "till"
    takes = {"post": UseBody}
    answers = {"post": {200: BookingAnswer}}
    idempotency = "required"

    def post(self, request: Request, ref: str) -> HttpResponse:
        body, caller = self.body(request), caller_of(request)
        if caller.programme_id is None:
            raise NoPlace("Use the key of a programme, a web shop or a till.")
        used = use_benefit(
            ref, programme_id=caller.programme_id, where=body.where, actor=caller.name, now=clock.now()
        )
        return Answer(booking_answer(used))
