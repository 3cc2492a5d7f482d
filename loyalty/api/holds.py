"""Points set aside while a purchase is being paid."""

from datetime import timedelta
from typing import Annotated

from django.http import HttpResponse
from msgspec import Meta
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.caller import caller_of
from config.ground.api.door import Answer, Door
from loyalty.api.access import programme_of
from loyalty.errors import HoldNotFound
from loyalty.queries.holds import find_hold
from loyalty.rules.holds import HoldAnswer, HoldNow
from loyalty.services.holds import (
    LONGEST,
    SHORTEST,
    USUAL,
    HoldDraft,
    capture_hold,
    hold_points,
    release_hold,
)
from members.errors import MemberNotFound
from members.queries.members import get_member
from members.rules.identities import MemberKey

Points = Annotated[int, Meta(ge=1, le=1_000_000_000)]


class HoldBody(Body, frozen=True, kw_only=True):
    """Whose points, how many, and for how many seconds at most.

    `reference`: what you call the purchase. Told again while the member's hold of this name counts at your place, it
    is answered by that one.
    """

    member: MemberKey
    points: Points
    seconds: Annotated[int, Meta(ge=int(SHORTEST.total_seconds()), le=int(LONGEST.total_seconds()))] = int(
        USUAL.total_seconds()
    )
    reference: Annotated[str, Meta(max_length=64)] = ""


class CaptureBody(Body, frozen=True, kw_only=True):
    """How many of the points are spent; all of them if not said."""

    points: Points | None = None


class ReleaseBody(Body, frozen=True, kw_only=True):
    """Nothing more needs to be said: `{}`."""


class Holds(Door):
    """Set points aside: nothing else can spend them until they are captured, released, or their time is over."""

    scope = ("till", "orders")
    takes = {"post": HoldBody}
    answers = {"post": {200: HoldAnswer, 201: HoldAnswer}}
    idempotency = "required"

    def post(self, request: Request) -> HttpResponse:
        body, caller, now = self.body(request), caller_of(request), clock.now()
        programme_id = programme_of(caller)
        member = get_member(body.member, region=caller.region, now=now)
        if member.state != "active":
            raise MemberNotFound(pointer="/member")
        draft = HoldDraft(
            member_id=member.id,
            programme_id=programme_id,
            points=body.points,
            lasts=timedelta(seconds=body.seconds),
            reference=body.reference,
            actor=caller.name,
            place_id=caller.place_id,
            is_proven=body.member.qr is not None,
        )
        held = hold_points(draft, now=now)
        return Answer(held.answer, status=201 if held.is_new else 200)


class OneHold(Door):
    """A hold as it stands now."""

    scope = ("till", "orders")
    answers = {"get": {200: HoldNow}}

    def get(self, request: Request, ref: str) -> HttpResponse:
        hold = find_hold(ref, programme_of(caller_of(request)), now=clock.now())
        if hold is None:
            raise HoldNotFound
        return Answer(hold)


class CaptureHold(Door):
    """Spend held points outside of a purchase that is told to us; one that is names its hold in `checkout/commit`."""

    scope = ("till", "orders")
    takes = {"post": CaptureBody}
    answers = {"post": {200: HoldAnswer}}
    idempotency = "required"

    def post(self, request: Request, ref: str) -> HttpResponse:
        body, caller = self.body(request), caller_of(request)
        programme_id = programme_of(caller)
        return Answer(
            capture_hold(ref, body.points, programme_id=programme_id, actor=caller.name, now=clock.now())
        )


class ReleaseHold(Door):
    """Let held points go."""

    scope = ("till", "orders")
    takes = {"post": ReleaseBody}
    answers = {"post": {200: HoldAnswer}}
    idempotency = "required"

    def post(self, request: Request, ref: str) -> HttpResponse:
        self.body(request)
        caller = caller_of(request)
        programme_id = programme_of(caller)
        return Answer(release_hold(ref, programme_id=programme_id, actor=caller.name, now=clock.now()))
