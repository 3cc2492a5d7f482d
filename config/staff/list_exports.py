"""Any list of the admin as a file: as it is filtered and searched, streamed, masked for who may not see personal data,
and written down.

    class EntryAdmin(ExportsList, ReadOnlyAdmin):
        export_columns = {"member": "member__ref", "points": "points"}
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.admin.views.main import SEARCH_VAR
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.db.models.expressions import Combinable
from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from unfold.admin import ModelAdmin

from config.ground import clock
from config.ground.spreadsheets import Cell, csv_lines, ndjson_lines, write_sheet
from config.staff.actors import actor_of, id_of
from config.staff.models import ListExport

MAY_EXPORT = "staff.export_lists"
SEES_PERSONAL_DATA = "members.see_personal_data"
FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "ndjson": "application/x-ndjson",
    "xlsx": "application/octet-stream",
}
ROWS_AT_ONCE = 2_000
_BYTE_ORDER_MARK = "\ufeff"
"""By which spreadsheets know UTF-8."""


class ExportsList(ModelAdmin):
    """A list that can be taken away, by those who have the right to.

    :cvar export_columns: heading -> field, through relations too, or expression over the row.
    :cvar export_masked: heading -> how it looks to those who may not see personal data.
    """

    export_columns: ClassVar[Mapping[str, str | Combinable]]
    export_masked: ClassVar[Mapping[str, Callable[[str], str]]] = {}
    list_after_template = "staff/export_list.html"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        chosen = request.POST.get("_export", "") if request.method == "POST" else ""
        if chosen in FORMATS:
            return self._exported(request, chosen)
        may = {"may_export": request.user.has_perm(MAY_EXPORT), "export_formats": tuple(FORMATS)}
        return super().changelist_view(request, {**(extra_context or {}), **may})

    def _exported(self, request: HttpRequest, chosen: str) -> HttpResponseBase:
        if not (request.user.has_perm(MAY_EXPORT) and self.has_view_permission(request)):
            raise PermissionDenied
        rows = self.get_changelist_instance(request).get_queryset(request)
        is_masked = not request.user.has_perm(SEES_PERSONAL_DATA)
        taken = ListExport.objects.create(
            list_name=self.opts.label,
            format=chosen,
            filters=_filters(request),
            is_masked=bool(is_masked and self.export_masked),
            exported_by_id=id_of(actor_of(request)),
            exported_at=clock.now(),
        )
        return _answer(chosen, list(self.export_columns), self._cells(rows, taken, is_masked=is_masked))

    def _cells(self, rows: QuerySet[Any], taken: ListExport, *, is_masked: bool) -> Iterator[list[Cell]]:
        """Row by row, some thousand read at a time, by the key: no list is too long. Counted when it ends, whichever
        way."""
        masks = [self.export_masked.get(heading) if is_masked else None for heading in self.export_columns]
        count = 0
        try:
            for cells in _read(rows, self.export_columns):
                count += 1
                yield [
                    _said(mask(str(cell)) if mask and cell else cell)
                    for mask, cell in zip(masks, cells, strict=True)
                ]
        finally:
            ListExport.objects.filter(pk=taken.pk).update(rows=count)


def _filters(request: HttpRequest) -> str:
    """As the address of the page has them. Of a search it is said that there was one: its words may be a person's."""
    told = [(name, "(words)" if name == SEARCH_VAR else value) for name, value in request.GET.items()]
    return " ".join(f"{name}={value}" for name, value in told)[:1000]


def _read(rows: QuerySet[Any], columns: Mapping[str, str | Combinable]) -> Iterator[tuple[Any, ...]]:
    told = {
        f"told_{place}": F(one) if isinstance(one, str) else one for place, one in enumerate(columns.values())
    }
    read = rows.prefetch_related(None).order_by("-pk").annotate(**told).values_list("pk", *told)
    last = None
    while piece := list((read if last is None else read.filter(pk__lt=last))[:ROWS_AT_ONCE]):
        yield from (row[1:] for row in piece)
        last = piece[-1][0]


def _said(value: Any) -> Cell:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return value if isinstance(value, int) else str(value)


def _answer(chosen: str, headings: list[str], rows: Iterator[list[Cell]]) -> HttpResponseBase:
    name = f'attachment; filename="{clock.now():%Y-%m-%d-%H%M}.{chosen}"'
    headers = {"Content-Disposition": name}
    if chosen == "xlsx":
        content = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it
        write_sheet(content, headings, rows)
        content.seek(0)
        return FileResponse(content, content_type=FORMATS[chosen], headers=headers)
    lines = csv_lines(headings, rows) if chosen == "csv" else ndjson_lines(headings, rows)
    return StreamingHttpResponse(_marked(chosen, lines), content_type=FORMATS[chosen], headers=headers)


def _marked(chosen: str, lines: Iterator[str]) -> Iterator[str]:
    if chosen == "csv":
        yield _BYTE_ORDER_MARK
    yield from lines
