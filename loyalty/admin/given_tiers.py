"""Giving a tier by hand, and ending it: two pages of a wallet, to which the member's page leads."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from unfold.decorators import action
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextInputWidget,
)

from config.ground import clock
from config.ground.moments import day
from config.ground.refusals import Refusal
from config.staff.actors import name_actors
from loyalty.admin.corrections import colleague_of
from loyalty.admin.ledger import LedgerAdmin
from loyalty.models import TierStanding, Wallet
from loyalty.queries.given_tiers import is_by_household, list_given_tiers, list_tiers_given_now
from loyalty.queries.programmes import get_current_programme
from loyalty.rules.lots import midnight_after
from loyalty.services.given_tiers import end_given_tier, give_tier
from members.rules.people import name_of

A_YEAR = timedelta(days=365)


class GiveTierForm(forms.Form):
    """Which tier, until when, and why. After `is_valid`: `tier` (an id), `until_on` (the last day), `reason`."""

    tier = forms.TypedChoiceField(coerce=int, widget=UnfoldAdminSelectWidget)
    until_on = forms.DateField(
        label="Last day",
        widget=UnfoldAdminSingleDateWidget,
        help_text="From the day after, what they reached counts again.",
    )
    reason = forms.CharField(
        label="Why",
        max_length=300,
        widget=UnfoldAdminTextInputWidget,
        help_text="For your colleagues; it stays written down with your name.",
    )

    def __init__(self, *args: Any, tiers: list[tuple[int, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["tier"].choices = tiers  # type: ignore[attr-defined]  # a choice field has them


class EndTierForm(forms.Form):
    """Which of the tiers that were given, and why it ends."""

    tier = forms.TypedChoiceField(coerce=int, widget=UnfoldAdminSelectWidget)
    reason = forms.CharField(label="Why", max_length=300, widget=UnfoldAdminTextInputWidget)

    def __init__(self, *args: Any, tiers: list[tuple[int, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["tier"].choices = tiers  # type: ignore[attr-defined]  # a choice field has them


class GivesTiers(LedgerAdmin):
    """What a wallet's page does about tiers."""

    def has_give_tier_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(request.user.has_perm("loyalty.add_tierstanding"))

    def has_end_tier_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Where one was given, and goes on."""
        may = bool(request.user.has_perm("loyalty.change_tierstanding"))
        wallet = self.get_object(request, str(object_id)) if object_id is not None else None
        is_given = wallet is not None and bool(list_tiers_given_now([wallet.pk], now=clock.now()))
        return may and (object_id is None or is_given)

    @action(description="Give a tier", icon="military_tech", permissions=["give_tier"])
    def give_tier(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Let the member hold a tier until a day, whatever they reached."""
        wallet, now = self._wallet(request, object_id), clock.now()
        programme = get_current_programme(wallet.programme_id)
        zone = programme.terms.zone
        form = GiveTierForm(
            request.POST or None,
            tiers=[(step.id, step.name) for step in programme.ladder_at(now).steps[1:]],
            initial={"until_on": (now + A_YEAR).astimezone(zone).date()},
        )
        if form.is_valid():
            told = form.cleaned_data
            until = midnight_after(_noon(told["until_on"], zone), 1, zone)
            by = colleague_of(request)
            try:
                given = give_tier(wallet, told["tier"], until=until, reason=told["reason"], by=by, now=now)
            except Refusal as refused:
                form.add_error(None, refused.detail)
            else:
                words = f"{given.tier.name} until {told['until_on']:%-d %B %Y}: {given.reason}"
                self.log_change(request, wallet, f"Given by hand: {words}")
                messages.success(request, f"{name_of(wallet.member)} holds {words}")
                return HttpResponseRedirect(_page_of(wallet))
        words = (
            "The member holds it at once, and has what it brings. What they reach meanwhile counts as ever."
        )
        title = f"Give a tier to {name_of(wallet.member)}"
        return self._asked(request, wallet, form, title=title, words=words, button="Give the tier")

    @action(description="End a given tier", icon="undo", permissions=["end_tier"])
    def end_tier(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Take back what a colleague gave; what the member reached stays theirs."""
        wallet, now = self._wallet(request, object_id), clock.now()
        given = list_tiers_given_now([wallet.pk], now=now)
        going_on = [one for one in given if not is_by_household(one)]
        if not going_on:
            messages.error(request, _why_none_ends(given))
            return HttpResponseRedirect(_page_of(wallet))
        zone = get_current_programme(wallet.programme_id).terms.zone
        tiers = [(one.tier_id, f"{one.tier.name}, until {last_day(one, zone)}") for one in going_on]
        form = EndTierForm(request.POST or None, tiers=tiers)
        if form.is_valid():
            told, by = form.cleaned_data, colleague_of(request)
            name = next(one.tier.name for one in going_on if one.tier_id == told["tier"])
            try:
                end_given_tier(wallet, told["tier"], reason=told["reason"], by=by, now=now)
            except Refusal as refused:
                form.add_error(None, refused.detail)
            else:
                self.log_change(request, wallet, f"Ended: {name}, given by hand: {told['reason']}")
                messages.success(
                    request, f"{name} is over. What {name_of(wallet.member)} reached counts again."
                )
                return HttpResponseRedirect(_page_of(wallet))
        words = "It ends now, and so does what came with it and was not used. What they reached stays theirs."
        title = f"End a tier of {name_of(wallet.member)}"
        return self._asked(request, wallet, form, title=title, words=words, button="End it")

    def _wallet(self, request: HttpRequest, object_id: int) -> Wallet:
        wallet: Wallet | None = self.get_object(request, str(object_id))
        if wallet is None:
            raise Http404
        return wallet

    def _asked(self, request: HttpRequest, wallet: Wallet, form: forms.Form, **said: str) -> HttpResponse:
        """The form, with all that was given before. `said`: title, words and button."""
        zone = get_current_programme(wallet.programme_id).terms.zone
        page = {
            **self.admin_site.each_context(request),
            **said,
            "form": form,
            "media": self.media + form.media,
            "back": _page_of(wallet),
            "given": _told(list_given_tiers([wallet.pk]), zone),
        }
        return render(request, "loyalty/admin/given_tier.html", page)


def last_day(given: TierStanding, zone: ZoneInfo) -> str:
    """The last day on which it is held."""
    return day(given.until_at - timedelta(microseconds=1), zone)


def _told(given: list[TierStanding], zone: ZoneInfo) -> dict[str, Any]:
    """A table, the latest first; empty where nothing was given."""
    if not given:
        return {}
    names = name_actors(actor for one in given for actor in (one.given_by, one.ended_by))
    rows = [
        [
            one.tier.name,
            day(one.from_at, zone),
            last_day(one, zone),
            f"{_giver(one, names)}: {one.reason}",
            f"{names.get(one.ended_by, one.ended_by)}: {one.end_reason}" if one.ended_by else "",
        ]
        for one in given
    ]
    return {"headers": ["Tier", "From", "Last day", "Given by", "Ended by"], "rows": rows}


def _giver(one: TierStanding, names: Mapping[str, str]) -> str:
    return "Household" if is_by_household(one) else names.get(one.given_by, one.given_by)


def _why_none_ends(given: Sequence[TierStanding]) -> str:
    if not given:
        return "No tier is given by hand now."
    return (
        f"{given[0].tier.name} comes by the household: it ends when nobody else there stands on it, or when "
        "the member leaves."
    )


def _noon(on: date, zone: ZoneInfo) -> datetime:
    return datetime(on.year, on.month, on.day, 12, tzinfo=zone)


def _page_of(wallet: Wallet) -> str:
    return reverse("admin:members_member_change", args=[wallet.member_id])
