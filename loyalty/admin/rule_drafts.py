"""Drafts of rules: what is being written, what waits for approval, and what became of it."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from msgspec import structs
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from config.ground import clock
from config.ground.refusals import NotAllowed, Refusal
from config.ground.typed import load
from config.staff.actors import actor_of, list_colleagues_who_may, name_actors
from config.staff.admin.readonly import ReadOnlyAdmin
from config.staff.site import site
from loyalty.admin.back_test_form import DaysForm
from loyalty.admin.back_tests import ask_from_page
from loyalty.admin.of_programme import OfOneProgramme
from loyalty.admin.rule_versions import version_shown
from loyalty.models import RuleDraft, RuleDraftState
from loyalty.queries.programme_drafts import list_open_drafts
from loyalty.queries.rule_drafts import needs_approval, waiting_first, waiting_for
from loyalty.queries.vocabulary import Home, list_names
from loyalty.rules.back_tests import Changes, TriedRule
from loyalty.rules.definition import RuleDefinition
from loyalty.rules.stored_rules import changes, says
from loyalty.services.rule_drafts import approve_draft, discard_draft, send_back_draft, submit_draft

STATES = {
    RuleDraftState.DRAFT: "warning",
    RuleDraftState.SUBMITTED: "info",
    RuleDraftState.APPROVED: "success",
    RuleDraftState.DISCARDED: "default",
}
"""State -> the colour of its label."""

MINE = "me"


class WaitsFilter(DropdownFilter):
    """What this person could approve."""

    title = "waits for"
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(MINE, "me")]

    def queryset(self, request: HttpRequest, drafts: QuerySet[RuleDraft]) -> QuerySet[RuleDraft]:
        return waiting_for(actor_of(request), drafts) if self.value() == MINE else drafts


@admin.register(RuleDraft, site=site)
class RuleDraftAdmin(ReadOnlyAdmin, OfOneProgramme):
    """What waits for approval first. A draft is written on the page of its rule."""

    list_display = ("name", "state_label", "waits_for_me", "made", "submitted_at", "programme")
    list_filter = (WaitsFilter, "state")
    list_filter_submit = True
    list_select_related = ("rule__programme",)
    list_before_template = "loyalty/admin/open_drafts.html"

    class Media:
        css = {"all": ("loyalty/rules.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[RuleDraft]:
        return waiting_first(super().get_queryset(request))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Together with what else waits, as far as the person may see it."""
        return super().changelist_view(request, {**(extra_context or {}), **_others(request)})

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list, with the names of those who wrote read for the whole page at once."""
        page = super().get_changelist_instance(request)
        page.result_list = list(page.result_list)
        names = name_actors(draft.made_by for draft in page.result_list)
        may, actor = request.user.has_perm("loyalty.approve_rule"), actor_of(request)
        for draft in page.result_list:
            own = actor in (draft.made_by, draft.submitted_by)
            waits = may and not own and draft.state == RuleDraftState.SUBMITTED
            vars(draft).update(maker=names.get(draft.made_by, draft.made_by), waits=waits)
        return page

    def home_of(self, request: HttpRequest, obj: Any = None) -> Home:
        return super().home_of(request, obj.rule if obj else None)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        return self.in_its_time(self.shown, request, object_id)

    def shown(self, request: HttpRequest, object_id: str | None) -> HttpResponse:
        """What the draft says and changes, and the step that comes next."""
        draft = self.get_object(request, object_id) if object_id else None
        if draft is None or not self.has_view_permission(request):
            raise Http404
        if request.method == "POST":
            return self._carry_out(request, draft)
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": draft.name,
            "media": self.media,
            **_page_of(draft, self.home_of(request, draft), request),
        }
        return render(request, "loyalty/admin/rule_draft.html", page)

    def _carry_out(self, request: HttpRequest, draft: RuleDraft) -> HttpResponse:
        """The button that was pressed; what is refused is said on the page as it stands."""
        act = _ACTS.get(next((name for name in _ACTS if name in request.POST), ""))
        if act is None:
            raise Http404
        try:
            answer = act(request, draft, self.home_of(request, draft))
        except Refusal as refused:
            messages.error(request, refused.detail)
            answer = None
        here = reverse("admin:loyalty_ruledraft_change", args=[draft.pk])
        return answer or HttpResponseRedirect(here)

    @display(description="state", label=STATES)
    def state_label(self, draft: RuleDraft) -> tuple[str, str]:
        return draft.state, draft.get_state_display()

    @display(description="waits for me", boolean=True)
    def waits_for_me(self, draft: RuleDraft) -> bool:
        return bool(vars(draft)["waits"])

    @display(description="written by")
    def made(self, draft: RuleDraft) -> str:
        return str(vars(draft)["maker"])

    @display(description="programme")
    def programme(self, draft: RuleDraft) -> str:
        return draft.rule.programme.name


OTHERS = {"ladderdraft": "ladders", "programmedraft": "terms and limits"}
"""Drafts that are no rules: model -> what they are of."""


def _others(request: HttpRequest) -> dict[str, Any]:
    seen = [model for model in OTHERS if request.user.has_perm(f"loyalty.view_{model}")]
    drafts = list_open_drafts(seen)
    names = name_actors(one.made_by for one in drafts)
    return {
        "others": [
            {
                **structs.asdict(one),
                "maker": names.get(one.made_by, one.made_by),
                "url": reverse(f"admin:loyalty_{one.model}_change", args=[one.id]),
            }
            for one in drafts
        ],
        "pages": [(OTHERS[model], reverse(f"admin:loyalty_{model}_changelist")) for model in seen],
    }


def _page_of(draft: RuleDraft, home: Home, request: HttpRequest) -> dict[str, Any]:
    zone, names = ZoneInfo(home.timezone), list_names([home.id])[home.id]

    current = version_shown(draft.rule, clock.now())
    if current is not None and current.pk == draft.version_id:
        current = None
    definition = names.said_stored(draft.definition)
    people = name_actors([draft.made_by, draft.submitted_by, draft.decided_by])
    own = actor_of(request) in (draft.made_by, draft.submitted_by)
    user = request.user
    return {
        "draft": draft,
        "colour": STATES[RuleDraftState(draft.state)],
        "says": says(definition, home.currency, zone=zone),
        "current": current,
        "changes": changes(names.said_stored(current.definition), definition, home.currency, zone=zone)
        if current
        else [],
        "made_by": people.get(draft.made_by, draft.made_by),
        "submitted_by": people.get(draft.submitted_by, draft.submitted_by),
        "decided_by": people.get(draft.decided_by, draft.decided_by),
        "asks_another": needs_approval(home.id),
        "approvers": list_colleagues_who_may("loyalty.approve_rule", but=(draft.made_by, draft.submitted_by)),
        "may_write": draft.state == RuleDraftState.DRAFT and user.has_perm("loyalty.change_rule"),
        "may_decide": draft.state == RuleDraftState.SUBMITTED
        and user.has_perm("loyalty.approve_rule")
        and not own,
        "may_discard": draft.state in (RuleDraftState.DRAFT, RuleDraftState.SUBMITTED)
        and user.has_perm("loyalty.change_rule"),
        "days": DaysForm(home=home, now=clock.now()) if user.has_perm("loyalty.add_backtest") else None,
    }


def _ensure_may(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(f"loyalty.{permission}"):
        raise NotAllowed("Your role does not allow this step.")


def _submit(request: HttpRequest, draft: RuleDraft, _home: Home) -> None:
    _ensure_may(request, "change_rule")
    submitted = submit_draft(draft.pk, by=actor_of(request), now=clock.now())
    waits = submitted.state == RuleDraftState.SUBMITTED
    messages.success(request, "It waits for approval now." if waits else "It is published.")


def _approve(request: HttpRequest, draft: RuleDraft, _home: Home) -> None:
    _ensure_may(request, "approve_rule")
    read = request.POST.get("read", "")
    approved = approve_draft(draft.pk, read=read, by=actor_of(request), now=clock.now())
    assert approved.version is not None  # noqa: S101 - a constraint of the table
    messages.success(request, f"Approved: version {approved.version.version} of {approved.name}.")


def _send_back(request: HttpRequest, draft: RuleDraft, _home: Home) -> None:
    _ensure_may(request, "approve_rule")
    note = request.POST.get("note", "").strip()[:300]
    send_back_draft(draft.pk, note=note, by=actor_of(request), now=clock.now())
    messages.success(request, "Sent back.")


def _discard(request: HttpRequest, draft: RuleDraft, _home: Home) -> None:
    _ensure_may(request, "change_rule")
    discard_draft(draft.pk, by=actor_of(request), now=clock.now())
    messages.success(request, "Discarded. What holds today stays as it is.")


def _back_test(request: HttpRequest, draft: RuleDraft, home: Home) -> HttpResponse | None:
    _ensure_may(request, "add_backtest")
    days = DaysForm(request.POST, home=home, now=clock.now())
    if not days.is_valid():
        messages.error(request, "Choose a first day and a last day that does not lie before it.")
        return None
    tried = TriedRule(
        code=draft.rule.code, name=draft.name, definition=load(RuleDefinition, draft.definition)
    )
    return ask_from_page(request, home, Changes(rules=[tried]), days)


_ACTS: dict[str, Callable[[HttpRequest, RuleDraft, Home], HttpResponse | None]] = {
    "_submit": _submit,
    "_approve": _approve,
    "_send_back": _send_back,
    "_discard": _discard,
    "_back_test": _back_test,
}
