"""Service cases: the list of what is to be done, and a page on which a case is taken on."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.safestring import SafeString
from django.utils.timezone import get_current_timezone
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from config.ground import clock
from config.ground.moments import moment
from config.ground.refusals import Refusal
from config.staff.actors import actor_of, name_actors
from config.staff.list_exports import ExportsList
from config.staff.site import site
from members.models.members import MemberState
from members.rules.masking import masked
from omnichannel.admin.contact_forms import CaseForm, NewCaseForm
from omnichannel.admin.contacts import (
    FoundByMember,
    may_read_words,
    member_asked_for,
    nothing_written,
    words_for,
)
from omnichannel.admin.own_stores import of_own_stores_or_none
from omnichannel.admin.shown import member_link
from omnichannel.errors import CaseChangedMeanwhile
from omnichannel.models import CasePriority, CaseState, CaseStep, ServiceCase
from omnichannel.models.cases import STILL_OPEN
from omnichannel.queries.cases import list_steps, most_pressing_first, overdue
from omnichannel.queries.interactions import list_interactions_of_case
from omnichannel.queries.places import list_places_served
from omnichannel.services.cases import change_case, open_case

STATES = {
    CaseState.NEW: "danger",
    CaseState.OPEN: "warning",
    CaseState.WAITING: "info",
    CaseState.SOLVED: "success",
    CaseState.CLOSED: "default",
}
PRIORITIES = {
    CasePriority.URGENT: "danger",
    CasePriority.HIGH: "warning",
    CasePriority.NORMAL: "default",
    CasePriority.LOW: "default",
}
FIELDS = {"state": "State", "priority": "Priority", "owner": "Looked after by", "due_at": "Due"}


class WhatFilter(DropdownFilter):
    """What is to be done, unless something else is chosen."""

    title = "state"
    parameter_name = "state"
    all_option = None

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        more = [("unsolved", "Not solved yet"), ("overdue", "Overdue"), ("any", "All")]
        return [*more, *((one.value, one.label) for one in CaseState)]

    def value(self) -> str:
        return str(super().value() or "unsolved")

    def queryset(self, request: HttpRequest, rows: QuerySet[ServiceCase]) -> QuerySet[ServiceCase]:
        chosen = self.value()
        if chosen == "overdue":
            return overdue(rows, now=clock.now())
        if chosen == "any":
            return rows
        return rows.filter(state__in=STILL_OPEN if chosen == "unsolved" else [chosen])


class WhoseFilter(DropdownFilter):
    title = "looked after by"
    parameter_name = "whose"
    all_option = None

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("", "Everybody"), ("mine", "Me"), ("nobody", "Nobody yet")]

    def queryset(self, request: HttpRequest, rows: QuerySet[ServiceCase]) -> QuerySet[ServiceCase]:
        if self.value() == "mine":
            return rows.filter(owner_id=request.user.pk)
        return rows.filter(owner=None) if self.value() == "nobody" else rows


@admin.register(ServiceCase, site=site)
class ServiceCaseAdmin(ExportsList, FoundByMember):
    """What presses most stands first. A case is opened on the page of a member, by the API, or by a low score."""

    export_columns = {
        "member": "member__ref",
        "place": "place__code",
        "owner": "owner__username",
        **{name: name for name in ("ref", "kind", "state", "priority", "due_at", "opened_at", "changed_at")},
    }
    """Not the words: they are read on the page of the case."""
    when_empty = "No case here. One is opened on the page of a member."
    list_filter = (
        WhatFilter,
        WhoseFilter,
        ("kind", ChoicesDropdownFilter),
        ("priority", ChoicesDropdownFilter),
        ("place", AutocompleteSelectFilter),
    )
    list_filter_submit = True
    list_select_related = ("member", "owner")
    sortable_by = ()
    paginator = InfinitePaginator
    show_full_result_count = False
    list_per_page = 50
    search_help_text = "The member's phone, card, e-mail, ref or name, or the ref of the case"

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        about = "about" if may_read_words(request) else "masked_about"
        return (about, "who", "kind_label", "priority_label", "state_label", "owner_name", "due", "opened")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """From the page of a member alone."""
        return request.user.has_perm("omnichannel.add_servicecase") and "member" in request.GET

    def get_queryset(self, request: HttpRequest) -> QuerySet[ServiceCase]:
        rows: QuerySet[ServiceCase] = super().get_queryset(request)
        return most_pressing_first(of_own_stores_or_none(request, rows))

    def new_page(self, request: HttpRequest) -> HttpResponse:
        """A case of the member whom the address names."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        member, page_of_member = member_asked_for(request)
        if member.state == MemberState.ERASED:
            return nothing_written(request, page_of_member)
        form = NewCaseForm(request.POST or None, request=request)
        if form.is_valid() and (case := _opened(request, form, member.id)):
            self.log_addition(request, case, "Opened.")
            return HttpResponseRedirect(reverse("admin:omnichannel_servicecase_change", args=[case.pk]))
        page = {
            **self.admin_site.each_context(request),
            "title": f"What does {member.called or member.ref} want to have put right?",
            "what_happens": "It stands among the service cases until it is solved. Every step is kept, with your name.",
            "button": "Open the case",
            "form": form,
            "page_of_member": page_of_member,
        }
        return render(request, "members/admin/form.html", page)

    def row_page(self, request: HttpRequest, case: ServiceCase) -> HttpResponse:
        """How it went so far, and what becomes of it."""
        may_change = request.user.has_perm("omnichannel.change_servicecase")
        form, differs = CaseForm(request.POST or None, case=case), None
        if request.method == "POST":
            if self._changed(request, case, form):
                return HttpResponseRedirect(request.get_full_path())
            if form.is_behind:
                case = self.get_queryset(request).get(pk=case.pk)
                differs, form = _differing(case, request), CaseForm(case=case, words=form.typed)
        steps = list_steps(case.pk)
        talks = list_interactions_of_case(case.pk, places=list_places_served(request.user.pk or 0))
        names = name_actors([*(step.actor for step in steps), *(talk.actor for talk in talks)])
        owners = name_actors(f"staff:{number}" for step in steps for number in step.changes.get("owner", []))
        filters = request.GET.get("_changelist_filters", "")
        listing = reverse("admin:omnichannel_servicecase_changelist")
        say = reverse("admin:omnichannel_interaction_add") + f"?member={case.member_id}&case={case.pk}"
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": words_for(request, case.subject),
            "case": case,
            "member": member_link(case.member),
            "state_colour": STATES[CaseState(case.state)],
            "priority_colour": PRIORITIES[CasePriority(case.priority)],
            "is_overdue": _is_overdue(case, clock.now()),
            "form": form if may_change else None,
            "differs": differs,
            "steps": [
                (
                    step,
                    names.get(step.actor, step.actor),
                    words_for(request, step.words),
                    list(_changes(step, owners)),
                )
                for step in steps
            ],
            "talks": [
                (one, names.get(one.actor, one.actor), words_for(request, one.outcome)) for one in talks
            ],
            "say": say if request.user.has_perm("omnichannel.add_interaction") else "",
            "back": f"{listing}?{filters}" if filters else listing,
        }
        return render(request, "omnichannel/admin/case.html", page)

    def _changed(self, request: HttpRequest, case: ServiceCase, form: CaseForm) -> bool:
        """Whether there is nothing more to look at; what was refused stands on the page with what was typed."""
        if not request.user.has_perm("omnichannel.change_servicecase"):
            raise PermissionDenied
        if form.is_behind or not form.is_valid():
            return False
        actor, words, now = actor_of(request), form.typed, clock.now()
        try:
            change_case(case.pk, form.change, version=case.version, words=words, actor=actor, now=now)
        except CaseChangedMeanwhile:
            form.is_behind = True
            return False
        except Refusal as refused:
            form.add_error(None, f"{refused.title}. {refused.detail}")
            return False
        self.log_change(request, case, "Taken on.")
        messages.success(request, "Written down.")
        return True

    @display(description="subject")
    def about(self, case: ServiceCase) -> str:
        return case.subject

    @display(description="subject")
    def masked_about(self, case: ServiceCase) -> str:
        return masked("words", case.subject)

    @display(description="member")
    def who(self, case: ServiceCase) -> SafeString:
        return member_link(case.member)

    @display(description="about", label=True)
    def kind_label(self, case: ServiceCase) -> str:
        return str(case.get_kind_display())

    @display(description="priority", label=PRIORITIES)
    def priority_label(self, case: ServiceCase) -> tuple[str, str]:
        return case.priority, case.get_priority_display()

    @display(description="state", label=STATES)
    def state_label(self, case: ServiceCase) -> tuple[str, str]:
        return case.state, case.get_state_display()

    @display(description="looked after by", empty_value="nobody")
    def owner_name(self, case: ServiceCase) -> str | None:
        return str(case.owner) if case.owner else None

    @display(description="due", label={True: "danger", False: "default"})
    def due(self, case: ServiceCase) -> tuple[bool, str] | None:
        if case.due_at is None:
            return None
        return _is_overdue(case, clock.now()), moment(case.due_at, get_current_timezone())

    @display(description="opened")
    def opened(self, case: ServiceCase) -> str:
        return moment(case.opened_at, get_current_timezone())


def _opened(request: HttpRequest, form: NewCaseForm, member_id: int) -> ServiceCase | None:
    """None where it was refused; why stands on the form."""
    told = form.cleaned_data
    try:
        return open_case(
            member_id,
            programme_id=form.programme_id,
            place_id=form.place_id,
            owner_id=form.owner_id,
            **{name: told[name] for name in ("subject", "kind", "priority", "words", "due_at")},
            actor=actor_of(request),
            now=clock.now(),
        )
    except Refusal as refused:
        form.add_error(None, refused.detail)
        return None


def _differing(case: ServiceCase, request: HttpRequest) -> list[tuple[str, str, str]]:
    """Field, as it is by now, as the page of the person who asks had it."""
    form = CaseForm(request.POST, case=case)
    form.is_valid()
    had = {"state": form.data.get("state")} | form.cleaned_data
    owner, due_at = had.get("owner"), had.get("due_at")
    had["owner"] = owner.pk if owner else None
    had["due_at"] = due_at.isoformat() if due_at else None
    names = name_actors(f"staff:{number}" for number in (case.owner_id, had["owner"]) if number)
    now = {
        "state": case.state,
        "priority": case.priority,
        "owner": case.owner_id,
        "due_at": case.due_at.isoformat() if case.due_at else None,
    }
    known = {"state": CaseState.values, "priority": CasePriority.values}
    return [
        (label, _said(name, now[name], names), _said(name, had[name], names))
        for name, label in FIELDS.items()
        if name in form.changed_data and (name not in known or had.get(name) in known[name])
    ]


def _is_overdue(case: ServiceCase, now: datetime) -> bool:
    return case.is_open and case.due_at is not None and case.due_at < now


def _changes(step: CaseStep, owners: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """Field, as it was, as it became, in words."""
    for name, label in FIELDS.items():
        if name in step.changes:
            before, after = step.changes[name]
            yield label, _said(name, before, owners), _said(name, after, owners)


def _said(name: str, value: Any, owners: dict[str, str]) -> str:
    if value is None:
        return "nobody" if name == "owner" else "no day"
    if name == "owner":
        return owners.get(f"staff:{value}", "somebody who left")
    if name == "due_at":
        at = parse_datetime(value)
        return moment(at, get_current_timezone()) if at else ""
    return str(CaseState(value).label if name == "state" else CasePriority(value).label)
