"""Imports of members: upload, name the columns, look, apply, and undo."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from unfold.decorators import display

from config.ground import clock
from config.ground.refusals import NotAllowed, Refusal
from config.ground.spreadsheets import csv_lines
from config.staff.actors import actor_of, name_actors
from config.staff.admin.readonly import OwnPageAdmin
from config.staff.list_exports import ExportsList
from config.staff.site import site
from members.admin.import_forms import ColumnsForm, UploadForm
from members.models import ImportRow, ImportState, MemberImport, RowState, UndoneHow
from members.models.imports import AT_WORK
from members.queries.imports import list_all_rows, list_remarked, list_rows, list_staying
from members.queries.members import find_ids
from members.rules.import_rows import words_of
from members.services.import_reading import preview_words
from members.services.imports import (
    REFUSED_HEADINGS,
    apply_import,
    drop_import,
    is_past_undoing,
    list_fields,
    mapping_of,
    name_columns,
    sample,
    undo_import,
    upload,
)

MAY_IMPORT = ("members.add_memberimport", "members.change_member", "members.see_personal_data")
STATES = {
    ImportState.UPLOADED: "warning",
    ImportState.READING: "info",
    ImportState.READ: "warning",
    ImportState.APPLYING: "info",
    ImportState.APPLIED: "success",
    ImportState.UNDOING: "info",
    ImportState.UNDONE: "default",
    ImportState.FAILED: "danger",
}
ROWS_SHOWN = 50
OUTCOMES = {
    RowState.ENROLLED: "Became members",
    RowState.CHANGED: "Members already, changed",
    RowState.UNCHANGED: "Members already, left as they were",
    RowState.LEFT_OUT: "Probably members already, left out",
    RowState.REFUSED: "Rows that could not be taken",
}
UNDONE = {
    UndoneHow.GONE: "Went away again",
    UndoneHow.BACK: "As they were before",
    UndoneHow.PARTLY: "In part as they were before",
    UndoneHow.STAYS: "Stay, because somebody touched them since",
}


def may_import(request: HttpRequest) -> bool:
    return request.user.has_perms(MAY_IMPORT)


@admin.register(MemberImport, site=site)
class MemberImportAdmin(ExportsList, OwnPageAdmin):
    """The newest first."""

    export_columns = {
        **{name: name for name in ("ref", "file_name", "state", "rows_read", "asked_by")},
        **{name: name for name in ("uploaded_at", "applied_by", "applied_at", "undone_by")},
    }
    when_empty = "Nothing was imported yet. Upload a file of members to begin."
    list_display = ("file_name", "uploaded_at", "state_label", "rows", "asker")
    list_filter = ("state",)
    list_filter_submit = True
    ordering = ("-pk",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may_import(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Its pages show rows as they stand in the file."""
        return super().has_view_permission(request, obj) and may_import(request)

    @display(description="state", label=STATES)
    def state_label(self, batch: MemberImport) -> tuple[str, str]:
        return batch.state, batch.get_state_display()

    @display(description="rows")
    def rows(self, batch: MemberImport) -> str:
        return f"{batch.rows_read:,}"

    @display(description="by")
    def asker(self, batch: MemberImport) -> str:
        return name_actors([batch.asked_by]).get(batch.asked_by, "")

    def new_page(self, request: HttpRequest) -> HttpResponse:
        """The file."""
        if not may_import(request):
            raise PermissionDenied
        form = UploadForm(request.POST or None, request.FILES or None)
        if form.is_valid():
            file = form.cleaned_data["file"]
            try:
                batch = upload(
                    file.name,
                    file,
                    size=file.size,
                    region=settings.DEFAULT_REGION,
                    actor=actor_of(request),
                    now=clock.now(),
                )
            except Refusal as refused:
                form.add_error("file", refused.detail)
            else:
                self.log_addition(request, batch, "Uploaded.")
                return HttpResponseRedirect(_page_of(batch))
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Import members",
            "form": form,
        }
        return render(request, "members/admin/import_upload.html", page)

    def row_page(self, request: HttpRequest, batch: MemberImport) -> HttpResponseBase:
        """What is to be done next, or what it came to."""
        if request.method == "POST":
            return self._step(request, batch)
        if "columns" in request.GET or batch.state in (ImportState.UPLOADED, ImportState.FAILED):
            return self._columns(request, batch)
        if "refused" in request.GET:
            self.log_change(request, batch, "Fetched the rows that were refused.")
            return _refused_file(batch)
        return render(request, "members/admin/import.html", self._told(request, batch))

    def _columns(self, request: HttpRequest, batch: MemberImport) -> HttpResponse:
        encoding = request.POST.get("encoding", "")
        page = self._frame(request, batch)
        try:
            shape, rows = sample(batch, encoding=encoding)
        except Refusal as refused:
            page["refused"] = refused.detail
            return render(request, "members/admin/import_columns.html", page)
        is_new = shape.headings != tuple(batch.shape[3])
        form = ColumnsForm(
            request.POST if request.method == "POST" and not is_new else None,
            headings=shape.headings,
            fields=list_fields(),
            mapping=mapping_of(batch),
            encoding=shape.encoding,
        )
        if "_read" in request.POST and form.is_valid():
            try:
                name_columns(batch.pk, form.mapping, encoding=encoding, now=clock.now())
            except Refusal as refused:
                messages.error(request, refused.detail)
            return HttpResponseRedirect(_page_of(batch))
        samples = list(zip(*[[*row, *[""] * len(shape.headings)] for row in rows], strict=False))
        columns = form.of_columns()
        page |= {
            "form": form,
            "media": form.media,
            "columns": list(zip(columns, [*samples, *[()] * len(columns)], strict=False)),
        }
        return render(request, "members/admin/import_columns.html", page)

    def _step(self, request: HttpRequest, batch: MemberImport) -> HttpResponse:
        if not may_import(request):
            raise PermissionDenied
        if "_read" in request.POST or "_again" in request.POST:
            return self._columns(request, batch)
        steps = {"_apply": (apply_import, "Applied."), "_undo": (undo_import, "Undone.")}
        chosen = next((steps[name] for name in steps if name in request.POST), None)
        try:
            if chosen is not None:
                chosen[0](batch.pk, actor=actor_of(request), now=clock.now())
                self.log_change(request, batch, chosen[1])
            elif "_drop" in request.POST:
                drop_import(batch.pk)
                messages.success(request, "The import is forgotten; nothing was written.")
                return HttpResponseRedirect(reverse("admin:members_memberimport_changelist"))
            else:
                raise NotAllowed("There is no such step.")
        except Refusal as refused:
            messages.error(request, refused.detail)
        return HttpResponseRedirect(_page_of(batch))

    def _frame(self, request: HttpRequest, batch: MemberImport) -> dict[str, Any]:
        names = name_actors([batch.asked_by, batch.applied_by, batch.undone_by])
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": batch.file_name,
            "batch": batch,
            "colour": STATES[ImportState(batch.state)],
            "asked_by": names.get(batch.asked_by, batch.asked_by),
            "applied_by": names.get(batch.applied_by, batch.applied_by),
            "undone_by": names.get(batch.undone_by, batch.undone_by),
        }

    def _told(self, request: HttpRequest, batch: MemberImport) -> dict[str, Any]:
        page = self._frame(request, batch) | {"is_open": batch.state in AT_WORK}
        if batch.state == ImportState.READ:
            page["foreseen"] = _lines(batch.foreseen, preview_words(mapping_of(batch)))
            page["takes_some"] = bool(batch.foreseen.keys() - {RowState.REFUSED})
        elif batch.counts:
            page["outcomes"] = _lines(batch.counts, OUTCOMES)
        if batch.state == ImportState.APPLIED:
            page["can_be_undone"] = not is_past_undoing(batch, now=clock.now())
        if batch.state in (ImportState.UNDOING, ImportState.UNDONE):
            page["undone"] = _lines(batch.undone_counts, UNDONE)
            page["staying"] = list_staying(batch.pk, limit=ROWS_SHOWN)
        if batch.state != ImportState.READING:
            page["refused_rows"] = _told_of(list_rows(batch.pk, RowState.REFUSED, limit=ROWS_SHOWN))
            page["likely_rows"] = _likely(batch)
        if batch.state == ImportState.READ:
            page["remarked_rows"] = _told_of(list_remarked(batch.pk, limit=ROWS_SHOWN))
        page["done"], page["of"] = _progress(batch)
        page["percent"] = 100 * page["done"] // page["of"] if page["of"] else 0
        return page


def _page_of(batch: MemberImport) -> str:
    return reverse("admin:members_memberimport_change", args=[batch.pk])


def _lines(counts: dict[str, int], words: dict[Any, str]) -> list[tuple[str, int, str]]:
    """(state, rows, what they do), in the order of the words; nothing of what there is none of."""
    return [(str(state), counts[state], says) for state, says in words.items() if counts.get(state)]


def _told_of(rows: Iterable[ImportRow]) -> list[tuple[int, list[str], str]]:
    """Row, what is said of it, cells."""
    return [(one.row, [words_of(problem) for problem in one.problems], _seen(one.cells)) for one in rows]


def _likely(batch: MemberImport) -> list[tuple[int, list[str], str, str, str]]:
    """Row, why, cells, ref and page of who it may be."""
    state = RowState.LIKELY if batch.state == ImportState.READ else RowState.LEFT_OUT
    rows = list_rows(batch.pk, state, limit=ROWS_SHOWN)
    ids = find_ids([ref for one in rows for ref in one.refs])
    return [
        (
            one.row,
            [words_of(problem) for problem in one.problems],
            _seen(one.cells),
            ref,
            reverse("admin:members_member_change", args=[ids[ref]]) if ref in ids else "",
        )
        for one in rows
        for ref in one.refs[:1]
    ]


def _seen(cells: list[str]) -> str:
    return " · ".join(cell for cell in cells if cell)[:200]


def _progress(batch: MemberImport) -> tuple[int, int]:
    """How much is done, and of how much; 0 where that is not known."""
    if batch.state == ImportState.UNDOING:
        did = batch.counts.get(RowState.ENROLLED, 0) + batch.counts.get(RowState.CHANGED, 0)
        return sum(batch.undone_counts.values()), did
    if batch.state == ImportState.APPLYING:
        return sum(batch.counts.values()), batch.rows_read
    return batch.rows_read, batch.rows_in_file or 0


def _refused_file(batch: MemberImport) -> StreamingHttpResponse:
    """Rows that were not taken, as they stood in the file, with their reasons; it can be mended and uploaded."""
    headings = [heading for heading in batch.shape[3] if heading not in REFUSED_HEADINGS]
    places = [place for place, heading in enumerate(batch.shape[3]) if heading not in REFUSED_HEADINGS]

    def lines() -> Iterator[str]:
        yield "\ufeff"
        yield from csv_lines([*headings, *REFUSED_HEADINGS], rows())

    def rows() -> Iterator[list[str | int]]:
        for one in list_all_rows(batch.pk, (RowState.REFUSED, RowState.LIKELY, RowState.LEFT_OUT)):
            cells = [*one.cells, *[""] * len(batch.shape[3])]
            why = " ".join(words_of(problem) for problem in one.problems)
            yield [*(cells[place] for place in places), one.row, why]

    return StreamingHttpResponse(
        lines(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{batch.ref}-refused.csv"'},
    )
