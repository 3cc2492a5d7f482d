"""Challenges and referrals: the member's own."""

from typing import Annotated

from django.http import HttpResponse
from msgspec import Meta
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.caller import caller_of, member_of
from config.ground.api.door import Answer, Door
from loyalty.api.access import programme_of
from loyalty.api.wallets import WhichProgramme
from loyalty.queries.challenge_board import BadgeAnswer, ChallengeAnswer, get_board
from loyalty.queries.history import find_home_programme, find_member_id
from loyalty.queries.referrals import ReferralAnswer, get_referrals
from loyalty.services.referrals import give_code, join_by_code


class ChallengesBody(Body, frozen=True, kw_only=True):
    """The challenges that run, those that are nearest to their end in front, and the badges that the member wears."""

    results: list[ChallengeAnswer]
    badges: list[BadgeAnswer]
    next: str | None = None


class JoinBody(Body, frozen=True, kw_only=True):
    """The code of the member who brought this one. `programme`: as elsewhere."""

    code: Annotated[str, Meta(min_length=4, max_length=40)]
    programme: Annotated[str, Meta(min_length=1, max_length=40)] | None = None


class MyChallenges(Door):
    """How the member stands in the challenges that run, and what is missing, in words."""

    scope = "member"
    params = {"get": WhichProgramme}
    answers = {"get": {200: ChallengesBody}}

    def get(self, request: Request) -> HttpResponse:
        member_id, asked = member_of(request), self.query(request)
        programme_id, _ = find_home_programme(member_id, asked.programme)
        board = get_board(member_id, programme_id, now=clock.now())
        return Answer(ChallengesBody(results=board.challenges, badges=board.badges))


class MemberChallenges(Door):
    """The same of a member who stands at the till, or shops online: `till/lookup` says their ref."""

    scope = ("till", "orders", "members")
    answers = {"get": {200: ChallengesBody}}

    def get(self, request: Request, ref: str) -> HttpResponse:
        member_id, programme_id = find_member_id(ref), programme_of(caller_of(request))
        board = get_board(member_id, programme_id, now=clock.now())
        return Answer(ChallengesBody(results=board.challenges, badges=board.badges))


class MyReferral(Door):
    """The code that the member gives to friends, and how many came by it. POST: by whose code the member came.

    A code is told before the first purchase, once, and never one's own.
    """

    scope = "member"
    takes = {"post": JoinBody}
    params = {"get": WhichProgramme}
    answers = {"get": {200: ReferralAnswer}, "post": {200: ReferralAnswer}}

    def get(self, request: Request) -> HttpResponse:
        return _answer(member_of(request), self.query(request).programme)

    def post(self, request: Request) -> HttpResponse:
        body: JoinBody = self.body(request)
        member_id, now = member_of(request), clock.now()
        programme_id, _ = find_home_programme(member_id, body.programme)
        join_by_code(member_id, programme_id, code=body.code, now=now)
        return _answer(member_id, body.programme)


def _answer(member_id: int, programme: str | None) -> HttpResponse:
    programme_id, _ = find_home_programme(member_id, programme)
    give_code(member_id, programme_id)
    return Answer(get_referrals(member_id, programme_id))
