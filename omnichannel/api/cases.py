"""Service cases: `/cases`."""

from datetime import datetime
from typing import Annotated, Any, Literal, cast

from msgspec import UNSET, Meta, UnsetType
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.caller import caller_of
from config.ground.api.door import Answer, Door
from config.ground.api.etags import ensure_unchanged
from config.ground.api.pages import PageOf, PageParams, page_by
from members.queries.members import get_member
from members.queries.merges import list_those_of
from members.rules.identities import MemberKey
from omnichannel.api.interactions import place_id_for
from omnichannel.api.programmes import Code, programme_id_for
from omnichannel.models import CasePriority, ServiceCase
from omnichannel.models.cases import STILL_OPEN
from omnichannel.queries.cases import cases_in, get_case, list_steps, overdue
from omnichannel.queries.places import get_programme_by_id
from omnichannel.rules.cases import CaseChange
from omnichannel.services.cases import change_case, open_case

Kind = Literal["complaint", "question", "order", "points", "feedback", "other"]
State = Literal["new", "open", "waiting", "solved", "closed"]
Priority = Literal["urgent", "high", "normal", "low"]
Moment = Annotated[datetime, Meta(tz=True)]
Words = Annotated[str, Meta(max_length=4_000)]
PRIORITIES = {one.value[2:]: one.value for one in CasePriority}


class NewCaseBody(Body, frozen=True, kw_only=True):
    """What a member wants to have put right. `words`: as they said it. `programme`: for keys of the whole house."""

    member: MemberKey
    subject: Annotated[str, Meta(min_length=1, max_length=200)]
    kind: Kind = "other"
    priority: Priority = "normal"
    words: Words = ""
    due_at: Moment | None = None
    store: Code | None = None
    programme: str | None = None


class CaseChangesBody(Body, frozen=True, kw_only=True):
    """What to change; what is left out stays. `words`: what is to be written down beside."""

    state: State | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    due_at: Moment | UnsetType | None = UNSET
    words: Words = ""


class CaseStepBody(Body, frozen=True, kw_only=True):
    """`changes`: field -> as it was and as it became. `actor`: such as `key:12` or `staff:3`."""

    number: int
    words: str
    changes: dict[str, Any]
    actor: str
    happened_at: datetime


class CaseBody(Body, frozen=True, kw_only=True):
    """A case. `steps`: how it went, the latest first; empty in lists. `owner`: the colleague who looks after it."""

    ref: str
    member_ref: str
    subject: str
    kind: Kind
    state: State
    priority: Priority
    owner: str | None
    due_at: datetime | None
    store: str | None
    programme: str
    version: int
    opened_at: datetime
    changed_at: datetime
    steps: list[CaseStepBody]


class CaseFilters(PageParams, frozen=True, kw_only=True):
    """`state`: one state, `unsolved` for new, open and waiting, or `overdue`. `member`: a member's ref."""

    state: Literal["new", "open", "waiting", "solved", "closed", "unsolved", "overdue"] | None = None
    member: Annotated[str, Meta(max_length=30)] | None = None


class Cases(Door):
    """Open a service case, or list them, the latest first. A key of one store or programme sees its own."""

    scope = "members"
    takes = {"post": NewCaseBody}
    params = {"get": CaseFilters}
    answers = {"post": {201: CaseBody}, "get": {200: PageOf[CaseBody]}}

    def post(self, request: Request) -> Answer:
        body: NewCaseBody = self.body(request)
        caller, now = caller_of(request), clock.now()
        programme = get_programme_by_id(programme_id_for(caller, body.programme))
        member = get_member(body.member, region=programme.region, now=now)
        opened = open_case(
            member.id,
            programme_id=programme.pk,
            place_id=place_id_for(caller, body.store, programme),
            subject=body.subject,
            kind=body.kind,
            priority=PRIORITIES[body.priority],
            words=body.words,
            due_at=body.due_at,
            actor=caller.name,
            now=now,
        )
        return Answer(_whole(get_case(opened.ref, programme_id=programme.pk)), status=201)

    def get(self, request: Request) -> Answer:
        asked: CaseFilters = self.query(request)
        caller = caller_of(request)
        rows = cases_in(caller.programme_id, caller.place_id)
        if asked.state == "overdue":
            rows = overdue(rows, now=clock.now())
        elif asked.state is not None:
            rows = rows.filter(state__in=STILL_OPEN if asked.state == "unsolved" else [asked.state])
        if asked.member is not None:
            member = get_member(MemberKey(ref=asked.member), region="", now=clock.now())
            rows = rows.filter(member_id__in=list_those_of(member.id))
        listing = f"cases:{caller.programme_id}:{caller.place_id}:{asked.state}:{asked.member}"
        return Answer(page_by("-pk", rows, asked, listing=listing, bodies=_bodies))


class OneCase(Door):
    """Read a case with every step of it, or take it on. PATCH honours `If-Match`."""

    scope = "members"
    takes = {"patch": CaseChangesBody}
    answers = {"get": {200: CaseBody}, "patch": {200: CaseBody}}

    def get(self, request: Request, ref: str) -> Answer:
        return Answer(_whole(self._case(request, ref)))

    def patch(self, request: Request, ref: str) -> Answer:
        body: CaseChangesBody = self.body(request)
        case = self._case(request, ref)
        ensure_unchanged(request._request, _whole(case))
        priority = UNSET if body.priority is UNSET else PRIORITIES[body.priority]
        change = CaseChange(state=body.state, priority=priority, due_at=body.due_at)
        actor = caller_of(request).name
        change_case(case.pk, change, version=case.version, words=body.words, actor=actor, now=clock.now())
        return Answer(_whole(self._case(request, ref)))

    def _case(self, request: Request, ref: str) -> ServiceCase:
        caller = caller_of(request)
        return get_case(ref, programme_id=caller.programme_id, place_id=caller.place_id)


def _bodies(found: list[ServiceCase]) -> list[CaseBody]:
    return [_body(case) for case in found]


def _whole(case: ServiceCase) -> CaseBody:
    steps = [
        CaseStepBody(
            number=step.number,
            words=step.words,
            changes=step.changes,
            actor=step.actor,
            happened_at=step.happened_at,
        )
        for step in list_steps(case.pk)
    ]
    return _body(case, steps)


def _body(case: ServiceCase, steps: list[CaseStepBody] | None = None) -> CaseBody:
    return CaseBody(
        ref=case.ref,
        member_ref=case.member.ref,
        subject=case.subject,
        kind=cast(Kind, case.kind),
        state=cast(State, case.state),
        priority=cast(Priority, case.priority[2:]),
        owner=str(case.owner) if case.owner else None,
        due_at=case.due_at,
        store=case.place.code if case.place else None,
        programme=case.programme.code,
        version=case.version,
        opened_at=case.opened_at,
        changed_at=case.changed_at,
        steps=steps or [],
    )
