"""Dates of benefits: when, where, how many seats; and for each the list for the door, on a phone or on paper."""

from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from config.ground import clock
from config.ground.moments import day, moment
from config.ground.refusals import Refusal
from config.staff.actors import actor_of
from config.staff.site import site
from loyalty.admin.bookings import STATES
from loyalty.models import BenefitBooking, BenefitDate, BookingState
from loyalty.queries.benefits import count_waiting, list_guests
from loyalty.services.benefits import check_in
from members.rules.people import name_of
from omnichannel.admin.shown import LOOK_OF_LINKS

LISTED = (BookingState.BOOKED, BookingState.USED, BookingState.WAITING)
"""Who stands on the list for the door."""


class DateForm(forms.ModelForm):
    """Seats are never fewer than are taken, and an end comes after its beginning."""

    class Meta:
        model = BenefitDate
        fields = ("benefit", "starts_at", "ends_at", "where", "seats")

    def clean(self) -> dict[str, Any]:
        told = super().clean() or self.cleaned_data
        begins, ends = told.get("starts_at"), told.get("ends_at")
        if begins and ends and ends <= begins:
            raise ValidationError({"ends_at": "It ends after it begins."})
        if told.get("seats") is not None and told["seats"] < self.instance.taken:
            raise ValidationError({"seats": f"{self.instance.taken} seats are taken: cancel bookings first."})
        return told


@admin.register(BenefitDate, site=site)
class BenefitDateAdmin(ModelAdmin):
    """The latest first, each with its list for the door."""

    form = DateForm
    when_empty = "A benefit without dates is used at any time. Add one, and members book it in the app."
    list_display = ("starts_at", "benefit", "where", "taken_of", "waiting", "for_the_door")
    list_filter = ("benefit",)
    list_select_related = ("benefit",)
    fields = ("benefit", "starts_at", "ends_at", "where", "seats", "taken")
    readonly_fields = ("taken",)
    ordering = ("-starts_at",)
    actions_detail = ("door",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[BenefitDate]:
        dates: QuerySet[BenefitDate] = super().get_queryset(request)
        return count_waiting(dates)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_door_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(request.user.has_perm("loyalty.view_benefitbooking"))

    @action(description="Check-in list", icon="how_to_reg", permissions=["door"])
    def door(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """Who is expected, who came, who waits for a seat; a button lets in."""
        date = BenefitDate.objects.select_related("benefit__tier__programme").filter(pk=object_id).first()
        if date is None:
            raise Http404
        may = bool(request.user.has_perm("loyalty.change_benefitbooking"))
        if request.method == "POST":
            return self._let_in(request, date, may=may)
        zone = ZoneInfo(date.benefit.tier.programme.timezone)
        with timezone.override(zone):
            return render(request, "loyalty/admin/door.html", self._list(request, date, zone, may=may))

    def _let_in(self, request: HttpRequest, date: BenefitDate, *, may: bool) -> HttpResponse:
        page = reverse("admin:loyalty_benefitdate_door", args=[date.pk])
        booking = BenefitBooking.objects.select_related("member").filter(
            date=date, ref=request.POST.get("booking", "")
        )
        guest = booking.first()
        if not may or guest is None:
            raise Http404
        try:
            check_in(guest.ref, actor=actor_of(request), now=clock.now())
        except Refusal as refused:
            messages.error(request, f"{name_of(guest.member)}: {refused.detail}")
        else:
            messages.success(request, f"{name_of(guest.member)} is in.")
        return HttpResponseRedirect(page)

    def _list(self, request: HttpRequest, date: BenefitDate, zone: tzinfo, *, may: bool) -> dict[str, Any]:
        guests = [
            {
                "ref": guest.ref,
                "name": name_of(guest.member),
                "known_by": guest.known_by,
                "state": guest.state,
                "label": guest.get_state_display(),
                "colour": STATES[BookingState(guest.state)],
            }
            for guest in list_guests(date.pk, LISTED)
        ]
        guests.sort(key=lambda one: (one["state"] == BookingState.WAITING, one["name"].casefold()))
        came = sum(one["state"] == BookingState.USED for one in guests)
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{date.benefit.title}, {day(date.starts_at, zone)}",
            "date": date,
            "begins": moment(date.starts_at, zone),
            "guests": guests,
            "came": came,
            "expected": sum(one["state"] == BookingState.BOOKED for one in guests),
            "waits": sum(one["state"] == BookingState.WAITING for one in guests),
            "may": may,
            "back": reverse("admin:loyalty_benefitdate_changelist"),
        }

    @display(description="seats")
    def taken_of(self, date: BenefitDate) -> str:
        return f"{date.taken} of {date.seats} taken"

    @display(description="waiting")
    def waiting(self, date: Any) -> str:
        return str(date.waits) if date.waits else ""

    @display(description="at the door")
    def for_the_door(self, date: BenefitDate) -> SafeString:
        address = reverse("admin:loyalty_benefitdate_door", args=[date.pk])
        return format_html('<a class="{}" href="{}">Check-in list</a>', LOOK_OF_LINKS, address)
