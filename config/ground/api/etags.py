"""ETags: whether what the client holds is still what we would say (RFC 9110, 8.8 and 13)."""

from hashlib import blake2b
from typing import Any

from django.http import HttpRequest

from config.ground.api.json import encode
from config.ground.refusals import Refusal


class PreconditionFailed(Refusal):
    status = 412
    code = "precondition_failed"
    title = "It has changed since you read it"


def etag_of_bytes(content: bytes) -> str:
    return f'"{blake2b(content, digest_size=12).hexdigest()}"'


def etag_of(representation: Any) -> str:
    """The ETag that a GET answering this struct or dict carries."""
    return etag_of_bytes(encode(representation))


def names_etag(header: str, etag: str) -> bool:
    """Whether `If-Match` or `If-None-Match` names the ETag; a weak one counts, proxies weaken what they compress."""
    if header.strip() == "*":
        return True
    return any(given.strip().removeprefix("W/") == etag for given in header.split(","))


def ensure_unchanged(request: HttpRequest, representation: Any) -> None:
    """Honour `If-Match` before a write; without the header nothing is asked.

    :param representation: what a GET would answer now.
    :raises PreconditionFailed: if the client has read something else.
    """
    header = request.META.get("HTTP_IF_MATCH")
    if header is not None and not names_etag(header, etag_of(representation)):
        raise PreconditionFailed("Read it again, look at what changed, and send your change anew.")
