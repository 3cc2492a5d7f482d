"""Pages: lists are walked by key, never by offset, so that page 10,000 costs what page 1 costs.

A cursor is the sort key of the last row seen, signed and bound to its list; clients pass it back unread.
"""

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from django.conf import settings
from django.db.models import Model, QuerySet

from config.ground.api.bodies import Body
from config.ground.refusals import InvalidInput

Row = TypeVar("Row")
Item = TypeVar("Item")
Stored = TypeVar("Stored", bound=Model)

LARGEST_PAGE = 200
_SIGNATURE_BYTES = 12


class PageParams(Body, frozen=True, kw_only=True):
    """The query parameters of a list; a list with filters inherits from it."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=LARGEST_PAGE, description="Rows of a page.")] = 50
    cursor: Annotated[str, msgspec.Meta(max_length=400, description="`next` of the page before.")] | None = (
        None
    )


class PageOf(Body, Generic[Item], frozen=True, kw_only=True):
    """One page. `next` is null on the last one."""

    results: list[Item]
    next: str | None = None


def seal_cursor(listing: str, key: Sequence[Any]) -> str:
    """A cursor for the row with this sort key.

    :param listing: the list it belongs to, e.g. `entries:55`; another list refuses it.
    """
    packed = msgspec.msgpack.encode(list(key))
    return _as_text(_signature(listing, packed) + packed)


def open_cursor(listing: str, cursor: str | None) -> tuple[Any, ...] | None:
    """The sort key within a cursor; None for none.

    :raises InvalidInput: if it was not given out by this list.
    """
    if cursor is None:
        return None
    try:
        sealed = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except (ValueError, binascii.Error):
        raise _unknown_cursor() from None
    signature, packed = sealed[:_SIGNATURE_BYTES], sealed[_SIGNATURE_BYTES:]
    if _as_text(sealed) != cursor or not hmac.compare_digest(signature, _signature(listing, packed)):
        raise _unknown_cursor()
    return tuple(msgspec.msgpack.decode(packed))


def page_of(
    rows: Sequence[Row],
    *,
    limit: int,
    listing: str,
    key: Callable[[Row], Sequence[Any]],
    body: Callable[[Row], Item],
) -> PageOf[Item]:
    """A page from `limit + 1` rows: the one too many only says that there is a next page."""
    shown = rows[:limit]
    following = seal_cursor(listing, key(shown[-1])) if len(rows) > limit else None
    return PageOf(results=[body(row) for row in shown], next=following)


def page_by(
    field: str,
    rows: QuerySet[Stored],
    asked: PageParams,
    *,
    listing: str,
    bodies: Callable[[list[Stored]], list[Item]],
) -> PageOf[Item]:
    """A page of stored rows in the order of a field that no two of them share; `-pk` puts the latest first.

    :param bodies: what the client sees of the rows, in their order.
    """
    name = field.removeprefix("-")
    seen = open_cursor(listing, asked.cursor)
    if seen is not None:
        rows = rows.filter(**{f"{name}__{'gt' if field == name else 'lt'}": seen[0]})
    found = list(rows.order_by(field)[: asked.limit + 1])
    shown = found[: asked.limit]
    following = seal_cursor(listing, [getattr(shown[-1], name)]) if len(found) > asked.limit else None
    return PageOf(results=bodies(shown), next=following)


def _as_text(sealed: bytes) -> str:
    return urlsafe_b64encode(sealed).decode().rstrip("=")


def _signature(listing: str, packed: bytes) -> bytes:
    secret = settings.SECRET_KEY.encode()
    return hmac.new(secret, b"cursor:" + listing.encode() + b"\0" + packed, sha256).digest()[
        :_SIGNATURE_BYTES
    ]


def _unknown_cursor() -> InvalidInput:
    detail = "This cursor was not given out by this list."
    return InvalidInput(errors=[{"pointer": "/cursor", "code": "invalid", "detail": detail, "in": "query"}])
