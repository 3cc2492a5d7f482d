"""Drafts of ladders: what would change, who would move, and the step that comes next."""

from collections.abc import Callable
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
from loyalty.admin.ladders import said
from loyalty.admin.of_programme import OfOneProgramme
from loyalty.admin.rule_drafts import STATES
from loyalty.models import LadderDraft, RuleDraftState
from loyalty.queries.ladder_moves import Move
from loyalty.queries.ladders import find_last_ladder
from loyalty.queries.rule_drafts import needs_approval
from loyalty.queries.vocabulary import Home, list_names
from loyalty.rules.ladder_words import ladder_changes
from loyalty.rules.ladders import LadderDefinition
from loyalty.services.ladder_drafts import (
    approve_ladder_draft,
    discard_ladder_draft,
    send_back_ladder_draft,
    submit_ladder_draft,
)


@admin.register(LadderDraft, site=site)
class LadderDraftAdmin(ReadOnlyAdmin, OfOneProgramme):
    """The newest first; a draft is written on the form of the ladder."""

    list_display = ("called", "state_label", "made_at", "live_from", "programme")
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
            "title": f"Another ladder for {draft.programme.name}",
            "media": self.media,
            **_page_of(draft, self.home_of(request, draft), request),
        }
        return render(request, "loyalty/admin/ladder_draft.html", page)

    @display(description="draft")
    def called(self, draft: LadderDraft) -> str:
        return f"Draft {draft.pk}"

    @display(description="state", label=STATES)
    def state_label(self, draft: LadderDraft) -> tuple[str, str]:
        return draft.state, draft.get_state_display()


def _page_of(draft: LadderDraft, home: Home, request: HttpRequest) -> dict[str, Any]:
    names = list_names([home.id])[home.id].tiers
    definition = load(LadderDefinition, draft.definition)
    today = find_last_ladder(home.id) if draft.ladder_id is None else None
    people = name_actors([draft.made_by, draft.submitted_by, draft.decided_by])
    own = actor_of(request) in (draft.made_by, draft.submitted_by)
    user, is_open = request.user, draft.state in (RuleDraftState.DRAFT, RuleDraftState.SUBMITTED)
    moves: list[Move] = load(list[Move], draft.movers or [])
    return {
        "draft": draft,
        "colour": STATES[RuleDraftState(draft.state)],
        "says": said(draft.definition, home),
        "changes": ladder_changes(today, definition, names, home.currency) if is_open else [],
        "is_open": is_open,
        "moves": [
            (names.get(m.before, m.before), names.get(m.after, m.after), m.members, m.examples) for m in moves
        ],
        "made_by": people.get(draft.made_by, draft.made_by),
        "decided_by": people.get(draft.decided_by, draft.decided_by),
        "asks_another": needs_approval(home.id),
        "approvers": list_colleagues_who_may("loyalty.approve_rule", but=(draft.made_by, draft.submitted_by)),
        "may_write": draft.state == RuleDraftState.DRAFT and user.has_perm("loyalty.add_ladder"),
        "may_decide": draft.state == RuleDraftState.SUBMITTED
        and user.has_perm("loyalty.approve_rule")
        and not own,
        "write_url": f"{reverse('admin:loyalty_ladder_add')}?programme={home.id}",
        "may_discard": is_open and user.has_perm("loyalty.add_ladder"),
    }


def _carry_out(request: HttpRequest, draft: LadderDraft) -> HttpResponse:
    """The button that was pressed; what is refused is said on the page as it stands."""
    act = _ACTS.get(next((name for name in _ACTS if name in request.POST), ""))
    if act is None:
        raise Http404
    right, carry_out = act
    try:
        if not request.user.has_perm(f"loyalty.{right}"):
            raise NotAllowed("Your role does not allow this step.")
        messages.success(request, carry_out(request, draft))
    except Refusal as refused:
        messages.error(request, refused.detail)
    return HttpResponseRedirect(reverse("admin:loyalty_ladderdraft_change", args=[draft.pk]))


def _submit(request: HttpRequest, draft: LadderDraft) -> str:
    submitted = submit_ladder_draft(draft.pk, by=actor_of(request), now=clock.now())
    return "It waits for approval now." if submitted.ladder_id is None else "It is scheduled."


def _approve(request: HttpRequest, draft: LadderDraft) -> str:
    read = request.POST.get("read", "")
    approve_ladder_draft(draft.pk, read=read, by=actor_of(request), now=clock.now())
    return "Approved."


def _send_back(request: HttpRequest, draft: LadderDraft) -> str:
    note = request.POST.get("note", "").strip()[:300]
    send_back_ladder_draft(draft.pk, note=note, by=actor_of(request), now=clock.now())
    return "Sent back."


def _discard(request: HttpRequest, draft: LadderDraft) -> str:
    discard_ladder_draft(draft.pk, by=actor_of(request), now=clock.now())
    return "Discarded. What holds today stays as it is."


_ACTS: dict[str, tuple[str, Callable[[HttpRequest, LadderDraft], str]]] = {
    "_submit": ("add_ladder", _submit),
    "_approve": ("approve_rule", _approve),
    "_send_back": ("approve_rule", _send_back),
    "_discard": ("add_ladder", _discard),
}
