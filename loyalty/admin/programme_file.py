"""A programme as a file on the staff's pages: taken out, and brought in after its differences were read."""

from typing import Any

import msgspec
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from unfold.widgets import UnfoldAdminFileFieldWidget

from config.ground import clock
from config.ground.refusals import Refusal
from config.staff.actors import actor_of
from loyalty.admin.back_test_form import DaysForm
from loyalty.admin.back_tests import ask_from_page
from loyalty.models import ProgrammeTerms
from loyalty.queries.programme_files import find_programme_file
from loyalty.queries.vocabulary import Home
from loyalty.rules.back_tests import Changes
from loyalty.rules.programme_files import ProgrammeFile, changes_by
from loyalty.services.programme_arrivals import THE_FILE, bring_programme, try_programme

LARGEST_FILE = 2_000_000
MAY_BRING = ("loyalty.change_programmeterms", "loyalty.change_tier", "loyalty.change_rule")
"""What a file changes, and so what who brings one in must be allowed to change."""


class FileForm(forms.Form):
    """The file; `told` is its text, which stands in the page while its differences are read."""

    file = forms.FileField(
        label="File", required=False, widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".json"})
    )
    told = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, home: Home, **more: Any) -> None:
        super().__init__(*args, **more)
        self.home = home

    def clean(self) -> dict[str, Any]:
        """The file as one for this programme, whatever its own is called."""
        cleaned = super().clean() or self.cleaned_data
        sent = cleaned.get("file")
        if sent is not None and sent.size > LARGEST_FILE:
            raise ValidationError("No programme takes as much room as this file.")
        raw = sent.read() if sent is not None else cleaned.get("told", "").encode()
        try:
            file = msgspec.json.decode(raw, type=ProgrammeFile)
            here = msgspec.structs.replace(file.programme, code=self.home.code)
            cleaned["programme"] = msgspec.structs.replace(file, programme=here)
            cleaned["changes"] = try_programme(cleaned["programme"], by="dry run", now=clock.now()).changes
        except (msgspec.DecodeError, UnicodeDecodeError, Refusal) as fault:
            raise ValidationError(f"This file cannot be brought in here: {fault}") from fault
        return cleaned


def file_answer(home: Home) -> HttpResponse:
    """The programme as a download."""
    file = find_programme_file(home.code, now=clock.now())
    body = msgspec.json.format(msgspec.json.encode(file), indent=2)
    name = f"{home.code}-{clock.now():%Y-%m-%d}.json"
    return HttpResponse(
        body,
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def bring_page(
    request: HttpRequest, terms: ProgrammeTerms, home: Home, context: dict[str, Any]
) -> HttpResponse:
    """Ask for a file, show what it would change, then try it on the past or bring it in."""
    form = FileForm(request.POST or None, request.FILES or None, home=home)
    days = DaysForm(request.POST if "_back_test" in request.POST else None, home=home, now=clock.now())
    if form.is_valid():
        file: ProgrammeFile = form.cleaned_data["programme"]
        if "_back_test" in request.POST and days.is_valid():
            return _try(request, home, file, days)
        if "_bring" in request.POST:
            return _bring(request, terms, file)
        context |= {"changes": form.cleaned_data["changes"], "told": msgspec.json.encode(file).decode()}
    page = context | {"form": form, "days": days, "media": form.media + days.media, "home": home}
    return render(request, "loyalty/admin/programme_file.html", page)


def _try(request: HttpRequest, home: Home, file: ProgrammeFile, days: DaysForm) -> HttpResponse:
    changes = changes_by(file, find_programme_file(home.code, now=clock.now()))
    if changes == Changes():
        messages.error(
            request, "The file says nothing else of what a purchase is worth than what holds today."
        )
        return HttpResponseRedirect(request.path)
    try:
        return ask_from_page(request, home, changes, days)
    except Refusal as refused:
        messages.error(request, refused.detail)
        return HttpResponseRedirect(request.path)


def _bring(request: HttpRequest, terms: ProgrammeTerms, file: ProgrammeFile) -> HttpResponse:
    try:
        brought = bring_programme(file, by=actor_of(request), now=clock.now())
    except Refusal as refused:
        messages.error(request, refused.detail)
    else:
        if THE_FILE not in brought.waiting:
            messages.success(request, f"Brought in: {len(brought.changes)} changes.")
        for what in brought.waiting:
            messages.info(request, f"{what} waits for somebody to approve it.")
    return HttpResponseRedirect(reverse("admin:loyalty_programmeterms_change", args=[terms.pk]))
