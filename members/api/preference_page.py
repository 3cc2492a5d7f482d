"""The page of a member's preferences, behind the signed link of a message. POST saves; GET only shows."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path
from django.utils import translation
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from config.ground import clock
from config.ground.refusals import Refusal
from members.api.languages import language_for
from members.api.preference_form import ATTRIBUTE, CONSENT, Known, PreferenceForm, text_version
from members.api.unsubscribing import MAY_LOAD
from members.errors import MemberNotActive, PreferenceLinkNotValid, PreferenceLinkOver
from members.queries.attributes import get_attributes, list_attributes
from members.queries.consents import list_consents
from members.queries.members import MemberFacts
from members.queries.preferences import get_preferences
from members.rules.attributes import Eyes
from members.services.preference_links import member_of_link
from members.services.preference_page import save_choices, withdraw_everything

_SAYS = ("saved", "stopped")


@method_decorator(csrf_exempt, name="dispatch")
class Preferences(View):
    """`GET /preferences/<token>` shows what the member chose, `POST` saves what they changed, or stops everything.

    The signed token is the permission, and whoever forges a request does not have it: there is no session whose cookie
    a CSRF token would guard.
    """

    http_method_names = ["get", "head", "post", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = super().dispatch(request, *args, **kwargs)
        except (PreferenceLinkNotValid, PreferenceLinkOver, MemberNotActive) as refused:
            response = _closed(request, is_over=isinstance(refused, PreferenceLinkOver))
        response.headers["Content-Security-Policy"] = MAY_LOAD
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        return response

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        member = member_of_link(token, now=clock.now())
        with translation.override(language_for(request, member.language)):
            done = next((one for one in _SAYS if one in request.GET), "")
            return _page(request, PreferenceForm(_known(member)), done=done)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        now = clock.now()
        member = member_of_link(token, now=now)
        language = language_for(request, member.language)
        with translation.override(language):
            if "stop" in request.POST:
                withdraw_everything(member.id, text_version=text_version(language), now=now)
                return _again(request, "stopped")
            form = PreferenceForm(_known(member), request.POST)
            if not form.is_valid():
                return _page(request, form, status=422)
            try:
                save_choices(member.id, form.choices_made(language), now=now)
            except MemberNotActive:
                raise
            except Refusal as refused:
                form.add_error(_field_of(refused, form), refused.detail)
                return _page(request, form, status=422)
        return _again(request, "saved")


def _again(request: HttpRequest, said: str) -> HttpResponseRedirect:
    """Show the page anew: loading it once more saves nothing twice."""
    return HttpResponseRedirect(f"{request.path}?{urlencode({said: 1})}", status=303)


def _field_of(refused: Refusal, form: PreferenceForm) -> str | None:
    """Beside which field a refusal of the services stands; above all if it is about none."""
    name = (refused.pointer or "").removeprefix("/").replace("attributes/", ATTRIBUTE)
    return name if name in form.fields else None


def _known(member: MemberFacts) -> Known:
    return Known(
        member=member,
        wishes=get_preferences(member.id),
        consents=list_consents(member.id),
        asked=list_attributes(eyes=Eyes.MEMBER, language=translation.get_language() or ""),
        said=get_attributes(member.id, eyes=Eyes.MEMBER),
    )


def _page(request: HttpRequest, form: PreferenceForm, *, done: str = "", status: int = 200) -> HttpResponse:
    shown = {
        "form": form,
        "done": done,
        "consents": [field for field in form if field.name.startswith(CONSENT)],
        "about": [field for field in form if field.name.startswith(ATTRIBUTE)],
        "wishes": [form[name] for name in ("interests", "packaging", "invoice")],
        "has_consent": any(consent.is_given for consent in form.known.consents),
    }
    return render(request, "members/preferences.html", shown, status=status)


def _closed(request: HttpRequest, *, is_over: bool) -> HttpResponse:
    with translation.override(translation.get_language_from_request(request)):
        return render(request, "members/preferences_closed.html", {"is_over": is_over}, status=404)


urlpatterns = [path("preferences/<str:token>", Preferences.as_view(), name="preferences")]
