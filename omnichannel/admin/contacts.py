"""Conversations: what was said with members by any department, and what was promised."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from config.ground import clock
from config.ground.refusals import Refusal
from config.staff.actors import actor_of, name_actors
from config.staff.admin.readonly import OwnPageAdmin
from config.staff.list_exports import ExportsList
from config.staff.site import site
from members.errors import MemberNotFound
from members.models.members import MemberState
from members.queries.members import MemberFacts, get_member_by_id
from members.queries.merges import list_those_of
from members.queries.search import find_by_term
from members.rules.masking import masked
from omnichannel.admin.contact_forms import ConversationForm
from omnichannel.admin.own_stores import of_own_stores_or_none
from omnichannel.admin.shown import member_link, wall_time
from omnichannel.models import Interaction
from omnichannel.services.interactions import keep_promise, log_interaction

MOST_MEMBERS = 200
SHOWN = 80


def may_read_words(request: HttpRequest) -> bool:
    """What colleagues write down is about persons."""
    return request.user.has_perm("members.see_personal_data")


def words_for(request: HttpRequest, words: str) -> str:
    return words if may_read_words(request) or not words else masked("words", words)


def member_asked_for(request: HttpRequest) -> tuple[MemberFacts, str]:
    """The member whom the address names (`?member=55`), and their page.

    :raises Http404: it names none.
    """
    asked_for = request.GET.get("member", "")
    try:
        member = get_member_by_id(int(asked_for) if asked_for.isdecimal() else 0)
    except MemberNotFound:
        raise Http404 from None
    return member, reverse("admin:members_member_change", args=[member.id])


def nothing_written(request: HttpRequest, page_of_member: str) -> HttpResponse:
    """Back to the page of a member who was erased."""
    messages.error(request, "This member was erased: nothing is written about them any more.")
    return HttpResponseRedirect(page_of_member)


class FoundByMember(OwnPageAdmin):
    """A list of things with members, in which a search finds a ref, or all that members have to do with."""

    search_fields = ("ref",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        members = list(find_by_term(term).values_list("pk", flat=True)[:MOST_MEMBERS])
        return queryset.filter(Q(ref=term) | Q(member_id__in=members)), False


class PromiseFilter(DropdownFilter):
    title = "promise"
    parameter_name = "promise"
    all_option = None

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("", "All"), ("open", "Promised, not kept yet"), ("late", "Should be kept by now")]

    def queryset(self, request: HttpRequest, rows: QuerySet[Interaction]) -> QuerySet[Interaction]:
        if not self.value():
            return rows
        rows = rows.filter(promise_kept_at=None).exclude(promise="")
        return rows.filter(promise_due_on__lt=clock.now().date()) if self.value() == "late" else rows


@admin.register(Interaction, site=site)
class InteractionAdmin(ExportsList, FoundByMember):
    """One is written down on the page of a member."""

    export_columns = {
        "member": "member__ref",
        "place": "place__code",
        **{name: name for name in ("ref", "kind", "happened_at", "promise_due_on", "promise_kept_at")},
    }
    """Not the words: they are read on the page of the conversation."""
    when_empty = "A conversation is written down on the page of a member."
    list_filter = (PromiseFilter, ("kind", ChoicesDropdownFilter))
    list_filter_submit = True
    list_select_related = ("member", "place", "programme")
    ordering = ("-pk",)
    sortable_by = ()
    paginator = InfinitePaginator
    show_full_result_count = False
    list_per_page = 50
    search_help_text = "The member's phone, card, e-mail, ref or name"

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        words = ("outcome_words", "promise_words") if may_read_words(request) else ("promise_state",)
        return ("what", "who", "where", "happened", *words)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """From the page of a member alone."""
        return request.user.has_perm("omnichannel.add_interaction") and "member" in request.GET

    def get_queryset(self, request: HttpRequest) -> QuerySet[Interaction]:
        rows: QuerySet[Interaction] = super().get_queryset(request)
        return of_own_stores_or_none(request, rows)

    def new_page(self, request: HttpRequest) -> HttpResponse:
        """How far it got, with the member whom the address names."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        member, page_of_member = member_asked_for(request)
        if member.state == MemberState.ERASED:
            return nothing_written(request, page_of_member)
        now, people = clock.now(), list(list_those_of(member.id))
        form = ConversationForm(
            request.POST or None,
            request=request,
            people=people,
            now=now,
            initial={"case": request.GET.get("case")},
        )
        if form.is_valid() and (written := self._written(request, form, member.id, now)):
            self.log_addition(request, written, "Written down.")
            messages.success(request, "Written down. The next conversation starts there.")
            case_page = "admin:omnichannel_servicecase_change"
            return HttpResponseRedirect(
                reverse(case_page, args=[form.case_id]) if form.case_id else page_of_member
            )
        page = {
            **self.admin_site.each_context(request),
            "title": f"What was said with {member.called or member.ref}?",
            "what_happens": "It stays as it is written, with your name. A promise stands on the member's page until it"
            " is kept.",
            "button": "Write it down",
            "form": form,
            "page_of_member": page_of_member,
        }
        return render(request, "members/admin/form.html", page)

    def _written(
        self, request: HttpRequest, form: ConversationForm, member_id: int, now: datetime
    ) -> Interaction | None:
        """None where it was refused; why stands on the form."""
        told = form.cleaned_data
        try:
            return log_interaction(
                member_id,
                programme_id=form.programme_id,
                place_id=form.place_id,
                case_id=form.case_id,
                kind=told["kind"],
                outcome=told["outcome"],
                promise=told["promise"],
                promise_due_on=told["promise_due_on"],
                happened_at=told["at"] or now,
                actor=actor_of(request),
                now=now,
            )
        except Refusal as refused:
            form.add_error(None, refused.detail)
            return None

    def row_page(self, request: HttpRequest, one: Interaction) -> HttpResponse:
        """What was said; a POST says that the promise is kept."""
        if request.method == "POST":
            try:
                if not request.user.has_perm("omnichannel.change_interaction"):
                    raise PermissionDenied
                keep_promise(one.pk, actor=actor_of(request), now=clock.now())
                self.log_change(request, one, "Promise kept.")
            except Refusal as refused:
                messages.error(request, refused.title)
            return HttpResponseRedirect(request.path)
        names = name_actors([one.actor, one.promise_kept_by])
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{one.get_kind_display()} of {wall_time(one.happened_at, one.programme.timezone)}",
            "one": one,
            "member": member_link(one.member),
            "by": one.by or names.get(one.actor, one.actor),
            "kept_by": names.get(one.promise_kept_by, one.promise_kept_by),
            "outcome": words_for(request, one.outcome),
            "promise": words_for(request, one.promise),
            "may_keep": one.promise
            and one.promise_kept_at is None
            and request.user.has_perm("omnichannel.change_interaction"),
        }
        return render(request, "omnichannel/admin/conversation.html", page)

    @display(description="what", label=True)
    def what(self, one: Interaction) -> str:
        return str(one.get_kind_display())

    @display(description="member")
    def who(self, one: Interaction) -> SafeString:
        return member_link(one.member)

    @display(description="where")
    def where(self, one: Interaction) -> str:
        return one.place.name if one.place else one.programme.name

    @display(description="when")
    def happened(self, one: Interaction) -> str:
        return wall_time(one.happened_at, one.programme.timezone)

    @display(description="how far it got")
    def outcome_words(self, one: Interaction) -> str:
        return one.outcome[:SHOWN]

    @display(description="promised")
    def promise_words(self, one: Interaction) -> str:
        return f"{one.promise[:SHOWN]} {_promised(one)}".strip()

    @display(description="promised")
    def promise_state(self, one: Interaction) -> str:
        return f"something {_promised(one)}" if one.promise else ""


def _promised(one: Interaction) -> str:
    until = f"until {one.promise_due_on}" if one.promise_due_on else ""
    return f"{until}{' (kept)' if one.promise_kept_at else ''}".strip()
