"""Idempotency keys: a write that is sent twice happens once, and answers the same.

The first answer is kept for 30 days in the transaction that did the work, so either both exist or neither. Refusals are
not kept: nothing was written, and the same key may succeed later.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from config.ground import clock
from config.ground.api.caller import Caller
from config.ground.refusals import InvalidInput, Refusal

LONGEST_KEY = 255


class IdempotencyKeyRequired(Refusal):
    status = 400
    code = "idempotency_key_required"
    title = "An Idempotency-Key is needed here"


class IdempotencyKeyReused(Refusal):
    status = 422
    code = "idempotency_key_reused"
    title = "This Idempotency-Key was used for another request"


class IdempotencyInFlight(Refusal):
    status = 409
    code = "idempotency_in_flight"
    title = "A request with this Idempotency-Key is still being carried out"


@dataclass(frozen=True, slots=True)
class Sent:
    """What identifies a request that may come again.

    :ivar caller: `Caller.name`.
    :ivar fingerprint: 16 bytes over method, path, query and body.
    """

    caller: str
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Stored:
    fingerprint: bytes
    status: int
    body: str


def sent_with(
    request: HttpRequest, caller: Caller, *, is_required: bool = False, body_digest: bytes | None = None
) -> Sent | None:
    """The key of a request with its fingerprint; None if it carries none.

    :param body_digest: stands for the body, of a door that read it piece by piece.
    :raises IdempotencyKeyRequired: if the door insists and there is none.
    :raises InvalidInput: if the key is not 1 to 255 printable ASCII characters.
    """
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        if is_required:
            raise IdempotencyKeyRequired(
                "Send a new random Idempotency-Key with each new purchase or change."
            )
        return None
    if not 0 < len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise InvalidInput("The Idempotency-Key must be 1 to 255 printable ASCII characters.")
    digest = blake2b(request.body if body_digest is None else body_digest, digest_size=16)
    digest.update(f"\n{request.method} {request.get_full_path()}".encode())
    return Sent(caller=caller.name, key=key, fingerprint=digest.digest())


def replay(sent: Sent, stored: Stored, *, content_type: str = "application/json") -> HttpResponse:
    """The first answer again.

    :raises IdempotencyKeyReused: if the key came with another request then.
    """
    if stored.fingerprint != sent.fingerprint:
        raise IdempotencyKeyReused("Use a new key for a new request; repeat a request only unchanged.")
    return HttpResponse(
        stored.body.encode(),
        status=stored.status,
        content_type=content_type,
        headers={"Idempotent-Replayed": "true"},
    )


def carry_out_once(sent: Sent, work: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Do the work unless it was done under this key, and keep its answer; one transaction.

    :raises IdempotencyInFlight: if another request with the key is at it right now.
    :raises IdempotencyKeyReused: if the key came with another request before.
    """
    with transaction.atomic():
        if stored := find_answer(sent):
            return replay(sent, stored)
        response = work()
        if isinstance(response, HttpResponse) and response.status_code < 300:
            remember(sent, response)
        return response


def find_answer(sent: Sent) -> Stored | None:
    """What was answered under the key before. In a transaction the key is locked until commit.

    :raises IdempotencyInFlight: if another request holds the lock.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ground_recall(%s, %s)", [sent.caller, sent.key])
        is_locked, fingerprint, status, body = cursor.fetchone()
    if not is_locked:
        raise IdempotencyInFlight("Wait for the first request to finish, then repeat it.")
    return None if status is None else Stored(bytes(fingerprint), status, body)


def remember(sent: Sent, response: HttpResponse) -> None:
    """Keep the answer given under a key, unless one is kept already."""
    body = response.content.decode()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ground_remember(%s, %s, %s, %s, %s, %s)",
            [sent.caller, sent.key, sent.fingerprint, response.status_code, body, clock.now()],
        )
