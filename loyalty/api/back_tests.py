"""Back-tests: what a change of rules would have come to on purchases that were made."""

from datetime import date, datetime
from typing import Annotated, ClassVar

from msgspec import Meta, structs
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.caller import caller_of
from config.ground.api.door import Answer, Door
from config.ground.api.pages import PageOf, PageParams, page_by
from config.ground.typed import load
from loyalty.models import BackTest, BackTestState
from loyalty.queries.back_test_results import BackTestResult, get_result
from loyalty.queries.back_tests import back_tests_within, get_back_test
from loyalty.rules.back_tests import Changes
from loyalty.services.back_tests import ask_back_test
from omnichannel.api.programmes import programme_id_for


class NewBackTest(Body, frozen=True, kw_only=True):
    """What to try, on the purchases from `since_on` to the end of `until_on`, days of the programme's calendar.

    The changes count as if they had held on all of these days. `programme`: as for an order's `place`, needed by a key
    of the whole house alone.
    """

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    changes: Changes
    since_on: date
    until_on: date
    programme: Annotated[str, Meta(max_length=40)] | None = None


class BackTestBody(Body, frozen=True, kw_only=True):
    """A back-test. `state` is waiting, running, done or failed (`problem` says why).

    `orders_total` is null until the purchases are counted.
    """

    ref: str
    programme: str
    name: str
    changes: Changes
    since_on: date
    until_on: date
    state: str
    asked_at: datetime
    finished_at: datetime | None
    orders_done: int
    orders_total: int | None
    problem: str


class BackTestAnswer(BackTestBody, frozen=True, kw_only=True):
    """A back-test and what it came to; `result` is null until it is done."""

    result: BackTestResult | None


class BackTests(Door):
    """Ask for a back-test, which is worked on in the background; list them, the newest first."""

    scope: ClassVar = {"get": ("campaigns", "reports"), "post": "campaigns"}
    takes: ClassVar = {"post": NewBackTest}
    params: ClassVar = {"get": PageParams}
    answers: ClassVar = {"get": {200: PageOf[BackTestBody]}, "post": {202: BackTestAnswer}}

    def get(self, request: Request) -> Answer:
        programme_id = caller_of(request).programme_id
        rows = back_tests_within(programme_id)
        listing = f"back-tests:{programme_id}"
        return Answer(page_by("-pk", rows, self.query(request), listing=listing, bodies=_bodies))

    def post(self, request: Request) -> Answer:
        new: NewBackTest = self.body(request)
        caller = caller_of(request)
        asked = ask_back_test(
            programme_id=programme_id_for(caller, new.programme),
            name=new.name,
            changes=new.changes,
            since_on=new.since_on,
            until_on=new.until_on,
            by=caller.name,
            now=clock.now(),
        )
        return Answer(_answer(asked), status=202)


class OneBackTest(Door):
    """How far a back-test came, and what it came to once it is done."""

    scope = ("campaigns", "reports")
    answers: ClassVar = {"get": {200: BackTestAnswer}}

    def get(self, request: Request, ref: str) -> Answer:
        found = get_back_test(ref, within=caller_of(request).programme_id)
        return Answer(_answer(found))


def _answer(one: BackTest) -> BackTestAnswer:
    result = get_result(one) if one.state == BackTestState.DONE else None
    return BackTestAnswer(**structs.asdict(_body(one)), result=result)


def _bodies(back_tests: list[BackTest]) -> list[BackTestBody]:
    return [_body(one) for one in back_tests]


def _body(one: BackTest) -> BackTestBody:
    return BackTestBody(
        ref=one.ref,
        programme=one.programme.code,
        name=one.name,
        changes=load(Changes, one.changes),
        since_on=one.since_on,
        until_on=one.until_on,
        state=one.state,
        asked_at=one.asked_at,
        finished_at=one.finished_at,
        orders_done=one.tally["orders"],
        orders_total=one.orders_total,
        problem=one.problem,
    )
