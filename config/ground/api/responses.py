"""What every door may answer beside its own answers: problems and headers, for the API document."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from config.ground.api.door import Door


class InputError(msgspec.Struct):
    """What is wrong with one field of the input."""

    pointer: str
    code: str
    detail: str
    place: str | msgspec.UnsetType = msgspec.field(name="in", default=msgspec.UNSET)


class Problem(msgspec.Struct):
    """A problem document (RFC 9457). Further members belong to the code."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    errors: list[InputError] | msgspec.UnsetType = msgspec.UNSET


_WORDS: Mapping[int, str] = {
    400: "The request is not readable, or lacks its Idempotency-Key.",
    401: "No valid key or token came along.",
    403: "This key or token may not do that.",
    404: "There is nothing by this name.",
    405: "The door does not know the method.",
    409: "The state of the world forbids it, or the same request is still in flight.",
    411: "Content-Length is missing.",
    412: "It has changed since you read it.",
    413: "The body is too large.",
    415: "The content type is not taken.",
    422: "The input does not fit; `errors` say where. Or the Idempotency-Key was used for another request.",
    429: "Too many requests; Retry-After says when to come again.",
    503: "The service cannot answer right now. Try again with the same key: what was written counts once.",
}

_TEXT = {"schema": {"type": "string"}}
HEADERS: dict[str, Any] = {
    "X-Request-Id": {"description": "The client's own, or one made here; the log knows it.", **_TEXT},
    "RateLimit-Policy": {"description": "Calls allowed (q) in how many seconds (w).", **_TEXT},
    "RateLimit": {"description": "Calls left (r) and seconds until all are back (t).", **_TEXT},
    "Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}},
    "WWW-Authenticate": {"description": "Bearer.", **_TEXT},
    "Allow": {"description": "The methods the door knows.", **_TEXT},
    "ETag": {"description": "For If-None-Match, and If-Match on writes.", **_TEXT},
    "Idempotent-Replayed": {"description": "`true` on an answer that was given before.", **_TEXT},
}
SECURITY: dict[str, Any] = {
    "key": {"type": "http", "scheme": "bearer", "description": "A till's or integration's key (`rk_...`)."},
    "member": {"type": "http", "scheme": "bearer", "description": "A member's access token (`ra_...`)."},
}

_ALWAYS = ("X-Request-Id",)
_OF_STATUS = {401: ("WWW-Authenticate",), 405: ("Allow",), 429: ("Retry-After",), 503: ("Retry-After",)}


def _references(names: tuple[str, ...]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


PROBLEMS: dict[str, Any] = {
    f"Problem{status}": {
        "description": words,
        "headers": _references(_ALWAYS + _OF_STATUS.get(status, ())),
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status, words in _WORDS.items()
}


def headers_of(verb: str, status: int) -> dict[str, Any]:
    """The headers of a door's own answer."""
    names = (*_ALWAYS, "RateLimit-Policy", "RateLimit")
    if verb == "get":
        return _references((*names, "ETag") if status == 200 else names)
    return _references((*names, "Idempotent-Replayed"))


def problems_of(door: "Door", verb: str) -> list[int]:
    """The problems a door may answer beside those it declares itself."""
    found = [400, 404, 405, 422, 429, 503]
    if verb != "get":
        found += [409, 411, 412, 413]
    if verb in door.takes:
        found.append(415)
    found.append(401)
    if door._scopes[verb]:
        found.append(403)
    return sorted(found)
