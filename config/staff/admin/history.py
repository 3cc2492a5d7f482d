"""What staff did on these pages, newest first."""

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from unfold.decorators import display

from config.staff.admin.readonly import ReadOnlyAdmin
from config.staff.site import site


@admin.register(LogEntry, site=site)
class HistoryAdmin(ReadOnlyAdmin):
    """Who did what to which row. Values before and after are in each row's own history."""

    list_display = ("action_time", "user", "act", "content_type", "object_repr", "words")
    list_filter = ("action_flag", "action_time")
    list_select_related = ("user", "content_type")
    search_fields = ("object_repr", "change_message", "user__username")
    date_hierarchy = "action_time"
    show_full_result_count = False
    fields = ("action_time", "user", "act", "content_type", "object_id", "object_repr", "words")

    @display(description="did", label={"Addition": "success", "Change": "info", "Deletion": "danger"})
    def act(self, entry: LogEntry) -> str:
        return entry.get_action_flag_display()

    @display(description="in words")
    def words(self, entry: LogEntry) -> str:
        return entry.get_change_message()
