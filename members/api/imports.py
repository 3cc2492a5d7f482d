"""Doors for integrations that bring members in from files: upload, name the columns, look, apply, undo.

The same steps as the pages of the admin; the work is done in the background, and told by the state of the import. A key
knows what it brought itself, or a key whose place it took, and nothing that anybody else did.
"""

import tempfile
from datetime import datetime
from hashlib import blake2b
from typing import IO, Annotated, Any, Literal, cast

import msgspec
from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from msgspec import Meta
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.caller import caller_of
from config.ground.api.door import Answer, Door
from config.ground.api.idempotency import carry_out_once, find_answer, replay, sent_with
from config.ground.api.pages import PageOf, PageParams, page_by
from members.models import ImportRow, MemberImport
from members.queries.imports import get_import, list_brought_by
from members.rules.import_fields import DateOrder, Known, Likely, Mapping
from members.rules.import_rows import words_of
from members.services.imports import (
    apply_import,
    begin_import,
    drop_import,
    keep_file,
    mapping_of,
    name_columns,
    undo_import,
)

FILE = "application/octet-stream"
_READ = 64 * 1024
State = Literal["uploaded", "reading", "read", "applying", "applied", "undoing", "undone", "failed"]
Outcome = Literal["new", "known", "likely", "refused", "enrolled", "changed", "same", "left_out"]


class MappingBody(Body, frozen=True, kw_only=True):
    """How a file is read, and what becomes of its rows.

    `columns`: for each heading a field such as `phone`, `email`, `card`, `external`, `given_name`,
    `consent_email_marketing`, `attribute:milk` for the answers to the declared attribute `milk`, or "" to pass it
    over. Several columns may be `phone`, `email` or `card`. `date_order` is of dates like 03/04/1990; `region` of
    phones without a country code; `external_source` of customer numbers that do not say it; `consent_text` names the
    words that were consented to. `known`: who is a member already is left, filled in or overwritten; `likely`: who is
    probably one.
    """

    columns: Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(max_length=200)]
    date_order: DateOrder = "ymd"
    region: Annotated[str, Meta(pattern="^[A-Z]{2}$")] | None = None
    external_source: Annotated[str, Meta(pattern="^([a-z0-9][a-z0-9_-]{0,31})?$")] = ""
    consent_text: Annotated[str, Meta(max_length=64)] = ""
    known: Known = "leave"
    likely: Likely = "leave_out"


class ImportBody(Body, frozen=True, kw_only=True):
    """An import. `foreseen` counts rows by what would become of them, `counts` by what did, `undone_counts` members by
    what the undoing left; `rows_in_file` is null until the file is unpacked."""

    ref: str
    state: State
    problem: str
    file_name: str
    size_bytes: int
    headings: list[str]
    mapping: MappingBody
    rows_in_file: int | None
    rows_read: int
    foreseen: dict[str, int]
    counts: dict[str, int]
    undone_counts: dict[str, int]
    uploaded_at: datetime
    applied_at: datetime | None
    finished_at: datetime | None


class UploadParams(Body, frozen=True, kw_only=True):
    """`name`: what the file is called."""

    name: Annotated[str, Meta(min_length=1, max_length=200)] = "upload"


class RowParams(PageParams, frozen=True, kw_only=True):
    """`state`: only rows of which this becomes, or became."""

    state: Outcome | None = None


class RowBody(Body, frozen=True, kw_only=True):
    """A row of a file. `row` counts from the headings, which are 1; `problems` say what to do, or of a row that is
    taken, what was found in it; `refs`: who it is."""

    row: int
    state: Outcome
    cells: list[str]
    problems: list[str]
    refs: list[str]


class Imports(Door):
    """Bring a file of members (CSV, XLSX, NDJSON, plain or gzipped); list what this key brought, the newest
    first.

    The body is the file itself. Nothing is written yet: its columns are guessed, or remembered, and wait to be named.
    """

    scope = "imports"
    takes = {"post": FILE}
    content_types = (FILE,)
    params = {"get": PageParams, "post": UploadParams}
    answers = {"get": {200: PageOf[ImportBody]}, "post": {201: ImportBody}}
    idempotency = "own"

    def get(self, request: Request) -> Answer:
        asked: PageParams = self.query(request)
        return Answer(page_by("-pk", _brought(request), asked, listing="imports", bodies=_import_bodies))

    def post(self, request: Request) -> HttpResponseBase:
        asked: UploadParams = self.query(request)
        caller, http = caller_of(request), request._request
        with tempfile.TemporaryFile() as file:
            sent = sent_with(http, caller, body_digest=_receive(http, file))
            if sent and (stored := find_answer(sent)):
                return replay(sent, stored)
            kept = keep_file(file, size=file.tell())

        def begin() -> Answer:
            region = caller.region or settings.DEFAULT_REGION
            batch = begin_import(asked.name, kept, region=region, actor=caller.name, now=clock.now())
            return Answer(_import_body(batch), status=201)

        return begin() if sent is None else carry_out_once(sent, begin)


def _receive(request: HttpRequest, file: IO[bytes]) -> bytes:
    """Write the body to a file, piece by piece; answers its digest."""
    digest = blake2b()
    while piece := request.read(_READ):
        digest.update(piece)
        file.write(piece)
    return digest.digest()


class OneImport(Door):
    """How far it is, and what it came to. What was not applied can be forgotten, with its file and its rows."""

    scope = "imports"
    answers = {"get": {200: ImportBody}, "delete": {204: None}}

    def get(self, request: Request, ref: str) -> Answer:
        return Answer(_import_body(_own(request, ref)))

    def delete(self, request: Request, ref: str) -> Answer:
        drop_import(_own(request, ref).pk)
        return Answer(status=204)


class ImportColumns(Door):
    """Say what the columns are, and have the file read; also again, after a look at what it came to."""

    scope = "imports"
    takes = {"put": MappingBody}
    answers = {"put": {202: ImportBody}}

    def put(self, request: Request, ref: str) -> Answer:
        body: MappingBody = self.body(request)
        batch = _own(request, ref)
        region = body.region or mapping_of(batch).region
        told = msgspec.structs.asdict(body) | {"region": region, "columns": tuple(body.columns)}
        named = name_columns(batch.pk, Mapping(**told), now=clock.now())
        return Answer(_import_body(named), status=202)


class ImportRows(Door):
    """Rows of a file as they were read, with what is wrong with them. They are kept for 30 days."""

    scope = "imports"
    params = {"get": RowParams}
    answers = {"get": {200: PageOf[RowBody]}}

    def get(self, request: Request, ref: str) -> Answer:
        asked: RowParams = self.query(request)
        batch = _own(request, ref)
        rows = ImportRow.objects.filter(batch=batch)
        if asked.state is not None:
            rows = rows.filter(state=asked.state)
        listing = f"import:{batch.pk}:{asked.state or ''}"
        return Answer(page_by("row", rows, asked, listing=listing, bodies=_row_bodies))


class ApplyImport(Door):
    """Let what was looked at become true, in the background. Refused where it was applied already."""

    scope = "imports"
    answers = {"post": {202: ImportBody}}

    def post(self, request: Request, ref: str) -> Answer:
        applied = apply_import(_own(request, ref).pk, actor=caller_of(request).name, now=clock.now())
        return Answer(_import_body(applied), status=202)


class UndoImport(Door):
    """Take back what it did and nobody touched since, in the background."""

    scope = "imports"
    answers = {"post": {202: ImportBody}}

    def post(self, request: Request, ref: str) -> Answer:
        undone = undo_import(_own(request, ref).pk, actor=caller_of(request).name, now=clock.now())
        return Answer(_import_body(undone), status=202)


def _brought(request: Request) -> QuerySet[MemberImport]:
    caller = caller_of(request)
    return list_brought_by([caller.name, *caller.forebears])


def _own(request: Request, ref: str) -> MemberImport:
    """
    :raises ImportNotThere: this key brought none of this ref.
    """
    return get_import(ref, _brought(request))


def _import_bodies(batches: list[MemberImport]) -> list[ImportBody]:
    return [_import_body(batch) for batch in batches]


def _import_body(batch: MemberImport) -> ImportBody:
    own: dict[str, Any] = {
        name: getattr(batch, name)
        for name in ImportBody.__struct_fields__
        if name not in ("headings", "mapping")
    }
    # Not judged anew: what the console or a colleague named may be more than a door takes.
    return ImportBody(**own, headings=list(batch.shape[3]), mapping=MappingBody(**batch.mapping))


def _row_bodies(rows: list[ImportRow]) -> list[RowBody]:
    return [
        RowBody(
            row=one.row,
            state=cast(Outcome, one.state),
            cells=one.cells,
            problems=[words_of(problem) for problem in one.problems],
            refs=one.refs,
        )
        for one in rows
    ]
