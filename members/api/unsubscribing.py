"""The page behind the unsubscribe link of a message. POST unsubscribes; GET only asks: mail scanners follow links."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from config.ground import clock
from members.errors import UnsubscribeLinkNotValid
from members.services.unsubscribing import read_unsubscribe_token, unsubscribe

TEMPLATE = "members/unsubscribe.html"


@method_decorator(csrf_exempt, name="dispatch")
class Unsubscribe(View):
    """`POST /u/<token>` takes the consent back, whatever its body says; `GET` changes nothing.

    The signed token is the permission: mail providers post without a session, so there is no CSRF token to check.
    """

    http_method_names = ["get", "head", "post", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = super().dispatch(request, *args, **kwargs)
        except UnsubscribeLinkNotValid as refusal:
            response = render(request, TEMPLATE, {"problem": refusal.detail}, status=404)
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        return response

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return render(request, TEMPLATE, {"subscription": read_unsubscribe_token(token)})

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        subscription = unsubscribe(token, now=clock.now())
        return render(request, TEMPLATE, {"subscription": subscription, "is_done": True})


urlpatterns = [path("u/<str:token>", Unsubscribe.as_view(), name="unsubscribe")]
