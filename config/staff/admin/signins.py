"""Who signed in, and who tried in vain."""

from typing import Any

from axes.models import AccessAttempt, AccessLog
from django.contrib import admin
from django.http import HttpRequest
from unfold.decorators import display

from config.staff.admin.readonly import ReadOnlyAdmin
from config.staff.site import site


@admin.register(AccessLog, site=site)
class SignInAdmin(ReadOnlyAdmin):
    """Each time somebody signed in, and until when they stayed if they signed out."""

    list_display = ("attempt_time", "username", "address", "logout_time", "user_agent")
    list_filter = ("attempt_time",)
    search_fields = ("username", "ip_address")
    date_hierarchy = "attempt_time"
    show_full_result_count = False

    @display(description="address", ordering="ip_address")
    def address(self, row: AccessLog) -> str:
        return row.ip_address or "unknown"


@admin.register(AccessAttempt, site=site)
class WrongAttemptAdmin(ReadOnlyAdmin):
    """Names that were tried with wrong passwords or codes. Deleting a row lets the person try again at once."""

    list_display = ("attempt_time", "username", "ip_address", "failures_since_start", "path_info")
    search_fields = ("username", "ip_address")
    exclude = ("get_data", "post_data")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("axes.delete_accessattempt")
