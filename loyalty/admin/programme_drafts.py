"""Drafts of terms and of limits of corrections: what would change, and the step that comes next."""

from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from unfold.decorators import display

from config.ground import clock
from config.ground.refusals import NotAllowed, Refusal
from config.ground.typed import load
from config.staff.actors import actor_of, list_colleagues_who_may, name_actors
from config.staff.admin.readonly import ReadOnlyAdmin
from config.staff.site import site
from loyalty.admin.of_programme import OfOneProgramme
from loyalty.admin.rule_drafts import STATES
from loyalty.models import ProgrammeDraft, ProgrammeTerms, RuleDraftState
from loyalty.models.programme_drafts import DraftKind
from loyalty.queries.programme_drafts import find_terms, list_limits
from loyalty.queries.rule_drafts import OPEN, needs_approval
from loyalty.rules.programme_files import TermsPart
from loyalty.rules.terms_words import limits_changes, terms_changes
from loyalty.services.programme_drafts import (
    approve_programme_draft,
    discard_programme_draft,
    send_back_programme_draft,
    submit_programme_draft,
)

MAY_APPROVE = "loyalty.approve_terms"
MAY_WRITE = {
    DraftKind.TERMS: "loyalty.change_programmeterms",
    DraftKind.LIMITS: "loyalty.change_correctionlimit",
}


@admin.register(ProgrammeDraft, site=site)
class ProgrammeDraftAdmin(ReadOnlyAdmin, OfOneProgramme):
    """The newest first; a draft is written on the page of the terms, or of a limit."""

    list_display = ("called", "state_label", "made_at", "programme")
    list_display_links = ("called",)
    list_select_related = ("programme",)
    ordering = ("-pk",)

    class Media:
        css = {"all": ("loyalty/rules.css",)}

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        return self.in_its_time(self._shown, request, object_id)

    def _shown(self, request: HttpRequest, object_id: str | None) -> HttpResponse:
        draft = self.get_object(request, object_id) if object_id else None
        if draft is None or not self.has_view_permission(request):
            raise Http404
        if request.method == "POST":
            return _carry_out(request, draft)
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(draft).capitalize(),
            "media": self.media,
            **_page_of(draft, request),
        }
        return render(request, "loyalty/admin/draft.html", page)

    @display(description="draft")
    def called(self, draft: ProgrammeDraft) -> str:
        return f"{draft.get_kind_display().capitalize()} {draft.pk}"

    @display(description="state", label=STATES)
    def state_label(self, draft: ProgrammeDraft) -> tuple[str, str]:
        return draft.state, draft.get_state_display()


def _page_of(draft: ProgrammeDraft, request: HttpRequest) -> dict[str, Any]:
    people = name_actors([draft.made_by, draft.submitted_by, draft.decided_by])
    own = actor_of(request) in (draft.made_by, draft.submitted_by)
    user, is_open = request.user, draft.state in OPEN
    may_write = user.has_perm(MAY_WRITE[DraftKind(draft.kind)])
    return {
        "draft": draft,
        "colour": STATES[RuleDraftState(draft.state)],
        "says": [f"Other {draft.get_kind_display()} for {draft.programme.name}"],
        "changes": _changes(draft),
        "is_open": is_open,
        "made_by": people.get(draft.made_by, draft.made_by),
        "decided_by": people.get(draft.decided_by, draft.decided_by),
        "asks_another": needs_approval(draft.programme_id),
        "approvers": list_colleagues_who_may(MAY_APPROVE, but=(draft.made_by, draft.submitted_by)),
        "may_write": draft.state == RuleDraftState.DRAFT and may_write,
        "may_decide": draft.state == RuleDraftState.SUBMITTED and user.has_perm(MAY_APPROVE) and not own,
        "may_discard": is_open and may_write,
        "write_url": _write_url(draft) if actor_of(request) == draft.made_by else "",
    }


def _changes(draft: ProgrammeDraft) -> list[str]:
    """Beside what holds; once it is approved, beside what it took the place of; of a discarded one, none."""
    held, wanted = draft.before, draft.definition
    if draft.state == RuleDraftState.DISCARDED:
        return []
    if draft.kind == DraftKind.LIMITS:
        return limits_changes(list_limits(draft.programme_id) if held is None else held, wanted)
    before = find_terms(draft.programme_id) if held is None else load(TermsPart, held)
    return terms_changes(before, load(TermsPart, wanted), draft.programme.currency)


def _write_url(draft: ProgrammeDraft) -> str:
    if draft.kind == DraftKind.LIMITS:
        return reverse("admin:loyalty_correctionlimit_changelist")
    terms = ProgrammeTerms.objects.get(programme_id=draft.programme_id)
    return reverse("admin:loyalty_programmeterms_change", args=[terms.pk])


def _carry_out(request: HttpRequest, draft: ProgrammeDraft) -> HttpResponse:
    """The button that was pressed; what is refused is said on the page as it stands."""
    try:
        messages.success(request, _act(request, draft))
    except Refusal as refused:
        messages.error(request, refused.detail)
    return HttpResponseRedirect(reverse("admin:loyalty_programmedraft_change", args=[draft.pk]))


def _act(request: HttpRequest, draft: ProgrammeDraft) -> str:
    told, by, now = request.POST, actor_of(request), clock.now()
    decides = "_approve" in told or "_send_back" in told
    if not request.user.has_perm(MAY_APPROVE if decides else MAY_WRITE[DraftKind(draft.kind)]):
        raise NotAllowed("Your role does not allow this step.")
    if "_submit" in told:
        submitted = submit_programme_draft(draft.pk, by=by, now=now)
        waits = submitted.state == RuleDraftState.SUBMITTED
        return "It waits for approval now." if waits else "It holds from now on."
    if "_approve" in told:
        approve_programme_draft(draft.pk, read=told.get("read", ""), by=by, now=now)
        return "Approved: it holds from now on."
    if "_send_back" in told:
        send_back_programme_draft(draft.pk, note=told.get("note", "").strip()[:300], by=by, now=now)
        return "Sent back."
    if "_discard" not in told:
        raise Http404
    discard_programme_draft(draft.pk, by=by, now=now)
    return "Discarded. What holds today stays as it is."
