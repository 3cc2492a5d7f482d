"""On the page of a person who signs in: which member they are."""

from typing import Any

from django.http import HttpRequest
from unfold.admin import TabularInline

from config.staff.admin.people import add_to_people
from config.staff.models import Staff
from members.models import Colleague


class ColleagueInline(TabularInline):
    """Said by somebody else: who could take the link away could correct their own points."""

    model = Colleague
    max_num = 1
    extra = 1
    fields = ("member",)
    autocomplete_fields = ("member",)
    verbose_name = "own member"
    verbose_name_plural = "own member: whose wallet this person does not correct"
    hide_title = True

    def has_view_permission(self, request: HttpRequest, obj: Staff | None = None) -> bool:
        return bool(request.user.has_perm("staff.view_staff"))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Staff | None = None) -> bool:
        return self._may(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Staff | None = None) -> bool:
        return self._may(request, obj)

    def _may(self, request: HttpRequest, person: Staff | None) -> bool:
        is_own = person is not None and person.pk == request.user.pk
        return not is_own and bool(request.user.has_perm("staff.change_staff"))


add_to_people(ColleagueInline)
