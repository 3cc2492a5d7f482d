"""Pages of what belongs to one programme: its currency and its clock are known before anything is typed."""

from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from unfold.admin import ModelAdmin

from loyalty.queries.vocabulary import Home, find_home, list_homes


class OfOneProgramme(ModelAdmin):
    """A page for rows with a `programme`, in whose time it is told.

    Where there are several programmes, a new row's one is asked for first.
    """

    def home_of(self, request: HttpRequest, obj: Any = None) -> Home:
        """The programme of the row, or the one that a new row is for."""
        wanted = str(obj.programme_id) if obj else request.GET.get("programme", "")
        home = find_home(int(wanted)) if wanted.isdigit() else next(iter(list_homes()), None)
        if home is None:
            raise Http404("There is no such programme.")
        return home

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **more: Any) -> Any:
        """The form knows its `home`."""
        form = super().get_form(request, obj, change, **more)
        form.home = self.home_of(request, obj)
        return form

    def changeform_view(self, request: HttpRequest, *args: Any, **more: Any) -> HttpResponseBase:
        return self.in_its_time(super().changeform_view, request, *args, **more)

    def in_its_time(self, view: Any, request: HttpRequest, *args: Any, **more: Any) -> HttpResponseBase:
        """The answer of a page, read and told in the zone of the row's programme."""
        with timezone.override(self._zone_of(request)):
            response = view(request, *args, **more)
            done: HttpResponseBase = response.render() if hasattr(response, "render") else response
            return done

    def _zone_of(self, request: HttpRequest) -> tzinfo:
        match = request.resolver_match
        row_id = (match.kwargs.get("object_id") or match.kwargs.get("row_id")) if match else None
        is_new = match is not None and (match.url_name or "").endswith("_add")
        if row_id is None and not is_new:
            return timezone.get_current_timezone()
        row = self.get_object(request, str(row_id)) if row_id else None
        return ZoneInfo(self.home_of(request, row).timezone)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        homes = list_homes()
        if len(homes) != 1 and "programme" not in request.GET and self.has_add_permission(request):
            title = f"For which programme is the new {self.opts.verbose_name}?"
            page = {**self.admin_site.each_context(request), "title": title, "homes": homes}
            return render(request, "loyalty/admin/programmes.html", page)
        answer: HttpResponseBase = super().add_view(request, form_url, extra_context)
        return answer
