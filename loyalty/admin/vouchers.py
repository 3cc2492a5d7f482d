"""Vouchers: found by code, what became of each, and taking one back; codes in bulk; limits of goodwill."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget

from config.ground import clock
from config.ground.amounts import money
from config.ground.spreadsheets import csv_lines
from config.staff.actors import actor_of, name_actors
from config.staff.admin.readonly import ReadOnlyAdmin, ToldAdmin
from config.staff.fields import AmountField
from config.staff.list_exports import ExportsList
from config.staff.roles import ROLES
from config.staff.site import site
from loyalty.admin.cells import code, link_to_member, moment
from loyalty.admin.of_programme import OfOneProgramme
from loyalty.admin.rule_fields import in_currency
from loyalty.admin.voucher_acts import ReasonForm
from loyalty.models import CodeBatch, GoodwillLimit, Voucher
from loyalty.queries.vocabulary import Home
from loyalty.queries.voucher_batches import CODE_HEADERS, code_rows
from loyalty.queries.voucher_lists import answers_of, find_voucher, list_uses
from loyalty.rules.voucher_codes import normal_form, shown_form
from loyalty.rules.voucher_words import issued_for
from loyalty.services.vouchers import revoke_vouchers
from members.rules.people import name_of

STATES = {
    "issued": "success",
    "rolled_back": "success",
    "reserved": "info",
    "redeemed": "default",
    "expired": "warning",
    "revoked": "danger",
}
"""State -> the colour of its label."""


@admin.register(Voucher, site=site)
class VoucherAdmin(ExportsList, ToldAdmin):
    """The newest first. A term in the search field is a code, however it is typed, or the code of a series."""

    when_empty = "Vouchers are issued on the page of their series."
    export_columns = {
        "series": "series__code",
        "member": "member__ref",
        **{name: name for name in ("uses", "max_uses", "worth_minor", "left_minor")},
        **{
            name: name for name in ("valid_from", "valid_until", "issued_at", "revoked_at", "revoked_because")
        },
    }
    """Not the codes: whoever has one can spend it."""
    list_display = ("spelled", "series", "whose", "used", "until", "issued_at")
    list_filter = ("series",)
    list_select_related = ("series__programme", "member")
    list_per_page = 50
    show_full_result_count = False
    ordering = ("-pk",)
    search_fields = ("code",)
    search_help_text = "A code, or the code of a series."
    change_form_outer_before_template = "loyalty/admin/voucher.html"
    actions_detail = ("revoke",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        found = queryset.filter(code=normal_form(search_term))
        return (found if found.exists() else queryset.filter(series__code=search_term.strip().lower())), False

    def tell(self, _request: HttpRequest, voucher: Voucher) -> dict[str, Any]:
        row = find_voucher(voucher.code, voucher.series.programme_id, now=clock.now())
        told = answers_of([row])[0] if row else None
        names = name_actors([voucher.issued_by, voucher.revoked_by])
        return {
            "title": f"Voucher {told.code if told else voucher}",
            "voucher": voucher,
            "told": told,
            "state": told.state.replace("_", " ") if told else "",
            "colour": STATES[told.state] if told else "default",
            "whose": link_to_member(voucher.member.pk, name_of(voucher.member)) if voucher.member else "",
            "uses": list_uses(voucher.pk),
            "revoked_by": names.get(voucher.revoked_by, ""),
            "issued_by": names.get(voucher.issued_by, ""),
            "issued_for": issued_for(voucher.cause),
            "left": money(told.left_minor, voucher.series.programme.currency)
            if told and told.left_minor is not None
            else "",
        }

    def has_revoke_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(request.user.has_perm("loyalty.change_voucher"))

    @action(description="Revoke", icon="block", permissions=["revoke"])
    def revoke(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """Take the voucher back, with a reason."""
        voucher = self.get_object(request, str(object_id))
        if voucher is None:
            raise Http404
        form = ReasonForm(request.POST or None)
        back = reverse("admin:loyalty_voucher_change", args=[voucher.pk])
        if form.is_valid():
            because = form.cleaned_data["because"]
            done = revoke_vouchers([voucher.pk], because=because, by=actor_of(request), now=clock.now())
            self.log_change(request, voucher, f"Revoked: {because}")
            messages.success(request, "It is not good any more." if done else "It was revoked before.")
            return HttpResponseRedirect(back)
        page = {**self.admin_site.each_context(request), "title": "Revoke this voucher", "form": form}
        return render(
            request,
            "loyalty/admin/voucher_act.html",
            page | {"back": back, "series": voucher, "button": "Revoke it"},
        )

    @display(description="code")
    def spelled(self, voucher: Voucher) -> SafeString:
        return code(voucher.shown or shown_form(voucher.code))

    @display(description="member")
    def whose(self, voucher: Voucher) -> str:
        return name_of(voucher.member) if voucher.member else "whoever brings it"

    @display(description="used")
    def used(self, voucher: Voucher) -> str:
        return f"{voucher.uses} of {voucher.max_uses}" if voucher.max_uses else str(voucher.uses)

    @display(description="good until")
    def until(self, voucher: Voucher) -> str:
        return moment(voucher.valid_until) if voucher.valid_until else "for ever"


@admin.register(CodeBatch, site=site)
class CodeBatchAdmin(ReadOnlyAdmin):
    """Codes in bulk, the newest first. They are asked for on the page of their series."""

    when_empty = "Codes in bulk are asked for on the page of their series."
    list_display = ("series", "wanted", "progress", "state_label", "asked_at")
    list_select_related = ("series",)
    ordering = ("-pk",)
    fields = ("series", "wanted", "made", "state", "asked_at", "finished_at", "problem")
    actions_detail = ("export",)

    @action(description="Export as CSV", icon="download", permissions=["view"])
    def export(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """All codes of the batch, streamed."""
        batch = self.get_object(request, str(object_id))
        if batch is None:
            raise Http404
        self.log_change(request, batch, "Exported.")
        return StreamingHttpResponse(
            csv_lines(CODE_HEADERS, code_rows(batch)),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="codes-{batch.pk}.csv"'},
        )

    @display(description="made")
    def progress(self, batch: CodeBatch) -> str:
        return f"{100 * batch.made // batch.wanted} %"

    @display(
        description="state",
        label={"waiting": "info", "running": "info", "done": "success", "failed": "danger"},
    )
    def state_label(self, batch: CodeBatch) -> str:
        return batch.state


class GoodwillLimitForm(forms.ModelForm):
    """A role of the house, and how much goodwill it gives. `home` is set by the page."""

    home: Home

    role = forms.ChoiceField(choices=[(role, role) for role in ROLES], widget=UnfoldAdminSelectWidget)
    worth_minor = AmountField(label="To one member in a day", help_text="By the worth of the vouchers.")

    class Meta:
        model = GoodwillLimit
        fields = ("role", "worth_minor")

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        in_currency(self.fields, self.home.currency)
        self.instance.programme_id = self.home.id


@admin.register(GoodwillLimit, site=site)
class GoodwillLimitAdmin(OfOneProgramme):
    """A role without a line gives no goodwill."""

    form = GoodwillLimitForm
    list_display = ("role", "worth", "programme")
    list_display_links = ("role",)
    list_select_related = ("programme",)
    ordering = ("programme", "role")
    compressed_fields = True

    @display(description="to one member in a day")
    def worth(self, limit: GoodwillLimit) -> str:
        return money(limit.worth_minor, limit.programme.currency)
