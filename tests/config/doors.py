"""Doors that only tests have, to knock on the plumbing of all doors. Also a URLconf, for `pytest.mark.urls`."""

from datetime import date, datetime, timedelta
from threading import Event as Signal
from typing import Annotated

import msgspec
from django.db import connection
from django.urls import path
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.caller import Caller, member_of
from config.ground.api.door import Answer, Door
from config.ground.api.etags import ensure_unchanged
from config.ground.api.pages import PageOf, PageParams, open_cursor, page_of
from config.ground.models import JobRun
from config.ground.refusals import Refusal

CALLERS = {
    "Bearer rk_till": Caller(kind="key", id=1, name="key:1", scopes=frozenset({"till"})),
    "Bearer rk_other": Caller(kind="key", id=2, name="key:2", scopes=frozenset({"till"})),
    "Bearer rk_reports": Caller(kind="key", id=3, name="key:3", scopes=frozenset({"reports"})),
    "Bearer ra_ana": Caller(kind="member", id=7, name="member:7", scopes=frozenset({"member"}), member_id=7),
}

TILL = {"Authorization": "Bearer rk_till"}
OTHER_TILL = {"Authorization": "Bearer rk_other"}
REPORTS = {"Authorization": "Bearer rk_reports"}
ANA = {"Authorization": "Bearer ra_ana"}


class KnownCallers(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Caller, str] | None:
        given = request.META.get("HTTP_AUTHORIZATION", "")
        return (CALLERS[given], given) if given in CALLERS else None


class NothingLeft(Refusal):
    code = "nothing_left"
    title = "There is nothing left"


class LineBody(Body, frozen=True, kw_only=True):
    sku: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    quantity: Annotated[int, msgspec.Meta(ge=1, le=9_999)] = 1
    at: datetime | None = None


class BasketBody(Body, frozen=True, kw_only=True):
    name: str
    lines: list[LineBody] = []
    facts: dict[str, int] = {}
    on: date | None = None


class RunBody(Body, frozen=True, kw_only=True):
    id: int
    name: str


class ForTests(Door):
    authentication_classes = [KnownCallers]


class NoteRun(ForTests):
    """Writes a row, so that tests can count how often it did."""

    scope = "till"
    takes = {"post": BasketBody}
    answers = {"post": {201: RunBody}}

    def post(self, request: Request) -> Answer:
        basket: BasketBody = self.body(request)
        run = JobRun.objects.create(name=basket.name[:40], started_at=clock.now())
        if basket.name == "refuse":
            raise NothingLeft("Come back tomorrow.", spendable=3)
        if basket.name == "break":
            raise RuntimeError("secret inside")
        if basket.name == "wait":
            SlowNote.entered.set()
            SlowNote.may_end.wait(10)
        return Answer(RunBody(id=run.pk, name=run.name), status=201)


class SlowNote(NoteRun):
    """Where two requests meet: the first waits inside until the test lets it go."""

    entered = Signal()
    may_end = Signal()


class NoteRunOnce(NoteRun):
    idempotency = "required"


class RunParams(PageParams, frozen=True, kw_only=True):
    name: str | None = None
    at_least: int = 0


class ListRuns(ForTests):
    scope = ("till", "reports")
    params = {"get": RunParams}
    answers = {"get": {200: PageOf[RunBody]}}

    def get(self, request: Request) -> Answer:
        params: RunParams = self.query(request)
        seen = open_cursor("runs", params.cursor)
        runs = JobRun.objects.order_by("started_at", "pk")
        if seen is not None:
            moment, last = seen
            runs = runs.filter(started_at__gte=moment).exclude(started_at=moment, pk__lte=last)
        return Answer(
            page_of(
                list(runs[: params.limit + 1]),
                limit=params.limit,
                listing="runs",
                key=lambda run: (run.started_at, run.pk),
                body=lambda run: RunBody(id=run.pk, name=run.name),
            )
        )


class ShowBasket(ForTests):
    scope = {"get": ("till", "member"), "put": "till"}
    takes = {"put": BasketBody}
    answers = {"get": {200: BasketBody}, "put": {200: BasketBody}}
    kept = BasketBody(name="kept")

    def get(self, request: Request) -> Answer:
        return Answer(self.kept)

    def put(self, request: Request) -> Answer:
        ensure_unchanged(request._request, self.kept)
        return Answer(self.body(request))


class ShowMine(ForTests):
    scope = ("member", "till")

    def get(self, request: Request) -> Answer:
        return Answer({"member_id": member_of(request)})


class OpenDoor(ForTests):
    scope = ""

    def get(self, request: Request) -> Answer:
        return Answer({"now": clock.now() + timedelta(0)})


class LostDatabase(ForTests):
    scope = ""

    def get(self, request: Request) -> Answer:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 20")
            cursor.execute("SELECT pg_sleep(2)")
        return Answer({})


class ByRef(ForTests):
    scope = ""

    def get(self, request: Request, ref: str) -> Answer:
        return Answer({"ref": ref})


urlpatterns = [
    path("api/v1/runs", NoteRun.as_view()),
    path("api/v1/runs/once", NoteRunOnce.as_view()),
    path("api/v1/runs/list", ListRuns.as_view()),
    path("api/v1/runs/slow", SlowNote.as_view()),
    path("api/v1/basket", ShowBasket.as_view()),
    path("api/v1/me", ShowMine.as_view()),
    path("api/v1/open", OpenDoor.as_view()),
    path("api/v1/lost", LostDatabase.as_view()),
    path("api/v1/by/<ref:ref>", ByRef.as_view()),
    path("api/v1/texts/<str:ref>", ByRef.as_view()),
]

handler400 = "config.ground.api.problems.answer_bad_request"
handler404 = "config.ground.api.problems.answer_unknown_path"
handler500 = "config.ground.api.problems.answer_bug"
