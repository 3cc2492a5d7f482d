"""The page behind the unsubscribe link of a message. POST unsubscribes; GET only asks: mail scanners follow links."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import path
from django.utils import translation
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from config.ground import clock
from members.api.languages import language_for
from members.api.preference_words import CHANNELS, PURPOSES
from members.errors import UnsubscribeLinkNotValid
from members.queries.members import REF, find_member
from members.services.unsubscribing import Subscription, read_unsubscribe_token, unsubscribe

MAY_LOAD = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
"""The page's content security policy: its style, and where its button leads."""


@method_decorator(csrf_exempt, name="dispatch")
class Unsubscribe(View):
    """`POST /u/<token>` takes the consent back, whatever its body says; `GET` changes nothing.

    The signed token is the permission: mail providers post without a session, so there is no CSRF token to check.
    """

    http_method_names = ["get", "head", "post", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = super().dispatch(request, *args, **kwargs)
        except UnsubscribeLinkNotValid:
            response = _page(request, None, status=404)
        response.headers["Content-Security-Policy"] = MAY_LOAD
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        return response

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return _page(request, read_unsubscribe_token(token))

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        return _page(request, unsubscribe(token, now=clock.now()), is_done=True)


def _page(
    request: HttpRequest, subscription: Subscription | None, *, is_done: bool = False, status: int = 200
) -> HttpResponse:
    """The page in the member's language; without a valid link in the browser's."""
    with translation.override(_language_of(request, subscription)):
        shown: dict[str, Any] = {"is_done": is_done}
        if subscription is not None:
            purpose, channel = PURPOSES[subscription.purpose], CHANNELS[subscription.channel]
            shown["about"] = _("%(purpose)s by %(channel)s") % {"purpose": purpose, "channel": channel}
        return render(request, "members/unsubscribe.html", shown, status=status)


def _language_of(request: HttpRequest, subscription: Subscription | None) -> str:
    member = find_member(REF, subscription.member_ref) if subscription else None
    return language_for(request, member.language if member else "")


urlpatterns = [path("u/<str:token>", Unsubscribe.as_view(), name="unsubscribe")]
