"""Copies of members' data, and erasures: what was asked for by whom, who agreed, and the receipts."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from unfold.decorators import display

from config.ground import clock
from config.ground.refusals import NotAllowed, Refusal
from config.staff.actors import actor_of, name_actors
from config.staff.admin.readonly import OwnPageAdmin
from config.staff.list_exports import ExportsList
from config.staff.site import site
from members.adapters.exports import open_copy
from members.admin.members import may_see_personal_data
from members.errors import MemberNotFound
from members.models import DataExport, ErasureRequest, ErasureState, ExportState
from members.queries.members import get_member_by_id
from members.queries.privacy import is_fetchable
from members.rules.people import name_of
from members.services.copies import ask_for_copy, note_fetch
from members.services.erasures import agree_to_erasure, ask_for_erasure, cancel_erasure

COPY_STATES = {ExportState.WAITING: "info", ExportState.READY: "success", ExportState.GONE: "default"}
STATES = {
    ErasureState.ASKED: "warning",
    ErasureState.AGREED: "info",
    ErasureState.ERASING: "info",
    ErasureState.ERASED: "success",
    ErasureState.CANCELLED: "default",
}
MAY_AGREE = "members.agree_erasurerequest"
MAY_ASK = "members.add_erasurerequest"


def _whose(member_id: int) -> tuple[str, str]:
    """What to call a member, and their page."""
    member = get_member_by_id(member_id)
    return member.called or member.ref, reverse("admin:members_member_change", args=[member_id])


class _Asked(OwnPageAdmin):
    """What somebody asked for, with the names of colleagues read for the whole page at once.

    :cvar asking: what the page says that asks for one, `right` to do so, and the word on its button.
    """

    asking: ClassVar[tuple[str, ...]]
    right: ClassVar[str]
    step: ClassVar[str]
    question: ClassVar[str]

    list_filter = ("state",)
    list_filter_submit = True
    list_select_related = ("member",)
    ordering = ("-pk",)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        page = super().get_changelist_instance(request)
        page.result_list = list(page.result_list)
        names = name_actors(one.asked_by for one in page.result_list)
        for one in page.result_list:
            vars(one).update(asker_name=names.get(one.asked_by, "the member"))
        return page

    def ask(self, member_id: int, actor: str) -> Any:
        """Write down what is asked for a member."""
        raise NotImplementedError

    def new_page(self, request: HttpRequest) -> HttpResponse:
        """Ask for it, for the member whom the address names (`?member=55`)."""
        asked_for = request.GET.get("member", "")
        if not request.user.has_perm(self.right) or not asked_for.isdecimal():
            raise PermissionDenied
        try:
            called, page_of_member = _whose(int(asked_for))
        except MemberNotFound:
            raise Http404 from None
        if request.method == "POST":
            return self._asked(request, int(asked_for), page_of_member)
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": self.question.format(called),
            "sentences": self.asking,
            "step": self.step,
            "page_of_member": page_of_member,
        }
        return render(request, "members/admin/ask_privacy.html", page)

    def _asked(self, request: HttpRequest, member_id: int, page_of_member: str) -> HttpResponse:
        try:
            row = self.ask(member_id, actor_of(request))
        except Refusal as refused:
            messages.error(request, refused.detail or refused.title)
            return HttpResponseRedirect(page_of_member)
        self.log_addition(request, row, "Asked for.")
        page = f"admin:members_{self.opts.model_name}_change"
        return HttpResponseRedirect(reverse(page, args=[row.pk]))

    @display(description="member")
    def of_member(self, row: Any) -> str:
        return name_of(row.member)

    @display(description="asked for by")
    def asker(self, row: Any) -> str:
        return str(vars(row)["asker_name"])


@admin.register(DataExport, site=site)
class DataExportAdmin(ExportsList, _Asked):
    """A copy is asked for on the member's page."""

    export_columns = {
        "member": "member__ref",
        **{name: name for name in ("ref", "state", "asked_by", "asked_at", "made_at", "kept_until")},
    }
    when_empty = "A copy is asked for on the page of a member, or by their app."
    question = "A copy of everything held of {}?"
    asking = (
        "A zip with one file for each kind of data, for the person alone to read.",
        "Who asked, and whoever fetches it, is written down. The file is deleted after some days.",
    )
    right = "members.add_dataexport"
    step = "Make the copy"
    list_display = ("of_member", "asked_at", "asker", "state_label", "kept_until")

    def ask(self, member_id: int, actor: str) -> DataExport:
        return ask_for_copy(member_id, actor=actor, now=clock.now())

    @display(description="state", label=COPY_STATES)
    def state_label(self, copy: DataExport) -> tuple[str, str]:
        return copy.state, copy.get_state_display()

    def row_page(self, request: HttpRequest, copy: DataExport) -> HttpResponseBase:
        """What became of it and who fetched it; a POST fetches it."""
        now = clock.now()
        may_fetch = may_see_personal_data(request) and is_fetchable(copy, now=now)
        if request.method == "POST" and may_fetch:
            try:
                content = open_copy(copy.file)
            except FileNotFoundError:
                messages.error(request, "Its file is gone. Ask for another copy.")
                return HttpResponseRedirect(request.path)
            note_fetch(copy, actor=actor_of(request), now=now)
            self.log_change(request, copy, "Copy fetched.")
            return FileResponse(content, as_attachment=True, filename=f"{copy.ref}.zip")
        fetches = list(copy.fetches.order_by("-pk"))
        names = name_actors([copy.asked_by, *(fetch.fetched_by for fetch in fetches)])
        called, page_of_member = _whose(copy.member_id)
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Copy of the data of {called}",
            "copy": copy,
            "colour": COPY_STATES[ExportState(copy.state)],
            "page_of_member": page_of_member,
            "asked_by": names.get(copy.asked_by, "the member"),
            "fetches": [(fetch.fetched_at, names.get(fetch.fetched_by, "the member")) for fetch in fetches],
            "may_fetch": may_fetch,
        }
        return render(request, "members/admin/copy.html", page)


@admin.register(ErasureRequest, site=site)
class ErasureRequestAdmin(ExportsList, _Asked):
    """What waits for another colleague is decided here. An erasure is asked for on the member's page."""

    export_columns = {
        "member": "member__ref",
        **{name: name for name in ("ref", "state", "asked_by", "asked_at", "decided_by", "due_at")},
        **{name: name for name in ("erased_at",)},
    }
    when_empty = "Nobody asked to be forgotten. A colleague asks for it on the page of a member."
    question = "Shall {} be forgotten?"
    asking = (
        "Another colleague has to agree. After that it can be called off for some days; then it cannot be undone.",
        "Name, phones, addresses, cards, messages and every word about the person go. Points that are left cannot "
        "be spent any more. Purchases and points stay in the books, of nobody.",
    )
    right = MAY_ASK
    step = "Ask for the erasure"
    list_display = ("of_member", "asked_at", "asker", "state_label", "due_at", "erased_at")

    def list_waiting(self, request: HttpRequest) -> QuerySet[ErasureRequest]:
        """Erasures that wait for this person's word."""
        waiting = ErasureRequest.objects.filter(state=ErasureState.ASKED)
        may = request.user.has_perm(MAY_AGREE)
        return waiting.exclude(asked_by=actor_of(request)) if may else waiting.none()

    def ask(self, member_id: int, actor: str) -> ErasureRequest:
        return ask_for_erasure(member_id, actor=actor, now=clock.now())

    @display(description="state", label=STATES)
    def state_label(self, request: ErasureRequest) -> tuple[str, str]:
        return request.state, request.get_state_display()

    def row_page(self, request: HttpRequest, erasure: ErasureRequest) -> HttpResponse:
        """How far it came, the steps that may be taken, and the receipts."""
        if request.method == "POST":
            return self._step(request, erasure)
        names = name_actors([erasure.asked_by, erasure.decided_by])
        called, page_of_member = _whose(erasure.member_id)
        waits = erasure.state == ErasureState.ASKED
        may_agree = request.user.has_perm(MAY_AGREE)
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Erasure of {called}",
            "erasure": erasure,
            "colour": STATES[ErasureState(erasure.state)],
            "page_of_member": page_of_member,
            "asked_by": names.get(erasure.asked_by, "the member"),
            "decided_by": names.get(erasure.decided_by, "the member") if erasure.decided_by else "",
            "may_agree": waits and may_agree and erasure.asked_by != actor_of(request),
            "may_cancel": erasure.state in (ErasureState.ASKED, ErasureState.AGREED)
            and (may_agree or request.user.has_perm(MAY_ASK)),
            "receipts": [
                (receipt.floor, receipt.erased_at, sum(receipt.rows.values()), _told(receipt.rows))
                for receipt in erasure.receipts.order_by("pk")
            ],
        }
        return render(request, "members/admin/erasure.html", page)

    def _step(self, request: HttpRequest, erasure: ErasureRequest) -> HttpResponse:
        is_agreeing = "_agree" in request.POST
        step = agree_to_erasure if is_agreeing else cancel_erasure
        rights = (MAY_AGREE,) if is_agreeing else (MAY_AGREE, MAY_ASK)
        try:
            if not any(request.user.has_perm(right) for right in rights):
                raise NotAllowed("Your role does not allow this step.")
            decided = step(erasure.pk, actor=actor_of(request), now=clock.now())
        except Refusal as refused:
            messages.error(request, refused.detail or refused.title)
        else:
            self.log_change(request, decided, f"Erasure {decided.get_state_display()}.")
            messages.success(request, f"The erasure is {decided.get_state_display()}.")
        return HttpResponseRedirect(reverse("admin:members_erasurerequest_change", args=[erasure.pk]))


def _told(rows: dict[str, int]) -> list[tuple[str, int]]:
    """Tables of which rows went, most first."""
    return sorted(((table, count) for table, count in rows.items() if count), key=lambda one: -one[1])
