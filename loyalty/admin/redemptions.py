"""Redemptions: the work list of the stores, and what became of each."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget

from config.ground import clock
from config.ground.amounts import money
from config.ground.refusals import Refusal
from config.ground.words import counted
from config.staff.actors import actor_of, name_actors
from config.staff.admin.readonly import ToldAdmin
from config.staff.list_exports import ExportsList
from config.staff.site import site
from loyalty.admin.cells import code, label, link_to_wallet, moment
from loyalty.admin.ledger import LedgerAdmin
from loyalty.models import Redemption
from loyalty.queries.redemptions import spelled
from loyalty.rules.redemptions import ENDED, later_states
from loyalty.services.redemption_steps import cancel_redemption, move_redemption
from members.admin.page import Titled
from members.rules.people import name_of

STATES = {
    "issued": "success",
    "ordered": "warning",
    "packed": "info",
    "ready": "primary",
    "handed_over": "success",
    "booked": "info",
    "attended": "success",
    "cancelled": "default",
}
"""State -> the colour of its label."""


class CancelForm(forms.Form):
    """Why a redemption is taken back."""

    because = forms.CharField(
        label="Why",
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text="The member may read it: name nobody.",
    )


def _moves(to: str, words: str) -> Callable[..., None]:
    """An action that brings all that were chosen to a state; what cannot come there is said, and left."""

    @admin.action(description=words, permissions=["fulfil"])
    def move(page: "RedemptionAdmin", request: HttpRequest, chosen: QuerySet[Redemption]) -> None:
        moved = 0
        for redemption in chosen:
            try:
                move_redemption(redemption.ref, to, by=actor_of(request), now=clock.now())
            except Refusal as refused:
                words = f"{redemption.reward.title} of {name_of(redemption.member)}: {refused.detail}"
                messages.warning(request, words)
            else:
                moved += 1
                page.log_change(request, redemption, f"Now {to}.")
        if moved:
            messages.success(request, f"{counted(moved, 'redemption')}: {to.replace('_', ' ')}.")

    return move


@admin.register(Redemption, site=site)
class RedemptionAdmin(ExportsList, LedgerAdmin, ToldAdmin):
    """Choose by state and store what is to be done, and say what was done, many at once."""

    when_empty = "What members redeem in the app or at a till comes here."
    export_columns = {
        "ref": "ref",
        "member": "member__ref",
        "reward": "reward__code",
        "store": "place__code",
        **{name: name for name in ("state", "points", "cash_minor", "redeemed_at", "changed_at")},
    }
    list_display = ("redeemed_at", "of_member", "what", "state_label", "where", "money_part")
    list_display_links = ("redeemed_at",)
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("place", RelatedDropdownFilter),
        ("reward", RelatedDropdownFilter),
    )
    list_filter_submit = True
    list_select_related = ("member", "reward__programme", "place", "voucher")
    to_programme = "reward__programme"
    actions = ("pack", "make_ready", "hand_over", "check_in")
    actions_detail = ("cancel",)
    change_form_outer_before_template = "loyalty/admin/redemption.html"

    pack = _moves("packed", "Packed")
    make_ready = _moves("ready", "Sent, or ready at the store")
    hand_over = _moves("handed_over", "Handed over")
    check_in = _moves("attended", "Attended")

    def has_fulfil_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("loyalty.fulfil_redemption")

    def has_cancel_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("loyalty.cancel_redemption")

    def tell(self, request: HttpRequest, redemption: Redemption) -> dict[str, Any]:
        """What became of it."""
        title = f"{redemption.reward.title}, {name_of(redemption.member)}"
        page = _page_of(redemption, may_move=self.has_fulfil_permission(request))
        return {**page, "original": Titled(redemption, title)}

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """A button pressed brings it to the state that it names."""
        redemption = self.get_object(request, object_id)
        if redemption is None:
            raise Http404
        if request.method == "POST":
            return self._move(request, redemption)
        return super().change_view(request, object_id, form_url, extra_context)

    def _move(self, request: HttpRequest, redemption: Redemption) -> HttpResponse:
        if not self.has_fulfil_permission(request):
            raise Http404
        try:
            to = request.POST.get("to", "")
            moved = move_redemption(redemption.ref, to, by=actor_of(request), now=clock.now())
        except Refusal as refused:
            messages.error(request, refused.detail)
        else:
            self.log_change(request, moved, f"Now {moved.state}.")
            messages.success(request, f"{moved.reward.title}: {moved.get_state_display()}.")
        return HttpResponseRedirect(reverse("admin:loyalty_redemption_change", args=[redemption.pk]))

    @action(description="Cancel it", icon="undo", permissions=["cancel"])
    def cancel(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask why, then give everything back."""
        redemption = self.get_object(request, str(object_id))
        if redemption is None:
            raise Http404
        form = CancelForm(request.POST or None)
        page_of_it = reverse("admin:loyalty_redemption_change", args=[redemption.pk])
        if form.is_valid():
            because = form.cleaned_data["because"]
            try:
                cancel_redemption(redemption.ref, because=because, by=actor_of(request), now=clock.now())
            except Refusal as refused:
                form.add_error(None, refused.detail)
            else:
                self.log_change(request, redemption, f"Cancelled: {because}")
                messages.success(request, f"Cancelled; {redemption.points:,} points are back.")
                return HttpResponseRedirect(page_of_it)
        page = {
            **self.admin_site.each_context(request),
            "title": f"Cancel {redemption.reward.title} of {name_of(redemption.member)}",
            "form": form,
            "redemption": redemption,
            "cash": _cash(redemption) if redemption.cash_receipt else "",
            "page_of_it": page_of_it,
        }
        return render(request, "loyalty/admin/redemption_cancel.html", page)

    @display(description="reward")
    def what(self, redemption: Redemption) -> str:
        return redemption.reward.title

    @display(description="state", label=STATES)
    def state_label(self, redemption: Redemption) -> tuple[str, str]:
        return redemption.state, redemption.get_state_display()

    @display(description="fetched at")
    def where(self, redemption: Redemption) -> str:
        return redemption.place.name if redemption.place else ""

    @display(description="money part")
    def money_part(self, redemption: Redemption) -> str:
        return _cash(redemption)


def _cash(redemption: Redemption) -> str:
    if not redemption.cash_minor:
        return ""
    amount = money(redemption.cash_minor, redemption.reward.programme.currency)
    return (
        f"{amount}, receipt {redemption.cash_receipt}" if redemption.cash_receipt else f"{amount}, to be paid"
    )


def _page_of(redemption: Redemption, *, may_move: bool) -> dict[str, Any]:
    """What the template shows."""
    steps = list(redemption.steps.order_by("happened_at", "id"))
    names = name_actors(step.actor for step in steps)
    nexts = later_states(redemption.state) if may_move and redemption.state not in ENDED else ()
    displays = dict(redemption._meta.get_field("state").flatchoices)
    return {
        "title": redemption.reward.title,
        "whose": link_to_wallet(redemption.wallet_id, name_of(redemption.member)),
        "colour": STATES[redemption.state],
        "voucher_code": code(spelled(redemption.voucher)) if redemption.voucher else "",
        "cash": _cash(redemption),
        "nexts": [(state, displays[state]) for state in nexts],
        "steps": {
            "headers": ["When", "State", "By", "Note"],
            "rows": [
                [
                    moment(step.happened_at),
                    label(step.get_state_display(), STATES[step.state]),
                    names.get(step.actor, step.actor.partition(":")[0]),
                    step.note,
                ]
                for step in steps
            ],
        },
    }
