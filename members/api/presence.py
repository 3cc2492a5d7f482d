"""Doors by which a till asks a member to prove that it is them."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.caller import caller_of
from config.ground.api.door import Answer, Door
from members.api.guard import ensure_may_ask, ensure_may_try
from members.errors import MemberNotFound
from members.queries.members import get_member
from members.rules.identities import IdentityClaim, MemberKey
from members.rules.masking import masked
from members.services.presence import prove_presence, reach_of, request_presence_code


class PresenceCodeBody(Body, frozen=True, kw_only=True):
    """Who says to be there."""

    member: MemberKey


class PresenceBody(PresenceCodeBody, frozen=True, kw_only=True):
    """The code that the member told."""

    code: Annotated[str, Meta(pattern=r"^[0-9]{6}$")]


class CodeOnItsWay(Body, frozen=True, kw_only=True):
    """`sent_to`: the phone or address, masked, for the cashier to read out."""

    sent_to: str


class PresenceProven(Body, frozen=True, kw_only=True):
    """Until when this till may spend more of the member's points than the programme lets go without proof."""

    proven_until: datetime


class AskForPresence(Door):
    """Send a code to the member's phone, or else by e-mail; they tell it to the cashier."""

    scope = ("till", "orders")
    idempotency = "none"
    takes = {"post": PresenceCodeBody}
    answers = {"post": {202: CodeOnItsWay}}

    def post(self, request: Request) -> Answer:
        body: PresenceCodeBody = self.body(request)
        claim, now = _reached(request, body), clock.now()
        ensure_may_ask(claim, address=caller_of(request).name)
        request_presence_code(claim, now=now)
        return Answer(CodeOnItsWay(sent_to=masked(claim.kind, claim.value)), status=202)


class ProvePresence(Door):
    """Take the code: five tries, ten minutes, one use. The proof holds for this key alone."""

    scope = ("till", "orders")
    idempotency = "none"
    takes = {"post": PresenceBody}
    answers = {"post": {200: PresenceProven}}

    def post(self, request: Request) -> Answer:
        body: PresenceBody = self.body(request)
        claim, caller = _reached(request, body), caller_of(request).name
        ensure_may_try(claim, address=caller)
        until = prove_presence(claim, body.code, caller=caller, now=clock.now())
        return Answer(PresenceProven(proven_until=until))


def _reached(request: Request, body: PresenceCodeBody) -> IdentityClaim:
    """
    :raises MemberNotFound: nobody active goes by this.
    :raises NoWayToProve: they have neither phone nor e-mail.
    """
    member = get_member(body.member, region=caller_of(request).region, now=clock.now())
    if member.state != "active":
        raise MemberNotFound(pointer="/member")
    return reach_of(member.id)
