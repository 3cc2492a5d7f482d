"""Series of vouchers: said in words, issued to members, made as codes in bulk, and revoked."""

from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from unfold.decorators import action, display

from config.ground import clock
from config.ground.refusals import Refusal
from config.staff.actors import actor_of
from config.staff.site import site
from loyalty.admin.corrections import colleague_of
from loyalty.admin.of_programme import OfOneProgramme
from loyalty.admin.voucher_acts import BulkForm, IssueForm, PublicCodeForm, ReasonForm
from loyalty.admin.voucher_fields import SHOWN_FOR, VoucherGives, VoucherLasts, VoucherStacks
from loyalty.admin.voucher_form import SeriesForm
from loyalty.admin.voucher_says import said_of_series, say_series
from loyalty.models import VoucherSeries
from loyalty.rules.condition_words import Manner
from loyalty.rules.voucher_words import sentence_of_series
from loyalty.rules.vouchers import VoucherDefinition
from loyalty.services.code_batches import ask_codes
from loyalty.services.goodwill import give_goodwill
from loyalty.services.vouchers import change_series, issue_vouchers, open_code, open_series, revoke_series


@admin.register(VoucherSeries, site=site)
class VoucherSeriesAdmin(OfOneProgramme):
    """What vouchers give. A change counts for all vouchers of the series that are not used yet."""

    form = SeriesForm
    list_display = ("called", "says", "used", "state", "programme")
    list_display_links = ("called",)
    list_filter = ("programme", "is_goodwill")
    list_select_related = ("programme", "tally")
    search_fields = ("name", "code")
    ordering = ("programme", "name")
    compressed_fields = True
    warn_unsaved_form = False
    conditional_fields = SHOWN_FOR
    change_form_outer_before_template = "loyalty/admin/voucher_series.html"
    change_form_after_template = "loyalty/admin/voucher_says.html"
    actions_detail = ("issue", "make_codes", "open_public", "revoke")

    class Media:
        css = {"all": ("loyalty/rules.css",)}
        js = ("loyalty/rules.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[VoucherSeries]:
        rows: QuerySet[VoucherSeries] = super().get_queryset(request)
        return rows.select_related("programme", "tally")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[str, dict[str, Any]]]:
        if not self.has_change_permission(request, obj):
            return [("Series", {"fields": ("name", "code")})]
        whens = [name for name in SeriesForm.base_fields if name not in _ELSEWHERE]
        return [
            ("Series", {"fields": ("name", "code", "is_goodwill")}),
            ("What it gives", {"fields": tuple(VoucherGives.base_fields)}),
            (
                "When it can be used",
                {"fields": tuple(whens), "description": "Add the conditions that must all hold."},
            ),
            ("How long and how often", {"fields": tuple(VoucherLasts.base_fields)}),
            ("Beside other vouchers", {"fields": tuple(VoucherStacks.base_fields)}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code",) if obj else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        return {} if obj else {"code": ("name",)}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A series is revoked, not deleted: its uses name it for ever."""
        return False

    def get_urls(self) -> list[URLPattern]:
        says = path(
            "says/<int:programme_id>/",
            self.admin_site.admin_view(self._say),
            name="loyalty_voucherseries_says",
        )
        return [says, *super().get_urls()]

    def _say(self, request: HttpRequest, programme_id: int) -> HttpResponseBase:
        if not self.has_view_permission(request):
            raise Http404
        return self.in_its_time(say_series, request, programme_id)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **more: Any
    ) -> HttpResponse:
        obj: VoucherSeries | None = more.get("obj")
        home = self.home_of(request, obj)
        if obj is not None:
            said = said_of_series(msgspec.convert(obj.definition, VoucherDefinition), home)
            context |= {"said": said, "series": obj, "batches": obj.batches.order_by("-pk")[:10]}
            context["has_running"] = any(batch.finished_at is None for batch in context["batches"])
        if self.has_change_permission(request, obj):
            context["says_url"] = reverse("admin:loyalty_voucherseries_says", args=[home.id])
        answer: HttpResponse = super().render_change_form(request, context, *args, **more)
        return answer

    def save_model(self, request: HttpRequest, obj: VoucherSeries, form: Any, change: bool) -> None:
        told = form.cleaned_data
        said = {
            "name": told["name"],
            "definition": told["definition"],
            "is_goodwill": told["is_goodwill"],
        }
        if change:
            change_series(obj, **said)
            return
        made = open_series(
            programme_id=form.home.id, code=told["code"], by=actor_of(request), now=clock.now(), **said
        )
        obj.pk, obj.programme_id = made.pk, made.programme_id

    def has_issue_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(request.user.has_perm("loyalty.add_voucher"))

    def has_codes_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(request.user.has_perm("loyalty.add_codebatch"))

    @action(description="Issue to a member", icon="person_add", permissions=["issue"])
    def issue(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """A voucher for one member; of goodwill within the limit of the colleague's role."""

        def carry_out(series: VoucherSeries, told: dict[str, Any]) -> str:
            member, now = told["member"], clock.now()
            if series.is_goodwill:
                by = colleague_of(request)
                return f"Given: {give_goodwill(series, member.pk, note=told['note'], by=by, now=now)}."
            cause = f"staff:{told['ref']}:{told['note']}"[:120]
            codes = issue_vouchers(series.pk, [member.pk], cause=cause, by=actor_of(request), now=now)
            return f"Issued: {codes[member.pk]}."

        return self._act(
            request, object_id, IssueForm, ("Issue a voucher to a member", "Issue it"), carry_out
        )

    @action(description="Make codes", icon="qr_code_2", permissions=["codes"])
    def make_codes(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """Codes in bulk, made in the background."""

        def carry_out(series: VoucherSeries, told: dict[str, Any]) -> str:
            ask_codes(series, told["count"], by=actor_of(request), now=clock.now())
            return f"{told['count']:,} codes are being made."

        return self._act(request, object_id, BulkForm, ("Make codes in bulk", "Make them"), carry_out)

    @action(description="Open a public code", icon="campaign", permissions=["codes"])
    def open_public(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """A code that everybody may use."""

        def carry_out(series: VoucherSeries, told: dict[str, Any]) -> str:
            opened = open_code(
                series, told["code"], max_uses=told["max_uses"], by=actor_of(request), now=clock.now()
            )
            return f"{opened} can be used."

        return self._act(
            request, object_id, PublicCodeForm, ("Open a code for everybody", "Open it"), carry_out
        )

    @action(description="Revoke", icon="block", permissions=["change"])
    def revoke(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """No voucher of the series is good any more."""

        def carry_out(series: VoucherSeries, told: dict[str, Any]) -> str:
            revoke_series(series, because=told["because"], by=actor_of(request), now=clock.now())
            return "No voucher of this series is good any more."

        return self._act(
            request,
            object_id,
            ReasonForm,
            ("Revoke all vouchers of this series", "Revoke them all"),
            carry_out,
        )

    def _act(
        self, request: HttpRequest, object_id: int, kind: Any, said: tuple[str, str], carry_out: Any
    ) -> HttpResponseBase:
        """Ask what has to be known, do it, and lead back to the series.

        :param said: the page's title, and what stands on the button.
        """
        series = self.get_object(request, str(object_id))
        if series is None:
            raise Http404
        form = kind(request.POST or None)
        back = reverse("admin:loyalty_voucherseries_change", args=[series.pk])
        if form.is_valid():
            try:
                words = carry_out(series, form.cleaned_data)
            except Refusal as refused:
                form.add_error(None, refused.detail)
            else:
                self.log_change(request, series, words)
                messages.success(request, words)
                return HttpResponseRedirect(back)
        title, button = said
        page = {**self.admin_site.each_context(request), "title": title, "form": form, "back": back}
        return render(request, "loyalty/admin/voucher_act.html", page | {"series": series, "button": button})

    @display(description="series", header=True)
    def called(self, series: VoucherSeries) -> tuple[str, str]:
        return series.name, series.code

    @display(description="says")
    def says(self, series: VoucherSeries) -> str:
        manner = Manner(currency=series.programme.currency, zone=ZoneInfo(series.programme.timezone))
        return sentence_of_series(msgspec.convert(series.definition, VoucherDefinition), manner)

    @display(description="used")
    def used(self, series: VoucherSeries) -> str:
        return f"{series.tally.uses:,}"

    @display(description="state", label={"open": "success", "revoked": "danger"})
    def state(self, series: VoucherSeries) -> str:
        return "revoked" if series.revoked_at else "open"


_ELSEWHERE = {
    "name",
    "code",
    "is_goodwill",
    *VoucherGives.base_fields,
    *VoucherLasts.base_fields,
    *VoucherStacks.base_fields,
}
