"""The pages of drafts: what waits, what one draft says and changes, and the step that comes next."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from config.ground import clock
from config.ground.refusals import NotAllowed, Refusal
from config.staff.actors import actor_of, list_colleagues_who_may, name_actors
from config.staff.admin.readonly import OwnPageAdmin
from loyalty.admin.of_programme import OfOneProgramme
from loyalty.models import DraftState
from loyalty.models.drafts import OPEN
from loyalty.queries.drafts import needs_approval, waiting_first, waiting_for
from loyalty.queries.vocabulary import Home
from loyalty.services.drafts import DraftRoad

STATES = {
    DraftState.DRAFT: "warning",
    DraftState.SUBMITTED: "info",
    DraftState.APPROVED: "success",
    DraftState.DISCARDED: "default",
}
"""State -> the colour of its label."""

MINE = "me"

Act = Callable[[HttpRequest, Any], str | HttpResponse]
"""What a button does: it answers with a word on what was done, or with the page to go to."""


class WaitsFilter(DropdownFilter):
    """What this person could approve."""

    title = "waits for"
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(MINE, "me")]

    def queryset(self, request: HttpRequest, drafts: QuerySet[Any]) -> QuerySet[Any]:
        return waiting_for(actor_of(request), drafts) if self.value() == MINE else drafts


class DraftPage(OfOneProgramme, OwnPageAdmin):
    """The drafts of one kind, what waits for approval first. A draft is written on the page of what it is of."""

    road: ClassVar[DraftRoad[Any]]
    template = "loyalty/admin/draft.html"
    of_what: ClassVar[str]
    """Of what these are drafts, e.g. `ladders`."""
    list_display: tuple[str, ...] = (
        "called",
        "state_label",
        "waits_for_me",
        "made",
        "submitted_at",
        "programme",
    )
    list_display_links = ("called",)
    list_filter = (WaitsFilter, "state")
    list_filter_submit = True
    list_select_related = ("programme",)

    class Media:
        css = {"all": ("loyalty/rules.css",)}

    def rights_to_write(self, draft: Any) -> Sequence[str]:
        """All that who submits and discards it must hold, e.g. `loyalty.change_rule`."""
        raise NotImplementedError

    def rights_to_approve(self, _draft: Any) -> Sequence[str]:
        """All that who approves it and sends it back must hold."""
        return ("loyalty.approve_rule",)

    def tell(self, request: HttpRequest, draft: Any, home: Home) -> dict[str, Any]:
        """What the page says of this kind alone: `title`, the sentences it `says`, `changes`, `write_url`."""
        raise NotImplementedError

    def outcome(self, draft: Any) -> str:
        """What has come of a draft that was approved, as a sentence without its beginning and end."""
        raise NotImplementedError

    def acts(self, draft: Any) -> dict[str, tuple[Sequence[str], Act]]:
        """Button -> the rights it needs, and what it does."""
        write, approve = self.rights_to_write(draft), self.rights_to_approve(draft)
        return {
            "_submit": (write, self._submit),
            "_approve": (approve, self._approve),
            "_send_back": (approve, self._send_back),
            "_discard": (write, self._discard),
        }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return waiting_first(super().get_queryset(request))

    def list_waiting(self, request: HttpRequest) -> QuerySet[Any]:
        """Drafts that wait for this person's approval."""
        waiting = waiting_for(actor_of(request), super().get_queryset(request))
        return waiting if request.user.has_perm("loyalty.approve_rule") else waiting.none()

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list, with the names of those who wrote read for the whole page at once."""
        page = super().get_changelist_instance(request)
        page.result_list = list(page.result_list)
        names = name_actors(draft.made_by for draft in page.result_list)
        for draft in page.result_list:
            waits = self._may_decide(request, draft)
            vars(draft).update(maker=names.get(draft.made_by, draft.made_by), waits=waits)
        return page

    def row_page(self, request: HttpRequest, draft: Any) -> HttpResponse:
        if request.method == "POST":
            return self._carry_out(request, draft)
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            **self._step_of(request, draft),
            **self.tell(request, draft, self.home_of(request, draft)),
        }
        return render(request, self.template, page)

    def _step_of(self, request: HttpRequest, draft: Any) -> dict[str, Any]:
        """Where the draft stands, who brought it there, and what this person may do with it."""
        people = name_actors([draft.made_by, draft.submitted_by, draft.decided_by])
        is_open, may_write = draft.state in OPEN, request.user.has_perms(self.rights_to_write(draft))
        return {
            "draft": draft,
            "of_what": self.of_what,
            "colour": STATES[DraftState(draft.state)],
            "is_open": is_open,
            "made_by": people.get(draft.made_by, draft.made_by),
            "submitted_by": people.get(draft.submitted_by, draft.submitted_by),
            "decided_by": people.get(draft.decided_by, draft.decided_by),
            "asks_another": needs_approval(draft.programme_id),
            "approvers": list_colleagues_who_may(*self.rights_to_approve(draft), but=draft.writers()),
            "may_write": draft.state == DraftState.DRAFT and may_write,
            "may_decide": self._may_decide(request, draft),
            "may_discard": is_open and may_write,
        }

    def _may_decide(self, request: HttpRequest, draft: Any) -> bool:
        is_another = actor_of(request) not in draft.writers()
        waits = draft.state == DraftState.SUBMITTED
        return waits and is_another and request.user.has_perms(self.rights_to_approve(draft))

    def _carry_out(self, request: HttpRequest, draft: Any) -> HttpResponse:
        """The button that was pressed; what is refused is said on the page as it stands."""
        rights, act = next(
            (act for name, act in self.acts(draft).items() if name in request.POST), ((), None)
        )
        if act is None:
            raise Http404
        try:
            if not request.user.has_perms(rights):
                raise NotAllowed("Your role does not allow this step.")
            done = act(request, draft)
        except Refusal as refused:
            messages.error(request, refused.detail)
        else:
            if isinstance(done, HttpResponse):
                return done
            messages.success(request, done)
        here = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        return HttpResponseRedirect(reverse(here, args=[draft.pk]))

    def _submit(self, request: HttpRequest, draft: Any) -> str:
        submitted = self.road.submit(draft.pk, by=actor_of(request), now=clock.now())
        if submitted.state == DraftState.SUBMITTED:
            return "It waits for approval now."
        outcome = self.outcome(submitted)
        return f"{outcome[0].upper()}{outcome[1:]}."

    def _approve(self, request: HttpRequest, draft: Any) -> str:
        read = request.POST.get("read", "")
        approved = self.road.approve(draft.pk, read=read, by=actor_of(request), now=clock.now())
        return f"Approved: {self.outcome(approved)}."

    def _send_back(self, request: HttpRequest, draft: Any) -> str:
        note = request.POST.get("note", "").strip()[:300]
        self.road.send_back(draft.pk, note=note, by=actor_of(request), now=clock.now())
        return "Sent back."

    def _discard(self, request: HttpRequest, draft: Any) -> str:
        self.road.discard(draft.pk, by=actor_of(request), now=clock.now())
        return "Discarded. What holds today stays as it is."

    @display(description="draft")
    def called(self, draft: Any) -> str:
        return f"Draft {draft.pk}"

    @display(description="state", label=STATES)
    def state_label(self, draft: Any) -> tuple[str, str]:
        return draft.state, draft.get_state_display()

    @display(description="waits for me", boolean=True)
    def waits_for_me(self, draft: Any) -> bool:
        return bool(vars(draft)["waits"])

    @display(description="written by")
    def made(self, draft: Any) -> str:
        return str(vars(draft)["maker"])
