"""Rules for integrators: what a rule can say, and drafts that a person approves in the admin."""

from datetime import datetime
from typing import Annotated, Any, ClassVar
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.caller import caller_of
from config.ground.api.door import Answer, Door
from loyalty.errors import RuleNotValid
from loyalty.queries.vocabulary import list_names
from loyalty.rules.definition import ForAct, RuleDefinition
from loyalty.rules.for_acts import fault_in_act
from loyalty.rules.words import sentence_of
from loyalty.services.rule_drafts import hand_in_draft
from omnichannel.api.programmes import programme_id_for
from omnichannel.queries.behaviour import list_event_types
from omnichannel.queries.places import get_programme_by_id

LONGEST_CODE = 60

Moment = Annotated[datetime, Meta(tz=True)]


class RuleSchema(Door):
    """The JSON Schema of what a rule can say, for form builders and editors."""

    scope = ("campaigns", "reports", "events")
    answers: ClassVar = {"get": {200: dict[str, Any]}}

    def get(self, request: Request) -> Answer:
        return Answer(msgspec.json.schema(RuleDefinition))


class RuleDraftBody(Body, frozen=True, kw_only=True):
    """What a rule shall say; `definition` as `/schemas/rule` describes it. `live_from`: the moment of approval, if
    nothing is said. `programme`: for keys of the whole house.
    """

    name: Annotated[str, Meta(min_length=1, max_length=120)]
    definition: RuleDefinition
    live_from: Moment | None = None
    live_until: Moment | None = None
    programme: Annotated[str, Meta(max_length=40)] | None = None


class RuleDraftAnswer(Body, frozen=True, kw_only=True):
    """The draft as it waits; `says` in words."""

    code: str
    name: str
    state: str
    says: str
    live_from: datetime | None
    live_until: datetime | None


class RuleDraftDoor(Door):
    """Write a draft of a rule and submit it: it waits in the admin until a person approves it, whatever the terms say.

    Written again before that, it says the new thing. A draft that somebody else wrote is left alone.
    """

    scope = "campaigns"
    takes: ClassVar = {"put": RuleDraftBody}
    answers: ClassVar = {"put": {200: RuleDraftAnswer}}

    def put(self, request: Request, code: str) -> Answer:
        body: RuleDraftBody = self.body(request)
        caller, now = caller_of(request), clock.now()
        if len(code) > LONGEST_CODE:
            raise RuleNotValid(f"The code of a rule has at most {LONGEST_CODE} letters.")
        programme = get_programme_by_id(programme_id_for(caller, body.programme))
        act = body.definition.act
        if isinstance(act, ForAct) and (fault := fault_in_act(act, list_event_types(programme.pk))):
            raise RuleNotValid(fault.detail, pointer=f"/definition/act{fault.pointer}")
        draft = hand_in_draft(
            programme_id=programme.pk,
            code=code,
            name=body.name,
            definition=body.definition,
            live_from=body.live_from,
            live_until=body.live_until,
            by=caller.name,
            now=now,
        )
        said = list_names([programme.pk])[programme.pk].said(body.definition)
        return Answer(
            RuleDraftAnswer(
                code=code,
                name=draft.name,
                state=draft.state,
                says=sentence_of(said, programme.currency, zone=ZoneInfo(programme.timezone)),
                live_from=draft.live_from,
                live_until=draft.live_until,
            )
        )
