"""Pages that tell why something was worth so many points, by the ref of what was settled."""

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from config.staff.admin.readonly import OwnPageAdmin
from loyalty.admin.ledger import LedgerAdmin


class WhyAdmin(LedgerAdmin, OwnPageAdmin):
    """Settlements; the page of one says why. Other pages lead to it by what it settles: `admin:loyalty_<model>_of`."""

    named_by: ClassVar[str]
    """The column with the ref of what was settled."""

    def why(self, request: HttpRequest, ref: str) -> HttpResponse:
        """
        :raises Http404: nothing by this ref was settled that this person may see.
        """
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_of"
        return [
            path("of/<str:ref>/", self.admin_site.admin_view(self._by_ref), name=name),
            *super().get_urls(),
        ]

    def row_page(self, request: HttpRequest, settlement: Any) -> HttpResponse:
        return self._by_ref(request, getattr(settlement, self.named_by))

    def _by_ref(self, request: HttpRequest, ref: str) -> HttpResponse:
        if request.method != "GET" or not self.has_view_permission(request):
            raise PermissionDenied
        return self.why(request, ref)
