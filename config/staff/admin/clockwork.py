"""The ticks that wake the work: how often each job is asked what is due."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django_celery_beat.models import PeriodicTask
from unfold.admin import ModelAdmin
from unfold.decorators import display

from config.staff.site import site


@admin.register(PeriodicTask, site=site)
class TickAdmin(ModelAdmin):
    """Ticks are declared in the code; here they can be stopped and started again."""

    compressed_fields = True
    list_display = ("name", "task", "every", "enabled", "last_run_at", "total_run_count")
    list_filter = ("enabled",)
    search_fields = ("name", "task")
    fields = ("name", "task", "every", "enabled", "last_run_at", "total_run_count")
    readonly_fields = ("name", "task", "every", "last_run_at", "total_run_count")
    list_select_related = ("interval", "crontab")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description="how often")
    def every(self, tick: PeriodicTask) -> str:
        return str(tick.interval or tick.crontab or tick.clocked or tick.solar or "never")
