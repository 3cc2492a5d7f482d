"""Doors for tills and integrations: enrol, find, read and change members."""

from django.conf import settings
from django.db import transaction
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.caller import Caller, caller_of
from config.ground.api.door import Answer, Door
from config.ground.api.etags import ensure_unchanged
from config.ground.api.pages import PageOf, open_cursor, page_of
from members.api.attributes import AttributesBody, declared_body
from members.api.bodies import (
    EnrolBody,
    MemberBody,
    MemberChangesBody,
    MemberFilters,
    TakeOverBody,
    member_body,
)
from members.queries.attributes import attributes_of, get_attributes, list_attributes
from members.queries.members import MemberFacts, get_member, get_member_by_id, list_members
from members.rules.attributes import Eyes
from members.rules.identities import IdentityClaim, MemberKey, claim
from members.services.attributes import set_attributes
from members.services.enrolment import enrol
from members.services.identities import move_identity
from members.services.profiles import change_member, lock_active


def region_of(caller: Caller | None) -> str:
    """Where phone numbers without a country code are at home for this caller."""
    return (caller.region if caller else "") or settings.DEFAULT_REGION


class Members(Door):
    """Enrol somebody, or list members.

    POST answers 201 with a new member, or 200 with the member who goes by one of the identities already; that one is
    left as they are. Identities of different members are refused, saying which belongs to whom.
    """

    scope = {"post": ("till", "members"), "get": "members"}
    takes = {"post": EnrolBody}
    params = {"get": MemberFilters}
    answers = {"post": {200: MemberBody, 201: MemberBody}, "get": {200: PageOf[MemberBody]}}

    def post(self, request: Request) -> Answer:
        caller = caller_of(request)
        body: EnrolBody = self.body(request)
        enrolled = enrol(
            identities=body.claims(region_of(caller)),
            person=body.person(),
            via=body.via or ("till" if caller.till_id else "web"),
            place_code=caller.place_code,
            programme_code=caller.programme_code,
            referral_code=body.referral_code,
            consents=[consent.word() for consent in body.consents],
            actor=caller.name,
            now=clock.now(),
        )
        member = get_member_by_id(enrolled.member_id)
        return Answer(body_of(member), status=201 if enrolled.is_new else 200)

    def get(self, request: Request) -> Answer:
        filters: MemberFilters = self.query(request)
        claims = _claims_of(filters, region_of(caller_of(request)))
        (after_id,) = open_cursor("members", filters.cursor) or (0,)
        members = list_members(claims=claims, words=filters.q, after_id=after_id, limit=filters.limit + 1)
        attributes = attributes_of([member.id for member in members], eyes=Eyes.TRUSTED)
        page = page_of(
            members,
            limit=filters.limit,
            listing="members",
            key=lambda member: [member.id],
            body=lambda member: member_body(member, attributes[member.id]),
        )
        return Answer(page)


def _claims_of(filters: MemberFilters, region: str) -> list[IdentityClaim]:
    return [
        claim(kind, text, region=region, pointer=f"/{kind}")
        for kind in ("phone", "email", "card", "external")
        if (text := getattr(filters, kind)) is not None
    ]


class OneMember(Door):
    """Read or change one member. PATCH honours `If-Match`; identities named in it are added."""

    scope = "members"
    takes = {"patch": MemberChangesBody}
    answers = {"get": {200: MemberBody}, "patch": {200: MemberBody}}

    def get(self, request: Request, ref: str) -> Answer:
        return Answer(body_of(get_member(MemberKey(ref=ref), region="", now=clock.now())))

    def patch(self, request: Request, ref: str) -> Answer:
        body: MemberChangesBody = self.body(request)
        now = clock.now()
        member = get_member(MemberKey(ref=ref), region="", now=now)
        with transaction.atomic():
            if "HTTP_IF_MATCH" in request.META:
                lock_active(member.id)
                ensure_unchanged(request._request, body_of(get_member_by_id(member.id)))
            changed = change_member(
                member.id,
                changes=body.changes(),
                identities=body.claims(region_of(caller_of(request))),
                source="web",
                now=now,
            )
            set_attributes(member.id, body.attributes, eyes=Eyes.TRUSTED, source="web", now=now)
        return Answer(body_of(changed))


class TakeOver(Door):
    """Move a phone, e-mail address, card or external id from another member to this one, with evidence.

    Refused where the other does not go by it (any more). Told again after it was done, it answers as before.
    What was proven by it is proven no more, and a phone or address that moves ends the other's sign-ins.
    """

    scope = "members"
    takes = {"post": TakeOverBody}
    answers = {"post": {200: MemberBody}}

    def post(self, request: Request, ref: str) -> Answer:
        caller = caller_of(request)
        body: TakeOverBody = self.body(request)
        now = clock.now()
        moved = move_identity(
            body.claim(region_of(caller)),
            from_member_id=get_member(MemberKey(ref=body.from_member), region="", now=now).id,
            to_member_id=get_member(MemberKey(ref=ref), region="", now=now).id,
            evidence=body.evidence,
            source="web",
            actor=caller.name,
            now=now,
        )
        return Answer(body_of(get_member_by_id(moved.member_id)))


class Attributes(Door):
    """What the house asks its members beside their name, and why. Declared in the admin."""

    scope = ("members", "campaigns")
    answers = {"get": {200: AttributesBody}}

    def get(self, request: Request) -> Answer:
        return Answer(
            AttributesBody(results=[declared_body(one) for one in list_attributes(eyes=Eyes.TRUSTED)])
        )


def body_of(member: MemberFacts) -> Body:
    """A member as an integration sees them."""
    return member_body(member, get_attributes(member.id, eyes=Eyes.TRUSTED))
