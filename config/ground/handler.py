"""What takes a request from the web server to its view."""

from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest
from django.urls import ResolverMatch


class Handler(WSGIHandler):
    """Django's, which keeps at hand where routes without parameters lead.

    Django tries the patterns of all floors one after the other at each request. There are as many entries as such
    routes, whatever is asked for.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._known: dict[str, ResolverMatch] = {}

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        """
        :raises Resolver404: no route leads anywhere from this path.
        """
        match = self._known.get(request.path_info)
        if match is None:
            match = super().resolve_request(request)
            if f"/{match.route}" == request.path_info:
                self._known[request.path_info] = match
        request.resolver_match = match
        return match
