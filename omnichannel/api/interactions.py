"""Conversations with members, from any department: `/interactions`."""

from datetime import date, datetime
from typing import Annotated, Literal, cast

from msgspec import Meta
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.caller import Caller, caller_of
from config.ground.api.door import Answer, Door
from config.ground.refusals import NotAllowed
from members.queries.members import get_member
from members.rules.identities import MemberKey
from omnichannel.api.programmes import Code, programme_id_for
from omnichannel.models import Interaction, Programme
from omnichannel.queries.cases import get_case
from omnichannel.queries.interactions import get_interaction
from omnichannel.queries.places import find_place_ids, get_place, get_programme_by_id
from omnichannel.services.interactions import keep_promise, log_interaction

Kind = Literal["visit", "call", "chat", "email", "event", "note"]
Words = Annotated[str, Meta(min_length=1, max_length=4_000)]


class NewInteractionBody(Body, frozen=True, kw_only=True):
    """A contact and how far it got.

    `by`: who spoke with them. `promise`: what was promised, `promise_due_on`: until which day. `case`: ref of the
    service case it belongs to. `happened_at`: now, if nothing is said. `programme`: for keys of the whole house.
    """

    member: MemberKey
    kind: Kind
    outcome: Words
    by: Annotated[str, Meta(max_length=100)] = ""
    happened_at: Annotated[datetime, Meta(tz=True)] | None = None
    store: Code | None = None
    promise: Annotated[str, Meta(max_length=300)] = ""
    promise_due_on: date | None = None
    case: Annotated[str, Meta(max_length=30)] | None = None
    programme: str | None = None


class InteractionBody(Body, frozen=True, kw_only=True):
    """A contact as it was written down."""

    ref: str
    member_ref: str
    kind: Kind
    by: str
    outcome: str
    store: str | None
    case: str | None
    promise: str
    promise_due_on: date | None
    promise_kept_at: datetime | None
    happened_at: datetime


class Interactions(Door):
    """Write down a visit, call, chat, e-mail, event or note, so that the next contact starts where it ended."""

    scope = ("members", "till")
    takes = {"post": NewInteractionBody}
    answers = {"post": {201: InteractionBody}}

    def post(self, request: Request) -> Answer:
        body: NewInteractionBody = self.body(request)
        caller, now = caller_of(request), clock.now()
        programme = get_programme_by_id(programme_id_for(caller, body.programme))
        member = get_member(body.member, region=programme.region, now=now)
        case = get_case(body.case, programme_id=programme.pk, place_id=caller.place_id) if body.case else None
        written = log_interaction(
            member.id,
            programme_id=programme.pk,
            place_id=place_id_for(caller, body.store, programme),
            case_id=case.pk if case else None,
            kind=body.kind,
            by=body.by,
            outcome=body.outcome,
            promise=body.promise,
            promise_due_on=body.promise_due_on,
            happened_at=body.happened_at or now,
            actor=caller.name,
            now=now,
        )
        return Answer(_body(get_interaction(written.ref, programme_id=programme.pk)), status=201)


class KeepPromise(Door):
    """What was promised is done. The first time counts; again changes nothing."""

    scope = ("members", "till")
    answers = {"post": {200: InteractionBody}}

    def post(self, request: Request, ref: str) -> Answer:
        caller = caller_of(request)
        found = get_interaction(ref, programme_id=caller.programme_id)
        keep_promise(found.pk, actor=caller.name, now=clock.now())
        return Answer(_body(get_interaction(ref, programme_id=caller.programme_id)))


def place_id_for(caller: Caller, store: str | None, programme: Programme) -> int | None:
    """The store that a body names, or the key's own.

    :raises NotAllowed: the key belongs to another store.
    :raises PlaceNotFound: the programme has none of this code.
    """
    if caller.place_id is not None:
        if store not in (None, caller.place_code):
            raise NotAllowed(f"This key belongs to the place {caller.place_code!r}.")
        return caller.place_id
    if store is None:
        return None
    found = find_place_ids(programme.pk, [store])
    return found.get(store) or get_place(programme_id=programme.pk, code=store).pk


def _body(row: Interaction) -> InteractionBody:
    return InteractionBody(
        ref=row.ref,
        member_ref=row.member.ref,
        kind=cast(Kind, row.kind),
        by=row.by,
        outcome=row.outcome,
        store=row.place.code if row.place else None,
        case=row.case.ref if row.case else None,
        promise=row.promise,
        promise_due_on=row.promise_due_on,
        promise_kept_at=row.promise_kept_at,
        happened_at=row.happened_at,
    )
