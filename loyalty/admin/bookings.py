"""Bookings of benefits, of all dates and without one."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from config.ground import clock
from config.ground.refusals import Refusal
from config.staff.actors import actor_of
from config.staff.admin.readonly import ReadOnlyAdmin
from config.staff.list_exports import ExportsList
from config.staff.site import site
from loyalty.models import BenefitBooking, BookingState
from loyalty.services.benefits import cancel_booking, check_in
from members.rules.people import name_of

STATES = {
    BookingState.BOOKED: "info",
    BookingState.WAITING: "warning",
    BookingState.USED: "success",
    BookingState.CANCELLED: "default",
}


@admin.register(BenefitBooking, site=site)
class BenefitBookingAdmin(ExportsList, ReadOnlyAdmin):
    """Who comes, and who came. The list for the door stands on the page of a date."""

    export_columns = {
        "member": "member__ref",
        "benefit": "date__benefit__code",
        "starts_at": "date__starts_at",
        **{name: name for name in ("ref", "state", "booked_at", "used_at", "cancelled_at")},
    }
    when_empty = "Members book in the app what their tier brings; what is used at a till stands here too."
    list_display = ("who", "what", "starts", "state_label", "booked_at")
    list_filter = ("date", "state")
    list_select_related = ("member", "grant__benefit", "date")
    ordering = ("date", "pk")
    actions = ("let_in", "give_up")

    @admin.action(description="Check in", permissions=["check_in"])
    def let_in(self, request: HttpRequest, chosen: QuerySet[BenefitBooking]) -> None:
        self._each(request, chosen, "checked in", check_in)

    @admin.action(description="Cancel", permissions=["check_in"])
    def give_up(self, request: HttpRequest, chosen: QuerySet[BenefitBooking]) -> None:
        self._each(request, chosen, "cancelled", lambda ref, **by: cancel_booking(ref, member_id=None, **by))

    def has_check_in_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("loyalty.change_benefitbooking"))

    def _each(self, request: HttpRequest, chosen: QuerySet[BenefitBooking], done: str, act: Any) -> None:
        count = 0
        for booking in chosen:
            try:
                act(booking.ref, actor=actor_of(request), now=clock.now())
                count += 1
            except Refusal as refused:
                messages.error(request, f"{name_of(booking.member)}: {refused.detail}")
        messages.success(request, f"{count} {done}.")

    @display(description="member")
    def who(self, booking: BenefitBooking) -> str:
        return name_of(booking.member)

    @display(description="benefit")
    def what(self, booking: BenefitBooking) -> str:
        return booking.grant.benefit.title

    @display(description="date")
    def starts(self, booking: BenefitBooking) -> Any:
        return booking.date.starts_at if booking.date else None

    @display(description="state", label=STATES)
    def state_label(self, booking: BenefitBooking) -> tuple[str, str]:
        return booking.state, booking.get_state_display()
