"""What people did, told by shops, services and the members' apps: `/events`, `/me/events`."""

from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.caller import Caller, caller_of, member_of
from config.ground.api.door import Answer, Door
from config.ground.api.exact_limits import count_exactly
from config.ground.refusals import NotAllowed
from members.errors import IdentityNotValid
from members.queries.members import get_member, lookup_of
from members.rules.identities import MemberKey
from omnichannel.api.programmes import (
    Code,
    ensure_of_no_one_place,
    programme_id_for,
    programme_of_member,
)
from omnichannel.queries.places import get_programme_by_id
from omnichannel.rules.behaviour import FEWEST_LETTERS, Fault
from omnichannel.services.behaviour import Outcome, Teller, Told, record_events
from omnichannel.services.visitors import claim_visits

MOST_EVENTS = 1_000
MOST_OWN_EVENTS = 100
CALLS_AN_HOUR = 120
HOUR_S = 3_600
OWN_TOLD_WITHIN = timedelta(days=7)
"""An app that was without a network tells later; nobody tells now what they did last year."""

OwnId = Annotated[
    str, Meta(min_length=1, max_length=100, description="The event's own id at the source: it counts once.")
]
Visitor = Annotated[str, Meta(max_length=100, description="As the shop or app names it.")]
Moment = Annotated[datetime, Meta(tz=True)]
Properties = Annotated[
    dict[Annotated[str, Meta(max_length=40)], str | bool | int | float],
    Meta(max_length=50, description="As the type declares them."),
]


class OwnEventBody(Body, frozen=True, kw_only=True):
    """Something that happened. `happened_at`: now, if nothing is said."""

    judges_own_days: ClassVar[bool] = True
    id: OwnId
    type: Code
    happened_at: Moment | None = None
    device: Visitor = ""
    session: Visitor = ""
    store: Code | None = None
    properties: Properties = {}


class EventBody(OwnEventBody, frozen=True, kw_only=True):
    """As `OwnEventBody`; `member`: who did it. Without one it is kept for 90 days under its `device` or
    `session`, until a member signs in there."""

    member: MemberKey | None = None


class EventsBody(Body, frozen=True, kw_only=True):
    """`source`: the name of your shop or service, the same for ever. `programme`: for keys of the whole house."""

    source: Code
    events: Annotated[list[EventBody], Meta(min_length=1, max_length=MOST_EVENTS)]
    programme: str | None = None


class OwnEventsBody(Body, frozen=True, kw_only=True):
    """`programme`: where there are several."""

    events: Annotated[list[OwnEventBody], Meta(min_length=1, max_length=MOST_OWN_EVENTS)]
    programme: str | None = None


class EventOutcomeBody(Body, frozen=True, kw_only=True):
    """What became of one event: `known` was told before. A refused one says why, `pointer` where in the event."""

    id: str
    outcome: Literal["recorded", "known", "refused"]
    ref: str | None = None
    code: str | None = None
    detail: str | None = None
    pointer: str | None = None


class EventOutcomesBody(Body, frozen=True, kw_only=True):
    """One outcome for each event, in the order of the request."""

    results: list[EventOutcomeBody]
    recorded: int
    known: int
    refused: int


VisitorName = Annotated[
    str, Meta(min_length=FEWEST_LETTERS, max_length=100, description="Made of chance: nobody can guess it.")
]


class VisitsBody(Body, frozen=True, kw_only=True):
    """Who signed in, and on which `device` or in which `session`, as it is told of; at least one of them."""

    member: MemberKey
    device: VisitorName | None = None
    session: VisitorName | None = None
    programme: str | None = None

    def __post_init__(self) -> None:
        if self.device is None and self.session is None:
            raise ValueError("Name the device, the session or both")


class VisitsClaimedBody(Body, frozen=True, kw_only=True):
    """How many events became the member's, and how many of these are acts that may earn."""

    claimed: int
    counted: int


class ClaimVisits(Door):
    """Say that a member signed in on a device or in a session: what was told of it is theirs, and what will be told,
    until somebody else signs in there. Told again it changes nothing more."""

    scope = "events"
    takes = {"post": VisitsBody}
    answers = {"post": {200: VisitsClaimedBody}}

    def post(self, request: Request) -> Answer:
        body: VisitsBody = self.body(request)
        caller, now = caller_of(request), clock.now()
        ensure_of_no_one_place(caller)
        programme = get_programme_by_id(programme_id_for(caller, body.programme))
        member = get_member(body.member, region=programme.region, now=now)
        claimed = claim_visits(
            member.id,
            device=body.device or "",
            session=body.session or "",
            programme_id=programme.pk,
            now=now,
        )
        return Answer(VisitsClaimedBody(claimed=claimed.events, counted=claimed.counted))


class Events(Door):
    """Hand in up to 1,000 events. Each is answered for itself, and counts once however often it is told."""

    scope = "events"
    takes = {"post": EventsBody}
    answers = {"post": {200: EventOutcomesBody}}

    def post(self, request: Request) -> Answer:
        body: EventsBody = self.body(request)
        caller, now = caller_of(request), clock.now()
        programme = get_programme_by_id(programme_id_for(caller, body.programme))
        teller = Teller(programme_id=programme.pk, programme_code=programme.code, source=body.source)
        told = [
            _told(one, now, place=caller.place_code, **_who(one, caller, programme.region, now))
            for one in body.events
        ]
        return Answer(_answer(body.events, record_events(told, teller=teller, now=now)))


class MyEvents(Door):
    """The app tells what its member did, within seven days: only event types that say apps may."""

    scope = "member"
    takes = {"post": OwnEventsBody}
    answers = {"post": {200: EventOutcomesBody}}

    def post(self, request: Request) -> Answer:
        body: OwnEventsBody = self.body(request)
        caller, now = caller_of(request), clock.now()
        count_exactly("events-of", caller.name, quota=CALLS_AN_HOUR, window_s=HOUR_S)
        programme = programme_of_member(body.programme)
        teller = Teller(
            programme_id=programme.pk,
            programme_code=programme.code,
            source="app",
            member_id=member_of(request),
            oldest=OWN_TOLD_WITHIN,
        )
        told = [_told(one, now) for one in body.events]
        return Answer(_answer(body.events, record_events(told, teller=teller, now=now)))


def _told(body: OwnEventBody, now: datetime, *, place: str = "", **who: Any) -> Told:
    return Told(
        id=body.id,
        type=body.type,
        happened_at=body.happened_at or now,
        device=body.device,
        session=body.session,
        place=body.store or place,
        properties=dict(body.properties),
        **who,
    )


def _who(body: EventBody, caller: Caller, region: str, now: datetime) -> dict[str, Any]:
    """Whom an event names, or why nobody can be meant or the key cannot tell of the store."""
    if caller.place_id is not None and body.store not in (None, caller.place_code):
        words = f"This key belongs to the place {caller.place_code!r}."
        return {"fault": Fault(NotAllowed.code, words, "/store")}
    if body.member is None:
        return {}
    if body.member.qr is not None:
        words = "A rotating code proves presence at a till; name the member otherwise."
        return {"fault": Fault("identity_not_valid", words, "/member/qr")}
    try:
        return {"member": lookup_of(body.member, region=region, now=now)}
    except IdentityNotValid as refused:
        return {"fault": Fault(refused.code, refused.detail, refused.pointer or "/member")}


def _answer(told: list[Any], outcomes: list[Outcome]) -> EventOutcomesBody:
    counts = {name: sum(one.outcome == name for one in outcomes) for name in ("recorded", "known", "refused")}
    return EventOutcomesBody(
        results=[_outcome(one.id, outcome) for one, outcome in zip(told, outcomes, strict=True)], **counts
    )


def _outcome(id_: str, one: Outcome) -> EventOutcomeBody:
    why = msgspec.structs.asdict(one.fault) if one.fault else {}
    return EventOutcomeBody(id=id_, outcome=one.outcome, ref=one.ref, **why)
