"""Surveys and the net promoter score: `/surveys`."""

from datetime import datetime, timedelta
from typing import Annotated, NamedTuple

from django.db import transaction
from msgspec import Meta
from msgspec.structs import replace
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.caller import caller_of
from config.ground.api.door import Answer, Door
from config.ground.api.etags import ensure_unchanged
from config.ground.api.pages import PageOf, PageParams, page_by
from members.queries.members import get_member
from members.rules.identities import MemberKey
from omnichannel.api.interactions import place_id_for
from omnichannel.api.programmes import Code, ProgrammeParams, ensure_of_no_one_place, programme_id_for
from omnichannel.models import Survey
from omnichannel.queries.places import get_programme_by_id
from omnichannel.queries.surveys import (
    MonthScore,
    definition_of,
    get_invitation,
    get_survey,
    list_scores,
    lock_survey,
    surveys_of,
)
from omnichannel.rules.surveys import SurveyDefinition, nps
from omnichannel.services.surveys import declare_survey, invite, survey_url, take_answers

WRITERS, READERS = "campaigns", ("campaigns", "members")
MOST_MONTHS = 36
DAYS_OF_MONTH = 31
Cause = Annotated[str, Meta(min_length=1, max_length=60, description="Why they are asked: counts once.")]


class SurveyFactsBody(Body, frozen=True, kw_only=True):
    """A survey, whole. `case_up_to`: a score up to this opens a service case; null: none does."""

    title: Annotated[str, Meta(min_length=1, max_length=120)]
    definition: SurveyDefinition
    case_up_to: Annotated[int, Meta(ge=0, le=10)] | None = None
    is_open: bool = True


class SurveyBody(SurveyFactsBody, frozen=True, kw_only=True):
    code: str


class SurveyInviteBody(Body, frozen=True, kw_only=True):
    """Whom to ask, and why: of one cause a member is asked once."""

    member: MemberKey
    cause: Cause
    store: Code | None = None
    programme: str | None = None


class SurveyAnswerBody(SurveyInviteBody, frozen=True, kw_only=True):
    """What a member answered elsewhere: question -> a number from 0 to 10, the code of an option, or a text."""

    answers: dict[Annotated[str, Meta(max_length=40)], int | str]


class SurveyInvitationBody(Body, frozen=True, kw_only=True):
    """One asking. `url`: the page on which the member answers, without signing in, once, until `expires_at`.

    A till's key is told the `url` of whom it asks, once: asked for the cause before, `url` and `score` are null, and
    there are no `answers`.
    """

    ref: str
    survey: str
    member_ref: str
    url: str | None
    cause: str
    invited_at: datetime
    expires_at: datetime
    answered_at: datetime | None
    score: int | None
    answers: dict[str, int | str]


class ScoreParams(ProgrammeParams, frozen=True, kw_only=True):
    months: Annotated[int, Meta(ge=1, le=MOST_MONTHS)] = 12


class ScoresBody(Body, frozen=True, kw_only=True):
    """Promoters scored 9 or 10, passives 7 or 8, detractors up to 6; `nps`: promoters less detractors in a hundred."""

    survey: str
    months: list[MonthScore]
    answers: int
    nps: int | None


class SurveyListParams(PageParams, frozen=True, kw_only=True):
    programme: Annotated[str, Meta(max_length=40)] | None = None


class Surveys(Door):
    """The programme's surveys, by their codes."""

    scope = WRITERS
    params = {"get": SurveyListParams}
    answers = {"get": {200: PageOf[SurveyBody]}}

    def get(self, request: Request) -> Answer:
        asked: SurveyListParams = self.query(request)
        programme_id = programme_id_for(caller_of(request), asked.programme)
        listing = f"surveys:{programme_id}"
        return Answer(page_by("code", surveys_of(programme_id), asked, listing=listing, bodies=_bodies))


class SurveyByCode(Door):
    """One survey. PUT declares it, and honours `If-Match`; a change counts for who has not answered yet."""

    scope = WRITERS
    params = {"get": ProgrammeParams, "put": ProgrammeParams}
    takes = {"put": SurveyFactsBody}
    answers = {"get": {200: SurveyBody}, "put": {200: SurveyBody, 201: SurveyBody}}

    def get(self, request: Request, code: str) -> Answer:
        return Answer(_body(self._survey(request, code)))

    def put(self, request: Request, code: str) -> Answer:
        facts: SurveyFactsBody = self.body(request)
        ensure_of_no_one_place(caller_of(request))
        programme_id = self._programme_id(request)
        with transaction.atomic():
            if "HTTP_IF_MATCH" in request.META:
                ensure_unchanged(request._request, _body(lock_survey(programme_id, code)))
            is_new = declare_survey(
                programme_id,
                code,
                title=facts.title,
                definition=facts.definition,
                case_up_to=facts.case_up_to,
                is_open=facts.is_open,
            )
        return Answer(_body(self._survey(request, code)), status=201 if is_new else 200)

    def _survey(self, request: Request, code: str) -> Survey:
        return get_survey(self._programme_id(request), code)

    def _programme_id(self, request: Request) -> int:
        asked: ProgrammeParams = self.query(request)
        return programme_id_for(caller_of(request), asked.programme)


class SurveyInvitations(Door):
    """Ask a member: the answer holds the address to send them. 200 if they were asked for this cause before."""

    scope = (*READERS, "till")
    takes = {"post": SurveyInviteBody}
    answers = {"post": {200: SurveyInvitationBody, 201: SurveyInvitationBody}}

    def post(self, request: Request, code: str) -> Answer:
        body: SurveyInviteBody = self.body(request)
        now = clock.now()
        survey, member_id, place_id = _asked(request, code, body, now)
        invitation = invite(survey, member_id, cause=body.cause, place_id=place_id, now=now)
        if invitation.invited_at == now:
            return Answer(_invitation(invitation.ref), status=201)
        known = _invitation(invitation.ref)
        if caller_of(request).scopes.isdisjoint(READERS):
            known = replace(known, url=None, answered_at=None, score=None, answers={})
        return Answer(known)


class SurveyAnswers(Door):
    """Take what a member answered at a kiosk, on the phone or in your app. Of one cause it is taken once."""

    scope = READERS
    takes = {"post": SurveyAnswerBody}
    answers = {"post": {201: SurveyInvitationBody}}

    def post(self, request: Request, code: str) -> Answer:
        body: SurveyAnswerBody = self.body(request)
        now = clock.now()
        survey, member_id, place_id = _asked(request, code, body, now)
        actor, answers = caller_of(request).name, dict(body.answers)
        invitation = take_answers(
            survey, member_id, answers, cause=body.cause, place_id=place_id, actor=actor, now=now
        )
        return Answer(_invitation(invitation.ref), status=201)


class SurveyScores(Door):
    """The net promoter score of a survey, month by month."""

    scope = ("reports", "campaigns")
    params = {"get": ScoreParams}
    answers = {"get": {200: ScoresBody}}

    def get(self, request: Request, code: str) -> Answer:
        asked: ScoreParams = self.query(request)
        survey = get_survey(programme_id_for(caller_of(request), asked.programme), code)
        since = clock.now() - timedelta(days=asked.months * DAYS_OF_MONTH)
        months = list_scores(survey.pk, since=since, timezone=survey.programme.timezone)[-asked.months :]
        sums = [sum(getattr(one, name) for one in months) for name in ("promoters", "passives", "detractors")]
        return Answer(ScoresBody(survey=code, months=months, answers=sum(sums), nps=nps(*sums)))


class _Asked(NamedTuple):
    survey: Survey
    member_id: int
    place_id: int | None


def _asked(request: Request, code: str, body: SurveyInviteBody, now: datetime) -> _Asked:
    caller = caller_of(request)
    programme = get_programme_by_id(programme_id_for(caller, body.programme))
    member = get_member(body.member, region=programme.region, now=now)
    place_id = place_id_for(caller, body.store, programme)
    return _Asked(get_survey(programme.pk, code), member.id, place_id)


def _invitation(ref: str) -> SurveyInvitationBody:
    row = get_invitation(ref)
    return SurveyInvitationBody(
        ref=row.ref,
        survey=row.survey.code,
        member_ref=row.member.ref,
        url=survey_url(row),
        cause=row.cause,
        invited_at=row.invited_at,
        expires_at=row.expires_at,
        answered_at=row.answered_at,
        score=row.score,
        answers=row.answers,
    )


def _bodies(found: list[Survey]) -> list[SurveyBody]:
    return [_body(one) for one in found]


def _body(survey: Survey) -> SurveyBody:
    return SurveyBody(
        code=survey.code,
        title=survey.title,
        definition=definition_of(survey),
        case_up_to=survey.case_up_to,
        is_open=survey.is_open,
    )
