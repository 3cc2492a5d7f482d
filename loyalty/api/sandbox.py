"""Moving a sandbox's clock, to try what expires, matures and falls due."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.door import Answer, Door
from loyalty.services.sandbox import move_clock, set_clock_right


class ClockBody(Body, frozen=True, kw_only=True):
    """What the clock tells, or shall tell."""

    now: Annotated[datetime, msgspec.Meta(tz=True)]


class MoveClock(Door):
    """The clock of a sandbox; 404 where purchases are real."""

    scope = ("sandbox", "till", "members", "orders", "reports")
    idempotency = "none"
    takes = {"post": ClockBody}
    answers = {"get": {200: ClockBody}, "post": {200: ClockBody}, "delete": {200: ClockBody}}

    def get(self, request: Request) -> Answer:
        """What time it is here."""
        return Answer(ClockBody(now=clock.now()))

    def post(self, request: Request) -> Answer:
        """Let the clock go on from another moment, after the last day that is sealed."""
        wanted: ClockBody = self.body(request)
        move_clock(to=wanted.now, real_now=datetime.now(UTC))
        return Answer(ClockBody(now=clock.now()))

    def delete(self, request: Request) -> Answer:
        """Let the clock tell the real time again, unless a later day is sealed."""
        set_clock_right(real_now=datetime.now(UTC))
        return Answer(ClockBody(now=clock.now()))
