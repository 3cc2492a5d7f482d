"""Doors by which members' apps sign in, stay signed in, and sign out."""

from datetime import datetime
from typing import Annotated, Literal

from django.conf import settings
from msgspec import Meta
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.door import Answer, Door
from members.api.bodies import EmailText, PhoneText
from members.api.guard import ensure_may_ask, ensure_may_try
from members.api.tokens import holder_of
from members.rules.identities import IdentityClaim, claim
from members.services.sign_in import SignedIn, Visitor, refresh, sign_out
from members.services.sign_in_codes import exchange_code, request_code


class CodeWantedBody(Body, frozen=True, kw_only=True):
    """Exactly one of phone and email."""

    phone: PhoneText | None = None
    email: EmailText | None = None

    def __post_init__(self) -> None:
        if (self.phone is None) == (self.email is None):
            raise ValueError("Name exactly one of phone and email")

    def claim(self) -> IdentityClaim:
        """:raises IdentityNotValid: if nobody can have it."""
        if self.phone is not None:
            return claim("phone", self.phone, region=settings.DEFAULT_REGION, pointer="/phone")
        return claim("email", self.email or "", pointer="/email")


VisitorName = Annotated[
    str,
    Meta(min_length=16, max_length=100, description="Made of chance, and never shown: nobody can guess it."),
]


class VisitorBody(Body, frozen=True, kw_only=True):
    """The names by which your shop or service told of this device, or of this session, while nobody was signed in."""

    device: VisitorName | None = None
    session: VisitorName | None = None


class CodeBody(CodeWantedBody, frozen=True, kw_only=True):
    """The identity that the code was sent to, and the code. `visitor`: what was told of it becomes the member's."""

    code: Annotated[str, Meta(pattern=r"^[0-9]{6}$")]
    device: Annotated[str, Meta(max_length=200, description="What the app says about itself.")] = ""
    visitor: VisitorBody | None = None


class RefreshBody(Body, frozen=True, kw_only=True):
    refresh_token: Annotated[str, Meta(max_length=200)]


class CodeSentBody(Body, frozen=True, kw_only=True):
    """The same for everybody, member or not."""

    detail: str = "If somebody is known by this, a code is on its way."


class TokensBody(Body, frozen=True, kw_only=True):
    """The access token opens `/me`; the refresh token is exchanged, once, for the next pair."""

    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the name of the scheme
    expires_at: datetime


def _tokens(signed_in: SignedIn) -> Answer:
    body = TokensBody(
        access_token=signed_in.access_token,
        refresh_token=signed_in.refresh_token,
        expires_at=signed_in.expires_at,
    )
    return Answer(body, headers={"Cache-Control": "no-store"})


class AskForCode(Door):
    """Ask for a one-time code, by SMS or by e-mail. The answer never tells whether there is such a member."""

    scope = ""
    idempotency = "none"
    takes = {"post": CodeWantedBody}
    answers = {"post": {202: CodeSentBody}}

    def post(self, request: Request) -> Answer:
        body: CodeWantedBody = self.body(request)
        wanted = body.claim()
        ensure_may_ask(wanted, address=request.META.get("REMOTE_ADDR", ""))
        request_code(wanted, now=clock.now())
        return Answer(CodeSentBody(), status=202)


class ExchangeCode(Door):
    """Sign in with a code: five tries, ten minutes, one use."""

    scope = ""
    idempotency = "none"
    takes = {"post": CodeBody}
    answers = {"post": {200: TokensBody}}

    def post(self, request: Request) -> Answer:
        body: CodeBody = self.body(request)
        held = body.claim()
        ensure_may_try(held, address=request.META.get("REMOTE_ADDR", ""))
        told = body.visitor
        visitor = Visitor(told.device or "", told.session or "") if told else None
        signed_in = exchange_code(held, body.code, device=body.device, visitor=visitor, now=clock.now())
        return _tokens(signed_in)


class Refresh(Door):
    """Exchange a refresh token for the next pair. One that was exchanged before ends the whole sign-in."""

    scope = ""
    idempotency = "none"
    takes = {"post": RefreshBody}
    answers = {"post": {200: TokensBody}}

    def post(self, request: Request) -> Answer:
        body: RefreshBody = self.body(request)
        return _tokens(refresh(body.refresh_token, now=clock.now()))


class Logout(Door):
    """End this sign-in; its tokens open nothing from now on."""

    scope = "member"
    idempotency = "none"
    answers = {"post": {204: None}}

    def post(self, request: Request) -> Answer:
        now = clock.now()
        sign_out(holder_of(request, now=now).sign_in_id, now=now)
        return Answer(status=204)
