"""Doors for members' own apps: a copy of everything that is held of them, and being forgotten."""

from datetime import datetime

from django.http import FileResponse
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.caller import caller_of, member_of
from config.ground.api.door import Answer, Door
from members.adapters.exports import open_copy
from members.errors import CopyNotReady
from members.models import DataExport, ErasureRequest
from members.queries.privacy import find_newest_copy, get_erasure, get_ready_copy
from members.services.copies import ask_for_copy, note_fetch
from members.services.erasures import ask_for_own_erasure, cancel_erasure


class CopyBody(Body, frozen=True, kw_only=True):
    """A copy of the data. `state`: waiting (being made), ready (to fetch until `kept_until`), gone."""

    ref: str
    state: str
    asked_at: datetime
    made_at: datetime | None
    kept_until: datetime | None
    size_bytes: int


class ErasureBody(Body, frozen=True, kw_only=True):
    """An erasure. `state`: asked (a colleague has to agree), agreed (called off until `due_at`), erasing, cancelled."""

    ref: str
    state: str
    asked_at: datetime
    due_at: datetime | None


class MyExport(Door):
    """Ask for a copy of everything that is held of you, and see whether it is ready."""

    scope = "member"
    answers = {"get": {200: CopyBody}, "post": {202: CopyBody}}

    def get(self, request: Request) -> Answer:
        newest = find_newest_copy(member_of(request))
        if newest is None:
            raise CopyNotReady
        return Answer(_copy_body(newest))

    def post(self, request: Request) -> Answer:
        asked = ask_for_copy(member_of(request), actor=caller_of(request).name, now=clock.now())
        return Answer(_copy_body(asked), status=202)


class MyExportFile(Door):
    """The copy itself: a zip of JSON files, of which `about.json` says what each holds and why."""

    scope = "member"
    answers = {"get": {200: "application/zip"}}

    def get(self, request: Request) -> FileResponse:
        now = clock.now()
        ready = get_ready_copy(member_of(request), now=now)
        try:
            content = open_copy(ready.file)
        except FileNotFoundError:
            raise CopyNotReady from None
        note_fetch(ready, actor=caller_of(request).name, now=now)
        return FileResponse(content, as_attachment=True, filename=f"{ready.ref}.zip")


class MyErasure(Door):
    """Ask to be forgotten, see when it will be, and call it off before then."""

    scope = "member"
    answers = {"get": {200: ErasureBody}, "post": {202: ErasureBody}, "delete": {200: ErasureBody}}

    def get(self, request: Request) -> Answer:
        return Answer(_erasure_body(get_erasure(member_of(request))))

    def post(self, request: Request) -> Answer:
        asked = ask_for_own_erasure(member_of(request), actor=caller_of(request).name, now=clock.now())
        return Answer(_erasure_body(asked), status=202)

    def delete(self, request: Request) -> Answer:
        under_way = get_erasure(member_of(request))
        cancelled = cancel_erasure(under_way.pk, actor=caller_of(request).name, now=clock.now())
        return Answer(_erasure_body(cancelled))


def _copy_body(copy: DataExport) -> CopyBody:
    return CopyBody(**{name: getattr(copy, name) for name in CopyBody.__struct_fields__})


def _erasure_body(request: ErasureRequest) -> ErasureBody:
    return ErasureBody(**{name: getattr(request, name) for name in ErasureBody.__struct_fields__})
