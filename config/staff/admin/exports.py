"""Which lists were taken away as files."""

from django.contrib import admin
from unfold.decorators import display

from config.staff.admin.readonly import ReadOnlyAdmin
from config.staff.models import ListExport
from config.staff.site import site


@admin.register(ListExport, site=site)
class ListExportAdmin(ReadOnlyAdmin):
    """The newest first; written when somebody takes one."""

    when_empty = "Nobody took a list away yet. Lists that can be taken have the buttons below them."
    list_display = ("exported_at", "exported_by", "list_name", "format", "filters", "how_many", "is_masked")
    list_filter = ("list_name", "format", "is_masked", "exported_at")
    list_filter_submit = True
    list_select_related = ("exported_by",)
    ordering = ("-pk",)

    @display(description="rows")
    def how_many(self, export: ListExport) -> str:
        return "under way" if export.rows is None else f"{export.rows:,}"
