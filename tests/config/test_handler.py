"""The way from the web server to a view."""

import logging
from io import BytesIO
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from django.urls import Resolver404

from config.ground.handler import Handler
from config.ground.request_ids import add_request_id, note_request_id


def _request(handler: Handler, path: str) -> Any:
    environ: dict[str, Any] = {"PATH_INFO": path, "wsgi.input": BytesIO()}
    setup_testing_defaults(environ)
    return handler.request_class(environ)


def test_a_route_without_parameters_is_found_once() -> None:
    handler = Handler()
    first = handler.resolve_request(_request(handler, "/api/v1/me/wallet"))
    request = _request(handler, "/api/v1/me/wallet")
    assert handler.resolve_request(request) is first
    assert request.resolver_match is first
    assert first.func.view_class.__name__ == "MyWallet"


def test_routes_with_parameters_are_told_apart() -> None:
    handler = Handler()
    one, other = (
        handler.resolve_request(_request(handler, f"/api/v1/members/m_{letter * 26}")) for letter in "ab"
    )
    assert one.kwargs != other.kwargs
    assert handler.resolve_request(_request(handler, f"/api/v1/members/m_{'a' * 26}")).kwargs == one.kwargs


def test_what_leads_nowhere_is_not_kept() -> None:
    handler = Handler()
    for _ in range(2):
        with pytest.raises(Resolver404):
            handler.resolve_request(_request(handler, "/api/v1/nowhere"))


def test_lines_of_the_log_carry_the_request_they_belong_to() -> None:
    note_request_id("till-7")
    log: Any = logging.getLogger("test")
    assert add_request_id(log, "info", {"event": "sold"}) == {"event": "sold", "request_id": "till-7"}
    assert add_request_id(log, "info", {"event": "sold", "request_id": "own"})["request_id"] == "own"
    note_request_id("")
    assert add_request_id(log, "info", {"event": "sold"}) == {"event": "sold"}
