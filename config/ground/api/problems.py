"""Problem documents (RFC 9457): how a refusal reads on the wire."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views import defaults

from config.ground.api.json import encode
from config.ground.refusals import InvalidInput, Refusal

CONTENT_TYPE = "application/problem+json"

_log = logging.getLogger("regulars.api")


def problem(
    request: HttpRequest,
    *,
    status: int,
    code: str,
    title: str,
    detail: str,
    facts: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """A problem document; `facts` are further members, such as `errors` or `spendable`."""
    document: dict[str, Any] = {
        "type": f"urn:regulars:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": getattr(request, "request_id", ""),
        **(facts or {}),
    }
    response = HttpResponse(
        encode(document),
        status=status,
        content_type=CONTENT_TYPE,
        headers={"Cache-Control": "no-store", **(headers or {})},
    )
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = 'Bearer realm="regulars"'
    return response


def problem_of(refusal: Refusal, request: HttpRequest) -> HttpResponse:
    """The problem document of a refusal; a pointer without `errors` becomes the one entry there."""
    facts = dict(refusal.facts)
    if refusal.pointer is not None:
        entry = {"pointer": refusal.pointer, "code": refusal.code, "detail": refusal.detail}
        facts.setdefault("errors", [entry])
    detail = refusal.detail
    if isinstance(refusal, InvalidInput) and detail == refusal.title and facts.get("errors"):
        first = facts["errors"][0]
        detail = f"{first['pointer'] or 'The body'}: {first['detail']}"
    headers = {}
    if retry_after_s := getattr(refusal, "retry_after_s", None):
        headers["Retry-After"] = str(retry_after_s)
    return problem(
        request,
        status=refusal.status,
        code=refusal.code,
        title=refusal.title,
        detail=detail,
        facts=facts,
        headers=headers,
    )


def answer_refusal(fault: Exception, request: HttpRequest) -> HttpResponse | None:
    """What a door answers instead. None for what is a bug: it travels on, is logged in full and ends as a 500."""
    if isinstance(fault, Refusal):
        return problem_of(fault, request)
    if isinstance(fault, OperationalError | InterfaceError) and _passes(fault):
        _log.error("The database did not answer.", exc_info=fault)
        return problem(
            request,
            status=503,
            code="unavailable",
            title="The service cannot answer right now",
            detail="Try again in a moment, with the same idempotency key: what was written counts once.",
            headers={"Retry-After": "1"},
        )
    return None


def _passes(fault: Exception) -> bool:
    """Whether the database failed in a way that another try may not: it is away, busy, or two got in each other's way.

    Without an SQLSTATE the connection was lost or never made.
    """
    sqlstate = getattr(fault.__cause__, "sqlstate", None)
    return sqlstate is None or sqlstate.startswith(_PASSING_CLASSES)


_PASSING_CLASSES = ("08", "40", "53", "55", "57")
"""Connection, rollback, resources, state of an object, and intervention of an operator (PostgreSQL, appendix A)."""


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def answer_unknown_path(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Django's handler404."""
    if not _is_api(request):
        return defaults.page_not_found(request, exception)
    return problem(
        request,
        status=404,
        code="not_found",
        title="There is nothing here by this name",
        detail="No door has this path.",
    )


def answer_bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Django's handler400: a host it does not know, a body beyond its limits."""
    if not _is_api(request):
        return defaults.bad_request(request, exception)
    return problem(
        request,
        status=400,
        code="bad_request",
        title="The request is not readable",
        detail="The request could not be read.",
    )


def answer_bug(request: HttpRequest) -> HttpResponseBase:
    """Django's handler500: the log has everything, the answer has only the request's id."""
    if not _is_api(request):
        return defaults.server_error(request)
    return problem(
        request,
        status=500,
        code="internal_error",
        title="Something is broken here",
        detail="This is our fault and has been logged under the request_id. Nothing was written.",
    )
