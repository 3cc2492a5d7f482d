"""How a member's app is recognised: `Authorization: Bearer ra_...`."""

from datetime import datetime

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.caller import Caller, is_door_checking
from members.errors import TokenNotKnown
from members.queries.sign_in import TokenHolder, find_holder
from members.rules.sign_in import ACCESS_MARK, digest_of

MEMBER_SCOPES = frozenset({"member"})


class TokenAuthentication(BaseAuthentication):
    """Knows bearers that begin with `ra_`; leaves every other to the next authenticator.

    The token is read at each request, in one statement, so that a sign-out acts at once; a door with
    `checks_key_itself = True` promises to do so inside its own.
    """

    def authenticate(self, request: Request) -> tuple[Caller, None] | None:
        """
        :raises TokenNotKnown: if the token is unknown, has run out, or its sign-in has ended.
        """
        token = _bearer(request)
        if not token.startswith(ACCESS_MARK):
            return None
        if is_door_checking(request):
            digest = digest_of(token)
            name = f"token:{digest.hex()}"
            return Caller(kind="member", id=0, name=name, scopes=MEMBER_SCOPES, token_hash=digest), None
        now = clock.now()
        holder = holder_of(request, now=now)
        caller = Caller(
            kind="member",
            id=holder.member_id,
            name=f"member:{holder.member_id}",
            scopes=MEMBER_SCOPES,
            member_id=holder.member_id,
            checked_at=now.timestamp(),
        )
        return caller, None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def holder_of(request: Request, *, now: datetime) -> TokenHolder:
    """The member and the sign-in that the request's token belongs to.

    :raises TokenNotKnown: if the token is unknown, has run out, or its sign-in has ended.
    """
    holder = find_holder(digest_of(_bearer(request)), now=now)
    if holder is None:
        raise TokenNotKnown
    return holder


def _bearer(request: Request) -> str:
    scheme, _, text = str(request._request.META.get("HTTP_AUTHORIZATION", "")).partition(" ")
    return text.strip() if scheme == "Bearer" else ""
