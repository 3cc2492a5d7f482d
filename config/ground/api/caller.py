"""Who is calling a door: a till's or integration's key, or a member's app.

A caller is made by one of the authentication classes named in the settings, so that a door on a low floor can serve the
keys of an upper one. DRF knows it as `request.user`.
"""

from typing import Literal, cast

import msgspec
from rest_framework.request import Request

from config.ground.refusals import NotAllowed, NotSignedIn


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """
    :ivar name: `key:12` or `member:55`; idempotency keys and rate limits are counted by it.
    :ivar forebears: names of the keys that this one took the place of: what they brought is its own.
    :ivar place_id: the store or web shop the key belongs to; None for a key of a whole programme.
    :ivar token_hash: digest of a member's token that nobody has looked up yet: a door that `checks_key_itself` asks
        for its holder in its own statement. `id` is 0 and `member_id` None as long.
    :ivar checked_at: Unix seconds of the moment the key or token was last read from the database.
    """

    kind: Literal["key", "member"]
    id: int
    name: str
    scopes: frozenset[str]
    forebears: tuple[str, ...] = ()
    member_id: int | None = None
    till_id: int | None = None
    place_id: int | None = None
    place_code: str = ""
    programme_id: int | None = None
    programme_code: str = ""
    currency: str = ""
    timezone: str = "UTC"
    region: str = ""
    token_hash: bytes = b""
    checked_at: float = 0


def is_door_checking(request: Request) -> bool:
    """Whether the door that is called asks for the key or token itself, by `Door.checks_key_itself`."""
    match = request._request.resolver_match
    door = getattr(match.func, "view_class", None) if match else None
    return bool(getattr(door, "checks_key_itself", False))


def find_caller(request: Request) -> Caller | None:
    """The caller of a request, or None if nobody signed in."""
    return cast("Caller | None", request.user)


def caller_of(request: Request) -> Caller:
    """The caller of a request.

    :raises NotSignedIn: if nobody signed in; a door that names a scope never sees this.
    """
    caller = find_caller(request)
    if caller is None:
        raise NotSignedIn()
    return caller


def member_of(request: Request) -> int:
    """The id of the member who is calling about themselves (`/me/...`).

    :raises NotAllowed: if the caller is not a member.
    """
    member_id = caller_of(request).member_id
    if member_id is None:
        raise NotAllowed("Only a member's own token may call this.")
    return member_id
