"""Which events a programme takes: `/event-types`."""

from typing import Annotated

from django.db import transaction
from msgspec import Meta, structs
from rest_framework.request import Request

from config.ground.api.bodies import Body
from config.ground.api.caller import caller_of
from config.ground.api.door import Answer, Door
from config.ground.api.etags import ensure_unchanged
from config.ground.api.pages import PageOf
from omnichannel.api.programmes import ProgrammeParams, ensure_of_no_one_place, programme_id_for
from omnichannel.queries.behaviour import get_event_type, list_event_types
from omnichannel.queries.places import lock_programme
from omnichannel.rules.behaviour import LONGEST_CLAIM_DAYS, EventType, Property
from omnichannel.services.event_types import declare_event_type


class EventTypeFactsBody(Body, frozen=True, kw_only=True):
    """A type, whole. `is_act`: it may earn points; `is_told_by_members`: apps may tell it; `is_retired`: it is told no
    more; `claimed_within_days`: told of a device or session it still earns if its member signs in there so soon."""

    title: Annotated[str, Meta(min_length=1, max_length=120)]
    properties: Annotated[list[Property], Meta(max_length=50)] = []
    is_act: bool = True
    is_told_by_members: bool = False
    is_retired: bool = False
    claimed_within_days: Annotated[int, Meta(ge=0, le=LONGEST_CLAIM_DAYS)] = 0


class EventTypeBody(EventTypeFactsBody, frozen=True, kw_only=True):
    code: str


class EventTypes(Door):
    """The programme's event types by code: built-in ones, and those that it declares."""

    scope = "events"
    params = {"get": ProgrammeParams}
    answers = {"get": {200: PageOf[EventTypeBody]}}

    def get(self, request: Request) -> Answer:
        query: ProgrammeParams = self.query(request)
        types = list_event_types(programme_id_for(caller_of(request), query.programme))
        return Answer(PageOf(results=[_body(one) for one in types.values()]))


class EventTypeByCode(Door):
    """One type. PUT declares it, and honours `If-Match`. What a built-in one says, it goes on saying."""

    scope = "events"
    params = {"get": ProgrammeParams, "put": ProgrammeParams}
    takes = {"put": EventTypeFactsBody}
    answers = {"get": {200: EventTypeBody}, "put": {200: EventTypeBody, 201: EventTypeBody}}

    def get(self, request: Request, code: str) -> Answer:
        return Answer(_body(get_event_type(self._programme_id(request), code)))

    def put(self, request: Request, code: str) -> Answer:
        facts: EventTypeFactsBody = self.body(request)
        ensure_of_no_one_place(caller_of(request))
        programme_id = self._programme_id(request)
        kind = EventType(code=code, **structs.asdict(facts))
        with transaction.atomic():
            if "HTTP_IF_MATCH" in request.META:
                lock_programme(programme_id)
                ensure_unchanged(request._request, _body(get_event_type(programme_id, code)))
            is_new = declare_event_type(programme_id, kind)
        return Answer(_body(kind), status=201 if is_new else 200)

    def _programme_id(self, request: Request) -> int:
        query: ProgrammeParams = self.query(request)
        return programme_id_for(caller_of(request), query.programme)


def _body(kind: EventType) -> EventTypeBody:
    return EventTypeBody(**structs.asdict(kind))
