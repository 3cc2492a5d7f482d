"""Moments on these pages are told in the time of the programme, where there is only one."""

from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from unfold.admin import ModelAdmin

from loyalty.queries.vocabulary import find_common_timezone


class InLocalTime(ModelAdmin):
    """A page that reads and shows moments as the wall clocks of the shops do; in UTC if these differ."""

    def changelist_view(self, request: HttpRequest, *args: Any, **more: Any) -> HttpResponseBase:
        return self.in_local_time(super().changelist_view, request, *args, **more)

    def changeform_view(self, request: HttpRequest, *args: Any, **more: Any) -> HttpResponseBase:
        return self.in_local_time(super().changeform_view, request, *args, **more)

    def in_local_time(self, view: Any, request: HttpRequest, *args: Any, **more: Any) -> HttpResponseBase:
        """The answer of a page of our own, told in the zone of these pages."""
        with timezone.override(self.zone_of(request)):
            return _rendered(view(request, *args, **more))

    def zone_of(self, request: HttpRequest) -> ZoneInfo:
        """The zone that this page tells its moments in."""
        return ZoneInfo(find_common_timezone() or "UTC")


def _rendered(response: Any) -> HttpResponseBase:
    """The response with its template rendered now, while the zone is in force."""
    done: HttpResponseBase = response.render() if hasattr(response, "render") else response
    return done
