"""Doors of households: `/me/household` for members' own apps, `/members/{ref}/household` for integrations."""

from datetime import datetime
from typing import ClassVar, cast

from django.conf import settings
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.caller import caller_of, member_of
from config.ground.api.door import Answer, Door
from config.ground.api.exact_limits import count_exactly
from members.api.guard import ensure_may_join
from members.api.household_bodies import (
    HouseholdBody,
    HouseholdInviteBody,
    HouseholdNameBody,
    HouseholdPersonBody,
    HouseholdStateBody,
    InvitationBody,
    InvitedToBody,
    JoinHouseholdBody,
    OpenInvitationBody,
    Per,
    PersonChangeBody,
    Role,
    limit_said,
)
from members.models import HouseholdRole
from members.queries.households import (
    find_place,
    list_invitations_of,
    list_open_invitations,
    tell_household,
)
from members.queries.members import get_member
from members.rules.identities import MemberKey
from members.rules.people import called_of
from members.services.household_invitations import accept_invitation, close_invitation, invite, join_by_code
from members.services.households import (
    change_place,
    expel,
    found_household,
    hand_over,
    leave_household,
    rename_household,
)

INVITATIONS, INVITATIONS_WITHIN_S = 30, 86_400


class MyHousehold(Door):
    """The household: see it, found one (POST), name it (PATCH, the head), leave it (DELETE)."""

    scope = "member"
    takes: ClassVar = {"post": HouseholdNameBody, "patch": HouseholdNameBody}
    answers: ClassVar = {
        "get": {200: HouseholdStateBody},
        "post": {201: HouseholdStateBody},
        "patch": {200: HouseholdStateBody},
        "delete": {200: HouseholdStateBody},
    }

    def get(self, request: Request, ref: str = "") -> Answer:
        return _state(_whose(request, ref))

    def post(self, request: Request, ref: str = "") -> Answer:
        body: HouseholdNameBody = self.body(request)
        member_id = _whose(request, ref)
        found_household(member_id, name=body.name, now=clock.now())
        return _state(member_id, status=201)

    def patch(self, request: Request, ref: str = "") -> Answer:
        body: HouseholdNameBody = self.body(request)
        member_id = _whose(request, ref)
        rename_household(member_id, name=body.name)
        return _state(member_id)

    def delete(self, request: Request, ref: str = "") -> Answer:
        member_id = _whose(request, ref)
        leave_household(member_id, actor=caller_of(request).name, now=clock.now())
        return _state(member_id)


class MyHouseholdInvitations(Door):
    """Ask somebody to join. Only the head may; the answer does not tell whether anybody is known by this."""

    scope = "member"
    takes: ClassVar = {"post": HouseholdInviteBody}
    answers: ClassVar = {"post": {201: InvitationBody}}

    def post(self, request: Request, ref: str = "") -> Answer:
        body: HouseholdInviteBody = self.body(request)
        caller, member_id = caller_of(request), _whose(request, ref)
        count_exactly(
            "household-invitations", str(member_id), quota=INVITATIONS, window_s=INVITATIONS_WITHIN_S
        )
        invited = invite(
            member_id,
            named=body.member,
            role=HouseholdRole(body.role),
            limit=limit_said(body),
            region=caller.region or settings.DEFAULT_REGION,
            actor=caller.name,
            now=clock.now(),
        )
        told = InvitationBody(
            ref=invited.ref,
            code=invited.code,
            role=body.role,
            limit_points=invited.limit_points,
            limit_per=cast(Per, invited.limit_per or None),
            expires_at=invited.expires_at,
        )
        return Answer(told, status=201)


class MyHouseholdInvitation(Door):
    """Join as an invitation in the app says (POST); refuse it, or as the head take it back (DELETE)."""

    scope = "member"
    answers: ClassVar = {"post": {200: HouseholdStateBody}, "delete": {200: HouseholdStateBody}}

    def post(self, request: Request, invitation: str, ref: str = "") -> Answer:
        member_id = _whose(request, ref)
        accept_invitation(member_id, invitation, now=clock.now())
        return _state(member_id)

    def delete(self, request: Request, invitation: str, ref: str = "") -> Answer:
        member_id = _whose(request, ref)
        close_invitation(member_id, invitation, now=clock.now())
        return _state(member_id)


class JoinHousehold(Door):
    """Join by the code of an invitation. Codes may be tried ten times in ten minutes, from one address sixty times."""

    scope = "member"
    takes: ClassVar = {"post": JoinHouseholdBody}
    answers: ClassVar = {"post": {200: HouseholdStateBody}}

    def post(self, request: Request, ref: str = "") -> Answer:
        body: JoinHouseholdBody = self.body(request)
        member_id = _whose(request, ref)
        ensure_may_join(member_id, address=None if ref else request.META.get("REMOTE_ADDR", ""))
        join_by_code(member_id, body.code, now=clock.now())
        return _state(member_id)


class MyHouseholdPerson(Door):
    """What the head says of somebody (PUT): role and limit; DELETE takes them out. Their points go with them."""

    scope = "member"
    takes: ClassVar = {"put": PersonChangeBody}
    answers: ClassVar = {"put": {200: HouseholdStateBody}, "delete": {200: HouseholdStateBody}}

    def put(self, request: Request, person: str, ref: str = "") -> Answer:
        body: PersonChangeBody = self.body(request)
        member_id = _whose(request, ref)
        change_place(member_id, person, role=HouseholdRole(body.role), limit=limit_said(body))
        return _state(member_id)

    def delete(self, request: Request, person: str, ref: str = "") -> Answer:
        member_id = _whose(request, ref)
        expel(member_id, person, actor=caller_of(request).name, now=clock.now())
        return _state(member_id)


class HandOverHousehold(Door):
    """Let another adult be the head."""

    scope = "member"
    answers: ClassVar = {"post": {200: HouseholdStateBody}}

    def post(self, request: Request, person: str, ref: str = "") -> Answer:
        member_id = _whose(request, ref)
        hand_over(member_id, person)
        return _state(member_id)


class MemberHousehold(MyHousehold):
    """A member's household, for integrations: see it, found one, name it as its head, leave it."""

    scope = "members"


class MemberHouseholdInvitations(MyHouseholdInvitations):
    """Ask somebody to join the household of its head, for integrations."""

    scope = "members"


class MemberHouseholdInvitation(MyHouseholdInvitation):
    """Answer an invitation for a member, or take it back for the head, for integrations."""

    scope = "members"


class MemberJoinsHousehold(JoinHousehold):
    """Let a member join by the code of an invitation, for integrations."""

    scope = "members"


class MemberHouseholdPerson(MyHouseholdPerson):
    """What the head says of somebody in the household, for integrations."""

    scope = "members"


class MemberHandsOverHousehold(HandOverHousehold):
    """Let another adult be the head in place of this member, for integrations."""

    scope = "members"


def _whose(request: Request, ref: str) -> int:
    """Of the app's own member, or of the one whom an integration names."""
    if not ref:
        return member_of(request)
    return get_member(MemberKey(ref=ref), region="", now=clock.now()).id


def _state(member_id: int, *, status: int = 200) -> Answer:
    now, place = clock.now(), find_place(member_id)
    told = HouseholdStateBody(
        household=_household(member_id, place.household_id, now) if place else None,
        invitations=[
            InvitedToBody(
                ref=one.ref,
                role=cast(Role, one.role),
                limit_points=one.limit_points,
                limit_per=cast(Per, one.limit_per or None),
                expires_at=one.expires_at,
                household=one.household.name,
                head=called_of(one.household.head) if one.household.head else "",
            )
            for one in list_invitations_of(member_id, now=now)
        ],
    )
    return Answer(told, status=status)


def _household(member_id: int, household_id: int, now: datetime) -> HouseholdBody:
    told = tell_household(household_id)
    is_head = any(person.is_head and person.member_id == member_id for person in told.people)
    return HouseholdBody(
        ref=told.ref,
        name=told.name,
        founded_at=told.founded_at,
        people=[
            HouseholdPersonBody(
                ref=person.ref,
                called=person.called,
                role=cast(Role, person.role),
                is_head=person.is_head,
                is_me=person.member_id == member_id,
                limit_points=person.limit_points,
                limit_per=cast(Per, person.limit_per),
                joined_at=person.joined_at,
            )
            for person in told.people
        ],
        invited=[
            OpenInvitationBody(
                ref=one.ref,
                role=cast(Role, one.role),
                limit_points=one.limit_points,
                limit_per=cast(Per, one.limit_per or None),
                expires_at=one.expires_at,
            )
            for one in (list_open_invitations(household_id, now=now) if is_head else [])
        ],
    )
