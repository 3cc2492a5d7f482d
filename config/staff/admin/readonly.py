"""Pages on which nothing is changed, or only by the steps that they offer."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from unfold.admin import ModelAdmin


class ReadOnlyAdmin(ModelAdmin):
    """Rows that were written elsewhere and are only looked at here."""

    compressed_fields = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ToldAdmin(ReadOnlyAdmin):
    """The page of a row is a template (`change_form_outer_before_template`) above a form without fields."""

    fields = ()

    def tell(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the template says of a row."""
        raise NotImplementedError

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return []

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        row = self.get_object(request, object_id)
        told = self.tell(request, row) if row is not None else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **told})


class OwnPageAdmin(ReadOnlyAdmin):
    """A row has a page of our own in place of a form, with the steps that may be taken."""

    def row_page(self, request: HttpRequest, row: Any) -> HttpResponseBase:
        """The page of a row that this person may see; a POST is a step."""
        raise NotImplementedError

    def new_page(self, request: HttpRequest) -> HttpResponseBase:
        """The page that asks for what a new row says; without one nobody adds a row."""
        raise PermissionDenied

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        if object_id is None:
            return self.new_page(request)
        row = self.get_object(request, object_id)
        if row is None or not self.has_view_permission(request):
            raise Http404
        return self.row_page(request, row)
