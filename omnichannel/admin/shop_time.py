"""The admin's clock is the one on the wall of the shops."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from omnichannel.queries.places import find_common_timezone


class InShopTime:
    """Read and show the moments of a page in the timezone of all programmes; in UTC where these differ."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with timezone.override(ZoneInfo(find_common_timezone() or "UTC")):
            return self.get_response(request)
