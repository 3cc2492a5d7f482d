"""Signing staff in, step by step: the password, then the code of the second factor, or setting one up.

Between the steps nobody is signed in: the session only remembers for some minutes who stands at the door.
"""

import time
from typing import Any

import django_otp
from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import login
from django.contrib.auth.signals import user_login_failed
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django_otp.models import Device

from config.staff import second_factor
from config.staff.models import Staff

DOOR_OPEN_S = 10 * 60
_AT_THE_DOOR = "staff_at_the_door"


class PasswordStep(LoginView):
    """Sign in whom the password is enough for; send the others on to the code, or to set up what makes it."""

    def form_valid(self, form: Any) -> HttpResponse:
        """The password fits."""
        person: Staff = form.get_user()
        if not second_factor.is_needed(person):
            return super().form_valid(form)
        self.request.session.cycle_key()
        return let_wait(self.request, person, backend=person.backend, next_url=self.get_success_url())


def let_wait(request: HttpRequest, person: Staff, *, backend: str, next_url: str) -> HttpResponse:
    """Remember who stands at the door, and send them to the next step."""
    request.session[_AT_THE_DOOR] = {
        "id": person.pk,
        "backend": backend,
        "next": next_url,
        "until": time.time() + DOOR_OPEN_S,
    }
    step = "admin:sign_in_code" if second_factor.find_device(person) else "admin:second_factor"
    return HttpResponseRedirect(reverse(step))


def find_waiting(request: HttpRequest) -> Staff | None:
    """The person whose password fitted some minutes ago and who is not signed in yet."""
    waiting = request.session.get(_AT_THE_DOOR)
    if waiting is None or waiting["until"] < time.time():
        return None
    return Staff.objects.filter(pk=waiting["id"], is_active=True, is_staff=True).first()


def let_in(request: HttpRequest, person: Staff, device: Device) -> str:
    """Sign the waiting person in as proved by `device`; returns where they wanted to go."""
    waiting = request.session.pop(_AT_THE_DOOR)
    person.otp_device = device  # django-otp's own listener reads it when the session begins
    login(request, person, backend=waiting["backend"])
    return _safe(request, waiting["next"])


def prove(request: HttpRequest, device: Device) -> None:
    """Let this session, whose person is signed in already, count as proved by `device`."""
    django_otp.login(request, device)


def is_locked_out(request: HttpRequest, person: Staff) -> bool:
    """Whether this person has tried too often from here, with passwords or codes."""
    return not AxesProxyHandler.is_allowed(request, {"username": person.username})


def note_wrong_code(request: HttpRequest, person: Staff) -> None:
    """Count a wrong code like a wrong password."""
    user_login_failed.send(sender=__name__, credentials={"username": person.username}, request=request)


def answer_locked_out(
    request: HttpRequest, _response: HttpResponse | None, _credentials: Any
) -> HttpResponse:
    """What somebody sees who tried too often, in place of any other answer (named in the settings for axes)."""
    request.session.pop(_AT_THE_DOOR, None)
    minutes = round(settings.AXES_COOLOFF_TIME.total_seconds() / 60)
    context = {**admin.site.each_context(request), "title": "Too many attempts", "minutes": minutes}
    return render(request, "staff/locked_out.html", context, status=429)


def _safe(request: HttpRequest, url: str) -> str:
    """The address if it is one of ours, else the admin's first page."""
    is_ours = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    return url if is_ours else reverse("admin:index")
