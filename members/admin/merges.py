"""Merging two members after looking at what it would come to, and undoing it."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from config.ground import clock
from config.ground.refusals import NotAllowed, Refusal
from config.staff.actors import actor_of, name_actors
from config.staff.admin.readonly import OwnPageAdmin
from config.staff.list_exports import ExportsList
from config.staff.site import site
from members.member_data import Fact
from members.models import Merge, MergeState
from members.queries.members import MemberFacts, is_colleague, list_members_by_id
from members.rules.people import name_of
from members.services.merging import Preview, merge_members, preview_merge, undo_merge

MAY_MERGE = "members.merge_members"
STATES = {
    MergeState.MOVING: "warning",
    MergeState.MERGED: "success",
    MergeState.PARTING: "warning",
    MergeState.UNDONE: "default",
}


class Row(msgspec.Struct, frozen=True):
    """A figure of who goes, of who stays, and of who stays afterwards; "" where there is none."""

    name: str
    going: str
    staying: str
    after: str

    @property
    def is_changed(self) -> bool:
        return self.after != self.staying


@admin.register(Merge, site=site)
class MergeAdmin(ExportsList, OwnPageAdmin):
    """The newest first. Merges begin at a pair of the queue, or at an address that names both."""

    export_columns = {
        "member": "member__ref",
        "into": "into__ref",
        **{name: name for name in ("ref", "state", "merged_at", "merged_by", "undone_at", "undone_by")},
    }
    paginator = InfinitePaginator
    show_full_result_count = False
    list_per_page = 50
    list_display = ("who_goes", "who_stays", "merged_at", "state_label")
    list_filter = ("state",)
    list_select_related = ("member", "into")
    ordering = ("-pk",)

    def get_urls(self) -> list[Any]:
        prepare = self.admin_site.admin_view(self.prepare)
        address = path("of/<int:going>/into/<int:staying>/", prepare, name="members_merge_prepare")
        return [address, *super().get_urls()]

    def prepare(self, request: HttpRequest, going: int, staying: int) -> HttpResponse:
        """What a merge would come to, and the button that does it."""
        if not request.user.has_perm(MAY_MERGE):
            raise PermissionDenied
        people = {one.id: one for one in list_members_by_id([going, staying])}
        if len(people) < 2:
            raise Http404
        if request.method == "POST":
            return self._merge(request, people[going], people[staying])
        page = self._page(request) | {
            "title": f"{_called(people[going])} becomes {_called(people[staying])}",
            "going": _called(people[going]),
            "staying": _called(people[staying]),
            "links": [_page_of(going), _page_of(staying)],
            "other_way": reverse("admin:members_merge_prepare", args=[staying, going]),
        }
        try:
            _ensure_not_themselves(request, people)
            shown = preview_merge(
                going_id=going, staying_id=staying, actor=actor_of(request), now=clock.now()
            )
            page["rows"] = list(_rows(shown))
        except Refusal as refused:
            page["refused"] = refused.detail
        return render(request, "members/admin/merge_preview.html", page)

    def _merge(self, request: HttpRequest, going: MemberFacts, staying: MemberFacts) -> HttpResponse:
        try:
            _ensure_not_themselves(request, (going.id, staying.id))
            merged = merge_members(
                going_id=going.id, staying_id=staying.id, actor=actor_of(request), now=clock.now()
            )
        except Refusal as refused:
            messages.error(request, refused.detail)
            return HttpResponseRedirect(request.path)
        self.log_change(request, merged, f"Merged {going.ref} into {staying.ref}.")
        messages.success(request, f"{_called(going)} goes by {_called(staying)} from now on.")
        return HttpResponseRedirect(_page_of(staying.id))

    def row_page(self, request: HttpRequest, merge: Merge) -> HttpResponse:
        """Who became whom, by whom, and the button that undoes it."""
        may_undo = request.user.has_perm(MAY_MERGE) and merge.state == MergeState.MERGED
        if request.method == "POST":
            return self._undo(request, merge, may_undo=may_undo)
        colleagues = name_actors([merge.merged_by, merge.undone_by])
        page = self._page(request) | {
            "title": f"{name_of(merge.member)} became {name_of(merge.into)}",
            "merge": merge,
            "colour": STATES[MergeState(merge.state)],
            "links": [_page_of(merge.member_id), _page_of(merge.into_id)],
            "names": [name_of(merge.member), name_of(merge.into)],
            "merged_by": colleagues.get(merge.merged_by, merge.merged_by),
            "undone_by": colleagues.get(merge.undone_by, merge.undone_by),
            "may_undo": may_undo,
        }
        return render(request, "members/admin/merge.html", page)

    def _undo(self, request: HttpRequest, merge: Merge, *, may_undo: bool) -> HttpResponse:
        try:
            if not may_undo:
                raise NotAllowed("Your role does not allow this step, or it was taken already.")
            _ensure_not_themselves(request, (merge.member_id, merge.into_id))
            undone = undo_merge(merge.pk, actor=actor_of(request), now=clock.now())
        except Refusal as refused:
            messages.error(request, refused.detail)
            return HttpResponseRedirect(request.path)
        self.log_change(request, undone, "Merge undone.")
        messages.success(request, f"{name_of(merge.member)} is a member of their own again.")
        return HttpResponseRedirect(_page_of(merge.member_id))

    def _page(self, request: HttpRequest) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": self.opts}

    @display(description="who went")
    def who_goes(self, merge: Merge) -> str:
        return name_of(merge.member)

    @display(description="who stayed")
    def who_stays(self, merge: Merge) -> str:
        return name_of(merge.into)

    @display(description="state", label=STATES)
    def state_label(self, merge: Merge) -> tuple[str, str]:
        return merge.state, merge.get_state_display()


def _ensure_not_themselves(request: HttpRequest, member_ids: Iterable[int]) -> None:
    """
    :raises NotAllowed: a colleague would move points to or from their own wallet.
    """
    me = request.user.pk
    if me is None or any(is_colleague(member_id, me) for member_id in member_ids):
        raise NotAllowed("One of the two is you: ask a colleague.")


def _rows(shown: Preview) -> Sequence[Row]:
    sides = [
        {fact.name: fact.value if isinstance(fact.value, str) else fact.value.text for fact in facts}
        for facts in (shown.going, shown.staying, shown.after)
    ]
    names = dict.fromkeys(fact.name for fact in _in_order(shown))
    return [Row(name, *(side.get(name, "") for side in sides)) for name in names]


def _in_order(shown: Preview) -> list[Fact]:
    """As they stand afterwards; what is there before alone comes last."""
    return [*shown.after, *shown.staying, *shown.going]


def _called(member: MemberFacts) -> str:
    return member.called or member.ref


def _page_of(member_id: int) -> str:
    return reverse("admin:members_member_change", args=[member_id])
