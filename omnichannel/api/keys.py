"""How a till or an integration is recognised: `Authorization: Bearer rk_...`."""

import time
from dataclasses import dataclass
from datetime import datetime

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.caller import Caller, is_door_checking
from omnichannel.errors import KeyExpired, KeyNotKnown, KeyRevoked
from omnichannel.queries.keys import KeyFacts, find_key_facts
from omnichannel.rules.keys import KIND, digest_of, is_same_digest, prefix_of
from omnichannel.services.keys import note_use

REMEMBERED_S = 30.0
"""How long a door that checks the key in its own statement may go without asking again."""
MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class _Remembered:
    caller: Caller
    expires_at: datetime | None
    checked_at: float


_remembered: dict[bytes, _Remembered] = {}


class KeyAuthentication(BaseAuthentication):
    """Knows bearers that begin with `rk_`; leaves every other to the next authenticator.

    The key is read from the database at each request, so that a revoked key is refused at once. A door
    with `checks_key_itself = True` promises to ask for the revocation inside its own statement; for such a
    door the caller may come from the memory of this process.
    """

    def authenticate(self, request: Request) -> tuple[Caller, None] | None:
        """
        :raises KeyNotKnown: if there is no such key.
        :raises KeyRevoked: if it was revoked.
        :raises KeyExpired: if its time is over.
        """
        bearer: str = request._request.META.get("HTTP_AUTHORIZATION", "")
        if not bearer.startswith("Bearer " + KIND):
            return None
        text = bearer[7:].strip()
        digest = digest_of(text)
        if is_door_checking(request):
            caller = _recall(digest)
            if caller is not None:
                return caller, None
        return _look_up(text, digest), None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _recall(digest: bytes) -> Caller | None:
    known = _remembered.get(digest)
    if known is None or time.monotonic() - known.checked_at > REMEMBERED_S:
        return None
    if known.expires_at is not None and known.expires_at <= clock.now():
        return None
    return known.caller


def _look_up(text: str, digest: bytes) -> Caller:
    prefix = prefix_of(text)
    facts = find_key_facts(prefix) if prefix else None
    if facts is None or not is_same_digest(facts.secret_hash, digest):
        raise KeyNotKnown
    now = clock.now()
    if facts.revoked_at is not None:
        raise KeyRevoked
    if facts.expires_at is not None and facts.expires_at <= now:
        raise KeyExpired
    if facts.last_used_on is None or facts.last_used_on < now.date():
        note_use(facts.id, on=now.date())
    caller = _caller_of(facts, checked_at=time.time())
    if len(_remembered) >= MOST_REMEMBERED:
        _remembered.clear()
    _remembered[digest] = _Remembered(caller, facts.expires_at, time.monotonic())
    return caller


def _caller_of(facts: KeyFacts, *, checked_at: float) -> Caller:
    return Caller(
        kind="key",
        id=facts.id,
        name=f"key:{facts.id}",
        scopes=facts.scopes,
        forebears=tuple(f"key:{id_}" for id_ in facts.forebears),
        till_id=facts.till_id,
        place_id=facts.place_id,
        place_code=facts.place_code,
        programme_id=facts.programme_id,
        programme_code=facts.programme_code,
        currency=facts.currency,
        timezone=facts.timezone,
        region=facts.region,
        checked_at=checked_at,
    )
