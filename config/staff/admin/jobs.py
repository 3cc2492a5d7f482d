"""Runs of jobs: what ran, how far it came, how it ended."""

from django.contrib import admin
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from config.ground.models import JobRun
from config.staff.admin.readonly import ReadOnlyAdmin
from config.staff.site import site


@admin.register(JobRun, site=site)
class JobRunAdmin(ReadOnlyAdmin):
    """The latest first; written by the jobs themselves."""

    paginator = InfinitePaginator
    show_full_result_count = False
    list_display = ("name", "ended_how", "progress", "started_at", "finished_at", "detail")
    list_filter = ("state",)
    search_fields = ("name",)
    ordering = ("-pk",)
    fields = ("name", "ended_how", "progress", "started_at", "finished_at", "detail")
    readonly_fields = ("ended_how", "progress")

    @display(description="state", label={"running": "info", "finished": "success", "failed": "danger"})
    def ended_how(self, run: JobRun) -> str:
        return run.state

    @display(description="done")
    def progress(self, run: JobRun) -> str:
        return f"{run.done:,}" if run.total is None else f"{run.done:,} of {run.total:,}"
