"""Who changed it: what the history tables keep beside each change made by staff."""

import json
import uuid
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

WRITING_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_WRITES = ("INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "COPY")
_NAME_THE_CONTEXT = (
    "SELECT set_config('pghistory.context_id', %s, true), set_config('pghistory.context_metadata', %s, true)"
)


class SayWho:
    """Tell the history triggers which member of staff asks, and on which page, for each change of one request.

    pghistory's own middleware puts its variables in front of each statement as one string of two commands, which
    PostgreSQL refuses with parameters bound by the server. So we send them as a statement of their own.
    """

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method not in WRITING_METHODS:
            return self.get_response(request)
        with connection.execute_wrapper(_Teller(request)):
            return self.get_response(request)


class _Teller:
    """Sets the variables in the transaction of each writing statement; they end with it."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.context_id = str(uuid.uuid4())

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.lstrip().upper().startswith(_WRITES):
            return execute(sql, params, many, context)
        # Read before the block below: finding out who asks may itself be a statement.
        metadata = json.dumps({"user": self.request.user.pk, "url": self.request.path})
        with transaction.atomic(savepoint=False), context["connection"].cursor() as cursor:
            cursor.execute(_NAME_THE_CONTEXT, [self.context_id, metadata])
            return execute(sql, params, many, context)
