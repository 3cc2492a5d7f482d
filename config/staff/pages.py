"""The pages of the second factor. They stand outside `admin_view`, because who comes here may still be at the door."""

from collections.abc import Callable
from typing import Any

import segno
from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from config.staff import second_factor, signin
from config.staff.errors import CodeDoesNotFit, SecondFactorIsNeeded
from config.staff.models import Staff

_NEW_SECRET = "staff_new_secret"  # noqa: S105 - the name of a session entry
"""A secret lies in the session only for those who may enrol an app: they have none, or have just proved the old one."""


def sign_in_code(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """The second step: the password fitted, now the code."""
    person = signin.find_waiting(request)
    if person is None:
        return HttpResponseRedirect(reverse("admin:login"))
    if signin.is_locked_out(request, person):
        return signin.answer_locked_out(request, None, None)
    problem = ""
    if request.method == "POST":
        try:
            device = second_factor.check_code(person, request.POST.get("code", ""))
        except CodeDoesNotFit as refusal:
            signin.note_wrong_code(request, person)
            problem = refusal.detail
        else:
            return HttpResponseRedirect(signin.let_in(request, person, device))
    page = {**context, "title": "Second step", "person": person, "problem": problem}
    return render(request, "staff/sign_in_code.html", page, status=422 if problem else 200)


def own_second_factor(request: HttpRequest, context: dict[str, Any], person: Staff) -> HttpResponse:
    """Where a person sets up, moves or gives up their own second factor.

    :param person: who is signed in, or stands at the door and must set one up before entering.
    """
    if request.method == "POST" and signin.is_locked_out(request, person):
        return signin.answer_locked_out(request, None, None)
    problem = ""
    if request.method == "POST":
        act = _ACTS.get(request.POST.get("act", ""), _refuse)
        try:
            return act(request, context, person)
        except CodeDoesNotFit as refusal:
            signin.note_wrong_code(request, person)
            problem = refusal.detail
        except SecondFactorIsNeeded as refusal:
            problem = refusal.detail
    page = {
        **context,
        **_standing(request, person),
        "title": "Second factor",
        "person": person,
        "problem": problem,
    }
    return render(request, "staff/second_factor.html", page, status=422 if problem else 200)


def _standing(request: HttpRequest, person: Staff) -> dict[str, Any]:
    """What the page shows: the QR code of a new secret where one may be enrolled, else how things stand."""
    standing = second_factor.standing_of(person)
    if not standing.has_device and _NEW_SECRET not in request.session:
        request.session[_NEW_SECRET] = second_factor.new_secret()
    secret = request.session.get(_NEW_SECRET)
    if secret is None:
        return {"standing": standing}
    letters = second_factor.spelled(secret)
    groups = " ".join(letters[start : start + 4] for start in range(0, len(letters), 4))
    return {"standing": standing, "secret": groups, "qr": _qr(second_factor.setup_address(person, secret))}


def _set_up(request: HttpRequest, context: dict[str, Any], person: Staff) -> HttpResponse:
    secret = request.session.get(_NEW_SECRET)
    if secret is None:
        raise CodeDoesNotFit
    device, codes = second_factor.enrol(person, secret=secret, code=request.POST.get("code", ""))
    del request.session[_NEW_SECRET]
    next_url = reverse("admin:index")
    if signin.find_waiting(request) == person:
        next_url = signin.let_in(request, person, device)
    else:
        signin.prove(request, device)
    _note(person, "Set up the second factor.")
    return _show_codes(request, context, codes, next_url)


def _replace(request: HttpRequest, _context: dict[str, Any], person: Staff) -> HttpResponse:
    second_factor.check_code(person, request.POST.get("code", ""))
    request.session[_NEW_SECRET] = second_factor.new_secret()
    return HttpResponseRedirect(reverse("admin:second_factor"))


def _make_codes(request: HttpRequest, context: dict[str, Any], person: Staff) -> HttpResponse:
    second_factor.check_code(person, request.POST.get("code", ""))
    codes = second_factor.make_recovery_codes(person)
    _note(person, "Made new recovery codes.")
    return _show_codes(request, context, codes, reverse("admin:index"))


def _give_up(request: HttpRequest, _context: dict[str, Any], person: Staff) -> HttpResponse:
    second_factor.check_code(person, request.POST.get("code", ""))
    second_factor.give_up(person)
    _note(person, "Took the second factor away.")
    messages.success(request, "The second factor is off. Your password alone signs you in again.")
    return HttpResponseRedirect(reverse("admin:second_factor"))


def _refuse(_request: HttpRequest, _context: dict[str, Any], _person: Staff) -> HttpResponse:
    raise CodeDoesNotFit


_ACTS: dict[str, Callable[[HttpRequest, dict[str, Any], Staff], HttpResponse]] = {
    "set_up": _set_up,
    "replace": _replace,
    "make_codes": _make_codes,
    "give_up": _give_up,
}


def _show_codes(
    request: HttpRequest, context: dict[str, Any], codes: list[str], next_url: str
) -> HttpResponse:
    page = {**context, "title": "Recovery codes", "codes": codes, "next_url": next_url}
    return render(request, "staff/recovery_codes.html", page)


def _qr(text: str) -> SafeString:
    """A QR code as SVG for the page, dark on white in either theme, because scanners want it so."""
    svg = segno.make(text, error="m").svg_inline(scale=5, border=3, light="#ffffff", dark="#111827")
    return mark_safe(svg)  # noqa: S308 - segno makes it from modules, no text of ours is in it


def _note(person: Staff, what: str) -> None:
    """Leave it in the person's history."""
    LogEntry.objects.create(
        user_id=person.pk,
        content_type=ContentType.objects.get_for_model(Staff),
        object_id=str(person.pk),
        object_repr=str(person)[:200],
        action_flag=CHANGE,
        change_message=what,
    )
