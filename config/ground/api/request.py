"""What a door calls a request: DRF's, without what only forms, parsers and DRF's own test client need."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Empty, Request


class DoorRequest(Request):
    """A request whose body the door decodes by itself.

    The caller is looked for once and then at hand: DRF's own request asks the one below for each attribute that it has
    not got, which costs more than everything else here.
    """

    parsers: Any = ()
    negotiator: Any = None
    parser_context: Any = {}
    _data: Any = Empty
    _files: Any = Empty
    _full_data: Any = Empty
    _content_type: Any = Empty
    _stream: Any = Empty

    def __init__(self, request: HttpRequest, authenticators: Sequence[BaseAuthentication]) -> None:
        self._request = request
        self.authenticators = authenticators

    @property
    def user(self) -> Any:
        """The `Caller`; None if nobody signed in."""
        if "_user" not in self.__dict__:
            super()._authenticate()  # type: ignore[misc] # the stubs leave it out
        return self.__dict__["_user"]

    @user.setter
    def user(self, caller: Any) -> None:
        self.__dict__["_user"] = self._request.user = caller
