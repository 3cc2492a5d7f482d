"""The two layers that every request passes, the API's and the admin's."""

import re
from collections.abc import Callable
from contextlib import suppress
from secrets import token_hex

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, UnreadablePostError
from django.urls import Resolver404, resolve

from config.ground.api import problems
from config.ground.request_ids import note_request_id

GetResponse = Callable[[HttpRequest], HttpResponseBase]

_SANE_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")

LARGEST_BODY = 1024 * 1024
LARGEST_BATCH = 8 * 1024 * 1024
BATCH_TYPE = "application/x-ndjson"
FILE_TYPE = "application/octet-stream"
CHUNK = 64 * 1024
MOST_READ_PAST = 16 * 1024 * 1024
_NO_BODY = (None, "", "0")
_BODILESS = (204, 304)


def RequestId(get_response: GetResponse) -> GetResponse:  # noqa: N802 - reads as a class where it is named
    """Echo the client's `X-Request-Id`, or make one; log lines and problem documents carry it."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if _SANE_ID.fullmatch(given) else token_hex(16)
        request.request_id = request_id  # type: ignore[attr-defined] # ours, read by problems and logs
        note_request_id(request_id)
        response = get_response(request)
        response.headers["X-Request-Id"] = request_id
        if isinstance(response, HttpResponse) and response.status_code not in _BODILESS:
            response.headers.setdefault("Content-Length", str(len(response.content)))
        return response

    return middleware


def BodyLimit(get_response: GetResponse) -> GetResponse:  # noqa: N802 - reads as a class where it is named
    """Refuse bodies over 1 MiB (batches: 8 MiB, files: as the settings say) before keeping them; the API alone.

    A body that nobody read, because the request was refused before, is read past: the server would close the connection
    otherwise, and the client see that in place of the answer.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith("/api/"):
            return get_response(request)
        response = _refuse_size(request) or get_response(request)
        if request.META.get("CONTENT_LENGTH") not in _NO_BODY:
            _read_past(request)
        return response

    return middleware


def _refuse_size(request: HttpRequest) -> HttpResponseBase | None:
    meta = request.META
    length = meta.get("CONTENT_LENGTH") or "0"
    if "HTTP_TRANSFER_ENCODING" in meta and not meta.get("CONTENT_LENGTH"):
        return problems.problem(
            request,
            status=411,
            code="length_required",
            title="Content-Length is needed",
            detail="Send the body in one piece, with its Content-Length.",
        )
    most = _most_of(request, meta.get("CONTENT_TYPE", ""))
    if length.isdecimal() and int(length) <= most:
        return None
    return problems.problem(
        request,
        status=413,
        code="body_too_large",
        title="The body is too large",
        detail=f"At most {most} bytes are taken here.",
    )


def _most_of(request: HttpRequest, content_type: str) -> int:
    if content_type.startswith(FILE_TYPE) and _takes_files(request):
        return int(settings.IMPORT_MB["file"]) * 1024**2
    return LARGEST_BATCH if content_type.startswith(BATCH_TYPE) else LARGEST_BODY


def _takes_files(request: HttpRequest) -> bool:
    """Whether the door that is called does: all others would hold a large body in memory."""
    try:
        door = resolve(request.path_info).func
    except Resolver404:
        return False
    return FILE_TYPE in getattr(getattr(door, "view_class", None), "content_types", ())


def _read_past(request: HttpRequest) -> None:
    """Read what is left of a body up to `MOST_READ_PAST`, and keep nothing of it."""
    if hasattr(request, "_body"):
        return
    with suppress(UnreadablePostError):
        for _ in range(MOST_READ_PAST // CHUNK):
            if not request.read(CHUNK):
                return
