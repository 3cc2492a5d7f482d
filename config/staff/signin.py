"""Signing staff in: the password, then the second factor."""

from typing import Any

from django.http import HttpRequest, HttpResponse


def answer_locked_out(
    request: HttpRequest, _response: HttpResponse | None, _credentials: Any
) -> HttpResponse:
    """What somebody sees who tried too often."""
    return HttpResponse(
        "Too many attempts. Try again in a quarter of an hour.", status=429, content_type="text/plain"
    )
