"""Corrections: what colleagues gave and took, what waits for a second person, and how far each role goes alone."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from config.ground import clock
from config.ground.refusals import NotAllowed, Refusal
from config.staff.actors import actor_of, name_actors
from config.staff.admin.readonly import OwnPageAdmin
from config.staff.list_exports import ExportsList
from config.staff.roles import ROLES
from config.staff.site import site
from loyalty.admin.cells import link_to_wallet, points
from loyalty.admin.drafted import SavesDrafts, ensure_own
from loyalty.admin.ledger import LedgerAdmin
from loyalty.models import Correction, CorrectionLimit, CorrectionState, ProgrammeDraft
from loyalty.models.programme_drafts import DraftKind
from loyalty.queries.corrections import waiting_first
from loyalty.queries.drafts import needs_approval
from loyalty.queries.vocabulary import list_homes
from loyalty.services.corrections import Colleague, approve_correction, refuse_correction
from loyalty.services.programme_drafts import write_limits_draft
from members.rules.people import name_of

STATES = {
    CorrectionState.WAITING: "info",
    CorrectionState.BOOKED: "success",
    CorrectionState.REFUSED: "default",
}
"""State -> the colour of its label."""


def colleague_of(request: HttpRequest) -> Colleague:
    """Who sits at the page."""
    person: Any = request.user
    roles = list(Group.objects.filter(user=person).values_list("name", flat=True))
    return Colleague(id=person.pk, name=f"staff:{person.pk}", email=person.email, roles=roles)


@admin.register(Correction, site=site)
class CorrectionAdmin(ExportsList, LedgerAdmin, OwnPageAdmin):
    """What waits in front. A correction is asked for on the page of the wallet."""

    export_columns = {
        "member": "member__ref",
        **{name: name for name in ("ref", "points", "reason", "state", "asked_by", "asked_at")},
        **{name: name for name in ("decided_by", "decided_at")},
    }
    when_empty = "A correction is asked for on the page of a wallet."
    list_display = ("asked_at", "of_member", "signed", "state_label", "why", "asker", "decider")
    list_filter = ("state", "reason")
    list_filter_submit = True
    list_select_related = ("member",)
    ordering = None  # type: ignore[assignment]  # waiting_first orders

    def get_queryset(self, request: HttpRequest) -> QuerySet[Correction]:
        return waiting_first(super().get_queryset(request))

    def list_waiting(self, request: HttpRequest) -> QuerySet[Correction]:
        """Corrections that wait for this person's approval."""
        waiting = super().get_queryset(request).filter(state=CorrectionState.WAITING)
        may = request.user.has_perm("loyalty.approve_correction")
        return waiting.exclude(asked_by=actor_of(request)) if may else waiting.none()

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list, with the names of the colleagues read for the whole page at once."""
        page = super().get_changelist_instance(request)
        page.result_list = list(page.result_list)
        names = name_actors(actor for one in page.result_list for actor in (one.asked_by, one.decided_by))
        for one in page.result_list:
            vars(one).update(names=names)
        return page

    def row_page(self, request: HttpRequest, correction: Correction) -> HttpResponse:
        """What was asked for, and the decision of whoever may take it."""
        if request.method == "POST":
            return self._decide(request, correction)
        names = name_actors([correction.asked_by, correction.decided_by])
        waits = correction.state == CorrectionState.WAITING
        may = request.user.has_perm("loyalty.approve_correction")
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{correction.points:+,} points for {name_of(correction.member)}",
            "correction": correction,
            "whose": link_to_wallet(correction.wallet_id, name_of(correction.member)),
            "colour": STATES[CorrectionState(correction.state)],
            "asked_by": names.get(correction.asked_by, correction.asked_by),
            "decided_by": names.get(correction.decided_by, correction.decided_by),
            "may_decide": waits and may and correction.asked_by != actor_of(request),
        }
        return render(request, "loyalty/admin/correction.html", page)

    def _decide(self, request: HttpRequest, correction: Correction) -> HttpResponse:
        decide = approve_correction if "_approve" in request.POST else refuse_correction
        try:
            if not request.user.has_perm("loyalty.approve_correction"):
                raise NotAllowed("Your role does not allow this step.")
            decided = decide(correction.pk, by=colleague_of(request), now=clock.now())
        except Refusal as refused:
            messages.error(request, refused.detail)
        else:
            self.log_change(request, decided, f"Correction {decided.get_state_display()}.")
            messages.success(request, f"{decided.points:+,} points: {decided.get_state_display()}.")
        return HttpResponseRedirect(reverse("admin:loyalty_correction_change", args=[correction.pk]))

    @display(description="points")
    def signed(self, correction: Correction) -> SafeString:
        return points(correction.points)

    @display(description="state", label=STATES)
    def state_label(self, correction: Correction) -> tuple[str, str]:
        return correction.state, correction.get_state_display()

    @display(description="why")
    def why(self, correction: Correction) -> str:
        return f"{correction.get_reason_display()}: {correction.note}"

    @display(description="asked for by")
    def asker(self, correction: Correction) -> str:
        return str(vars(correction)["names"].get(correction.asked_by, correction.asked_by))

    @display(description="decided by")
    def decider(self, correction: Correction) -> str:
        return str(vars(correction)["names"].get(correction.decided_by, correction.decided_by))


class LimitForm(forms.ModelForm):
    """A role of the house, and how many points it gives or takes alone. `actor` is set by the page."""

    actor: str

    role = forms.ChoiceField(choices=[(role, role) for role in ROLES], widget=UnfoldAdminSelectWidget)

    class Meta:
        model = CorrectionLimit
        fields = ("programme", "role", "points")

    def clean(self) -> dict[str, Any]:
        told = super().clean() or self.cleaned_data
        programme_id = told["programme"].pk if "programme" in told else self.instance.programme_id
        if programme_id is not None:
            ensure_own(programme_id, DraftKind.LIMITS, self.actor)
        return told


@admin.register(CorrectionLimit, site=site)
class CorrectionLimitAdmin(SavesDrafts):
    """A role without a line needs a second person for every point; so does one with 0."""

    form = LimitForm
    list_display = ("programme", "role", "points")
    list_display_links = ("role",)
    list_select_related = ("programme",)
    ordering = ("programme", "role")
    compressed_fields = True

    def draft_of(self, form: Any, actor: str) -> ProgrammeDraft:
        limit: CorrectionLimit = form.instance
        return write_limits_draft(limit.programme_id, {limit.role: limit.points}, by=actor, now=clock.now())

    def get_readonly_fields(
        self, request: HttpRequest, obj: CorrectionLimit | None = None
    ) -> tuple[str, ...]:
        return ("programme", "role") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: CorrectionLimit | None = None) -> bool:
        """Where a second person is asked a limit becomes 0 by a draft, and no line is taken away."""
        programmes = [obj.programme_id] if obj else [home.id for home in list_homes()]
        return super().has_delete_permission(request, obj) and not any(map(needs_approval, programmes))
