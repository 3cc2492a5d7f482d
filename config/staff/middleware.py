"""The layers that pages for people need and doors for machines do not."""

from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.module_loading import import_string

Handler = Callable[[HttpRequest], HttpResponseBase]

NOTHING_BUT_DATA = "default-src 'none'; frame-ancestors 'none'"
"""The content security policy of every answer that is not a page: a browser that opens it may load nothing."""


class ForAdminOnly:
    """Run `settings.ADMIN_MIDDLEWARE` for the paths in `settings.STAFF_PATHS`, and nothing of it for any other path.

    The chain is built once, as Django builds its own. A layer's `process_view`, `process_exception` and
    `process_template_response` are called for these paths in Django's order.
    """

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Handler) -> None:
        self.paths: tuple[str, ...] = tuple(settings.STAFF_PATHS)
        self.get_response = get_response
        self.chain, self.layers = _chain(settings.ADMIN_MIDDLEWARE, get_response)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(self.paths):
            return self.chain(request)
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", NOTHING_BUT_DATA)
        return response

    def process_view(self, request: HttpRequest, *call: Any) -> HttpResponseBase | None:
        """Ask each layer from the outside in; the first that answers ends it."""
        return self._first_answer(request, "process_view", self.layers, *call)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """Ask each layer from the inside out; the first that answers ends it."""
        return self._first_answer(request, "process_exception", self.layers[::-1], exception)

    def process_template_response(self, request: HttpRequest, response: Any) -> Any:
        """Let each layer, from the inside out, change an answer before it is rendered."""
        if request.path_info.startswith(self.paths):
            for layer in self.layers[::-1]:
                if hook := getattr(layer, "process_template_response", None):
                    response = hook(request, response)
        return response

    def _first_answer(
        self, request: HttpRequest, hook_name: str, layers: list[Any], *arguments: Any
    ) -> HttpResponseBase | None:
        if request.path_info.startswith(self.paths):
            for layer in layers:
                hook = getattr(layer, hook_name, None)
                answer: HttpResponseBase | None = hook(request, *arguments) if hook else None
                if answer is not None:
                    return answer
        return None


def _chain(names: list[str], innermost: Handler) -> tuple[Handler, list[Any]]:
    """The layers wrapped around `innermost`, and the list of them from the outside in."""
    handler = innermost
    layers: list[Any] = []
    for name in reversed(names):
        try:
            layer = import_string(name)(handler)
        except MiddlewareNotUsed:
            continue
        layers.insert(0, layer)
        handler = cast(Handler, convert_exception_to_response(layer))
    return handler, layers
