"""The id of the request that is being answered, for the lines of the log."""

from contextvars import ContextVar

from structlog.typing import EventDict, WrappedLogger

_request_id: ContextVar[str] = ContextVar("request_id", default="")


def note_request_id(request_id: str) -> None:
    """From now on, and until the next request of this thread, lines of the log carry it."""
    _request_id.set(request_id)


def add_request_id(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A processor of structlog: `request_id`, where a request is being answered."""
    if request_id := _request_id.get():
        event.setdefault("request_id", request_id)
    return event
