"""Members who may be one person: both side by side, why, and the decision of a colleague."""

from collections.abc import Sequence
from typing import Any

import msgspec
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import get_current_timezone
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from config.ground import clock
from config.ground.moments import day
from config.ground.refusals import NotAllowed, Refusal
from config.staff.actors import actor_of, name_actors
from config.staff.admin.readonly import OwnPageAdmin
from config.staff.list_exports import ExportsList
from config.staff.site import site
from members.admin.members import may_see_personal_data
from members.admin.merges import MAY_MERGE
from members.models import LikelyPair, PairState
from members.queries.duplicates import LIKELIEST_FIRST, find_next_pair, weights_of
from members.queries.members import MemberFacts, list_members_by_id
from members.rules.likeness import share_of
from members.rules.likeness_words import reasons
from members.rules.masking import masked
from members.rules.people import name_of
from members.services.duplicates import decide_pair

STATES = {
    PairState.OPEN: "warning",
    PairState.LATER: "info",
    PairState.SAME: "success",
    PairState.DIFFERENT: "default",
}
VERDICTS = {"_same": PairState.SAME, "_different": PairState.DIFFERENT, "_later": PairState.LATER}
MAY_DECIDE = "members.decide_likelypair"


class Line(msgspec.Struct, frozen=True):
    """One thing that is known of one or both.

    :ivar is_shared: both say the same; None where one says nothing, and of what tells nothing of a person.
    """

    name: str
    one: str
    two: str
    is_shared: bool | None = None


class StateFilter(DropdownFilter):
    """One state at a time, so that the order comes from an index; unless one is chosen, what has to be looked at."""

    title = "state"
    parameter_name = "state"
    all_option = None

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state.value, state.label.capitalize()) for state in PairState]

    def value(self) -> str:
        return str(super().value() or PairState.OPEN)

    def queryset(self, request: HttpRequest, pairs: QuerySet[LikelyPair]) -> QuerySet[LikelyPair]:
        return pairs.filter(state=self.value())


@admin.register(LikelyPair, site=site)
class LikelyPairAdmin(ExportsList, OwnPageAdmin):
    """The likeliest first."""

    export_columns = {
        "member": "member__ref",
        "other": "other__ref",
        **{name: name for name in ("score", "is_certain", "state", "found_at", "decided_at", "decided_by")},
    }
    paginator = InfinitePaginator
    show_full_result_count = False
    list_per_page = 50
    when_empty = "Nobody was found twice. Look among all members with: manage.py check_duplicates"
    list_display = ("who", "and_who", "how_likely", "certain", "found_at", "state_label")
    list_filter = (StateFilter, "is_certain")
    list_filter_submit = True
    list_select_related = ("member", "other")
    ordering = LIKELIEST_FIRST

    def row_page(self, request: HttpRequest, pair: LikelyPair) -> HttpResponse:
        """Both members side by side."""
        if request.method == "POST":
            return self._decide(request, pair)
        is_masked = not may_see_personal_data(request)
        one, two = _sides(pair)
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{_called(one)} and {_called(two)}",
            "pair": pair,
            "colour": STATES[PairState(pair.state)],
            "percent": _percent(pair.score),
            "reasons": reasons(pair.findings, weights_of(pair.weights_version)),
            "sides": [(side, _called(side), _page_of(side.id)) for side in (one, two)],
            "lines": list(_lines(one, two, is_masked)),
            "decided_by": name_actors([pair.decided_by]).get(pair.decided_by, pair.decided_by),
            "merge_link": _merge_link(request, pair),
            "may_decide": request.user.has_perm(MAY_DECIDE)
            and pair.state in (PairState.OPEN, PairState.LATER),
        }
        return render(request, "members/admin/pair.html", page)

    def _decide(self, request: HttpRequest, pair: LikelyPair) -> HttpResponse:
        verdict = next((state for name, state in VERDICTS.items() if name in request.POST), None)
        try:
            if not request.user.has_perm(MAY_DECIDE) or verdict is None:
                raise NotAllowed("Your role does not allow this step.")
            decided = decide_pair(pair.pk, verdict, actor=actor_of(request), now=clock.now())
        except Refusal as refused:
            messages.error(request, refused.detail)
            return HttpResponseRedirect(request.path)
        self.log_change(request, decided, f"Pair: {decided.get_state_display()}.")
        messages.success(request, f"Written down: {decided.get_state_display()}.")
        following = find_next_pair()
        return HttpResponseRedirect(
            reverse("admin:members_likelypair_change", args=[following.pk])
            if following
            else reverse("admin:members_likelypair_changelist")
        )

    @display(description="member")
    def who(self, pair: LikelyPair) -> str:
        return name_of(pair.member)

    @display(description="and")
    def and_who(self, pair: LikelyPair) -> str:
        return name_of(pair.other)

    @display(description="likely")
    def how_likely(self, pair: LikelyPair) -> str:
        return _percent(pair.score)

    @display(description="certain", boolean=True)
    def certain(self, pair: LikelyPair) -> bool:
        return pair.is_certain

    @display(description="state", label=STATES)
    def state_label(self, pair: LikelyPair) -> tuple[str, str]:
        return pair.state, pair.get_state_display()


def _merge_link(request: HttpRequest, pair: LikelyPair) -> str:
    """Where to look at what a merge comes to: the one who was there first stays. "" where there is nothing to merge."""
    states = {pair.member.state, pair.other.state}
    if not request.user.has_perm(MAY_MERGE) or states != {"active"} or pair.state == PairState.DIFFERENT:
        return ""
    return reverse("admin:members_merge_prepare", args=[pair.member_id, pair.other_id])


def _percent(score: float) -> str:
    """Nothing is quite sure."""
    return f"{min(share_of(score), 0.99):.0%}"


def _sides(pair: LikelyPair) -> tuple[MemberFacts, MemberFacts]:
    """The member who was there first stands on the left."""
    other, later = list_members_by_id([pair.other_id, pair.member_id])
    return other, later


def _called(member: MemberFacts) -> str:
    return member.called or member.ref


def _page_of(member_id: int) -> str:
    return reverse("admin:members_member_change", args=[member_id])


def _lines(one: MemberFacts, two: MemberFacts, is_masked: bool) -> Sequence[Line]:
    zone = get_current_timezone()
    told = [
        _line("Given name", one.given_name, two.given_name),
        _line("Family name", one.family_name, two.family_name),
        _line("Called", one.display_name, two.display_name),
        _line(
            "Birthday", _birthday(one, is_masked), _birthday(two, is_masked), _birthday(one), _birthday(two)
        ),
        *(_line(name, *_known(kind, one, two, is_masked)) for kind, name in _KINDS.items()),
        Line("Language", one.language, two.language),
        Line("State", one.state, two.state),
        Line("Member since", day(one.enrolled_at, zone), day(two.enrolled_at, zone)),
        Line("Came by", one.enrolled_via, two.enrolled_via),
        Line("At", one.enrolled_at_place, two.enrolled_at_place),
    ]
    return [line for line in told if line.one or line.two]


_KINDS = {"phone": "Phones", "email": "E-mail", "card": "Cards", "external": "In other systems"}


def _line(name: str, one: str, two: str, *true: str) -> Line:
    """:param true: what both say unmasked, where what is shown is masked."""
    first, second = true or (one, two)
    return Line(name, one, two, first.casefold() == second.casefold() if first and second else None)


def _birthday(member: MemberFacts, is_masked: bool = False) -> str:
    if member.birth_month is None:
        return ""
    if is_masked:
        return masked("words", "-")
    return str(member.birth_date or f"{member.birth_month:02d}-{member.birth_day:02d}")


def _known(kind: str, one: MemberFacts, two: MemberFacts, is_masked: bool) -> tuple[str, ...]:
    texts = [[known.value for known in side.identities if known.kind == kind] for side in (one, two)]
    shown = [", ".join(masked(kind, text) if is_masked else text for text in side) for side in texts]
    return (*shown, *(", ".join(side) for side in texts))
