"""Door: what every endpoint of the API is. It understands, calls once, answers.

DRF's `APIView` is the base; what a JSON-only API with its own callers does not need of its machinery is left out,
because the till waits for it: no content negotiation, no renderers, no permission or throttle objects per request.
"""

from collections.abc import Mapping
from time import perf_counter
from typing import Any, ClassVar, Literal

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.views import APIView

from config.ground import metrics
from config.ground.api import etags, idempotency, limits, problems
from config.ground.api.bodies import decode, decode_query
from config.ground.api.caller import Caller, find_caller
from config.ground.api.json import encode
from config.ground.api.request import DoorRequest
from config.ground.refusals import NotAllowed, NotFound, NotSignedIn, Refusal

Scope = str | tuple[str, ...]
SAFE = frozenset({"get", "head", "options"})
METHODS = ("get", "post", "put", "patch", "delete")


class MethodNotAllowed(Refusal):
    status = 405
    code = "method_not_allowed"
    title = "This door does not know the method"


class UnsupportedMediaType(Refusal):
    status = 415
    code = "unsupported_media_type"
    title = "The content type is not taken here"


class Answer(HttpResponse):
    """JSON from a struct, dict or list; with None and 204, nothing."""

    def __init__(self, body: Any = None, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        content = b"" if body is None else encode(body)
        super().__init__(content, status=status, content_type="application/json", headers=headers)


class Door(APIView):
    """
    :cvar scope: what a caller must hold; of a tuple any one; "" is open to everybody; a mapping says it per method.
    :cvar takes: method -> the struct its body is decoded to, e.g. `{"post": PurchaseBody}`.
    :cvar answers: method -> status -> the struct it answers, None for no body. For the API document.
    :cvar params: method -> the struct of its query parameters; a parameter nobody declared is refused.
    :cvar content_types: what `takes` may come as.
    :cvar answer_type: what `answers` come as.
    :cvar idempotency: whether writes honour `Idempotency-Key`: `accepted`, `required`, the same as `own` and
        `own_required` (the door keeps its answer itself), or `none`. For `accepted` and `required` the handler runs
        inside one transaction, so what it calls must not insist on a durable one. Without a caller there is nobody to
        remember a key for.
    :cvar checks_key_itself: a hot door whose own statement asks whether the key or token still lets in; authentication
        may then trust what the process remembers of a key, and leaves a member's token unread.
    """

    scope: ClassVar[Scope | Mapping[str, Scope]]
    takes: ClassVar[Mapping[str, Any]] = {}
    answers: ClassVar[Mapping[str, Mapping[int, Any]]] = {}
    params: ClassVar[Mapping[str, Any]] = {}
    content_types: ClassVar[tuple[str, ...]] = ("application/json",)
    answer_type: ClassVar[str] = "application/json"
    idempotency: ClassVar[Literal["accepted", "required", "own", "own_required", "none"]] = "accepted"
    checks_key_itself: ClassVar[bool] = False
    metadata_class = None

    _scopes: ClassVar[Mapping[str, frozenset[str]]] = {}
    _known_methods: ClassVar[frozenset[str]] = frozenset()
    _allow: ClassVar[str] = ""
    _authenticators: ClassVar[list[BaseAuthentication] | None] = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        methods = [method for method in METHODS if hasattr(cls, method)]
        if not methods:
            return
        if not hasattr(cls, "scope"):
            raise TypeError(
                f"{cls.__name__} must say its scope; an open door says it is open with scope = ''."
            )
        cls._scopes = {method: _scopes_of(cls.scope, method) for method in methods}
        cls._known_methods = frozenset([*methods, "options", *(["head"] if "get" in methods else [])])
        cls._allow = ", ".join(sorted(method.upper() for method in cls._known_methods))

    def body(self, request: Request) -> Any:
        """The request's body as the struct that `takes` names for its method.

        :raises MalformedJson: 400. :raises InvalidInput: 422.
        """
        http = request._request
        return decode(http.body, self.takes[(http.method or "").lower()])

    def query(self, request: Request) -> Any:
        """The query parameters as the struct that `params` names for the method."""
        return self._query

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        began = perf_counter()
        self.args, self.kwargs = args, kwargs
        self.headers: dict[str, str] = {}
        method = (request.method or "").lower()
        self.request = wrapped = DoorRequest(request, self._authenticators_once())
        try:
            self.initial(wrapped, *args, **kwargs)
            response = self._call(method, wrapped, kwargs)
        except Exception as fault:
            response = self._answer_fault(fault, request)
        response = self.finalize_response(wrapped, response)
        metrics.observe_answer(type(self).__name__, method, response.status_code, perf_counter() - began)
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Everything that can refuse a request before its handler sees it, the cheapest first."""
        http = request._request
        method = (http.method or "").lower()
        if method not in self._known_methods:
            raise MethodNotAllowed(f"Allowed: {self._allow}.")
        if "\0" in http.path:
            raise NotFound()
        self._let_in(find_caller(request), self._scopes.get("get" if method == "head" else method), http)
        if method in self.takes:
            self._ensure_content_type(http)
        asked = http.META.get("QUERY_STRING", "")
        kind = self.params.get(method)
        self._query = decode_query(asked, kind) if asked or kind else None

    def finalize_response(  # type: ignore[override] # doors answer plain responses, not DRF's rendered ones
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        headers = response.headers
        if self._limit_policy:
            headers["RateLimit-Policy"] = self._limit_policy
            headers["RateLimit"] = self._limit_state
        if "Cache-Control" not in headers:
            headers["Cache-Control"] = "private, no-cache"
        if response.status_code == 405:
            headers["Allow"] = self._allow
        return response

    def options(  # type: ignore[override] # as above
        self, request: Request, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """What methods there are."""
        return HttpResponse(status=204, headers={"Allow": self._allow})

    _limit_policy = ""
    _limit_state = ""

    def _let_in(self, caller: Caller | None, scopes: frozenset[str] | None, request: HttpRequest) -> None:
        if caller is None:
            if "HTTP_AUTHORIZATION" in request.META:
                raise NotSignedIn("The key or token is not known, has ended or was revoked.")
            kind, name = "anonymous", "from:" + request.META.get("REMOTE_ADDR", "")
        else:
            kind, name = caller.kind, caller.name
        self._limit_policy, self._limit_state = limits.count_call(kind, name)
        if not scopes:
            return
        if caller is None:
            raise NotSignedIn("Send a key or token: Authorization: Bearer ...")
        if scopes.isdisjoint(caller.scopes):
            raise NotAllowed(f"A key with the scope {' or '.join(sorted(scopes))} is needed.")

    def _call(self, method: str, request: Request, kwargs: dict[str, Any]) -> HttpResponseBase:
        handler = getattr(self, method)
        http = request._request
        if method in SAFE:
            return (
                _unless_known(http, handler(request, **kwargs)) if method != "options" else handler(request)
            )
        caller = find_caller(request)
        if self.idempotency in ("accepted", "required") and caller is not None:
            sent = idempotency.sent_with(http, caller, is_required=self.idempotency == "required")
            if sent is not None:
                return idempotency.carry_out_once(sent, lambda: handler(request, **kwargs))
        response: HttpResponseBase = handler(request, **kwargs)
        return response

    def _ensure_content_type(self, request: HttpRequest) -> None:
        given = request.META.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        if given not in self.content_types:
            raise UnsupportedMediaType(f"Send {' or '.join(self.content_types)}.")

    def _answer_fault(self, fault: Exception, request: HttpRequest) -> HttpResponse:
        response = problems.answer_refusal(fault, request)
        if response is None:
            raise fault
        return response

    @classmethod
    def _authenticators_once(cls) -> list[BaseAuthentication]:
        """Authenticators hold no state of a request, so one of each serves all."""
        if "_authenticators" not in cls.__dict__ or cls._authenticators is None:
            cls._authenticators = [kind() for kind in cls.authentication_classes]
        return cls._authenticators


def _scopes_of(scope: Scope | Mapping[str, Scope], method: str) -> frozenset[str]:
    if isinstance(scope, Mapping):
        scope = scope[method]
    return frozenset((scope,) if isinstance(scope, str) else scope) - {""}


def _unless_known(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Give an answer its ETag, and say 304 with nothing more if the client holds it already."""
    if response.status_code != 200 or response.streaming:
        return response
    etag = etags.etag_of_bytes(response.content)
    known = request.META.get("HTTP_IF_NONE_MATCH")
    if known is not None and etags.names_etag(known, etag):
        response = HttpResponse(status=304)
        del response.headers["Content-Type"]
    response.headers["ETag"] = etag
    return response
