"""Flags: what fraud rules found, waiting for somebody to look and decide."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.paginator import InfinitePaginator
from unfold.widgets import UnfoldAdminTextInputWidget

from config.ground import clock
from config.ground.amounts import money
from config.ground.refusals import NotAllowed, Refusal
from config.ground.typed import load
from config.staff.actors import actor_of, name_actors
from config.staff.admin.readonly import OwnPageAdmin
from config.staff.fields import WholeField
from config.staff.list_exports import ExportsList
from config.staff.site import site
from loyalty.admin.cells import link_to_member, link_to_wallet, moment
from loyalty.admin.corrections import colleague_of
from loyalty.models import FlagState, FraudFlag, Wallet
from loyalty.queries.fraud_evidence import list_purchases, name_members, name_subjects
from loyalty.rules.fraud import WATCHES, Finding, sentence_of_watch
from loyalty.services.fraud_review import agree, decide, send_back
from omnichannel.admin.own_stores import of_own_programmes
from omnichannel.models import Order

STATES = {
    FlagState.OPEN: "warning",
    FlagState.PROPOSED: "info",
    FlagState.CLEARED: "default",
    FlagState.CONFIRMED: "danger",
}
MAY_REVIEW = "loyalty.review_fraudflag"


class VerdictForm(forms.Form):
    """After `is_valid`: `take_points` (0 or more) and `note`."""

    take_points = WholeField(
        label="Points to take back",
        min_value=0,
        max_value=1_000_000_000,
        initial=0,
        required=False,
        help_text="Where it is confirmed: beyond what your role corrects alone a colleague has to agree.",
    )
    note = forms.CharField(
        label="Why",
        max_length=300,
        widget=UnfoldAdminTextInputWidget,
        help_text="For your colleagues; name nobody.",
    )

    def clean_take_points(self) -> int:
        return self.cleaned_data["take_points"] or 0


@admin.register(FraudFlag, site=site)
class FraudFlagAdmin(ExportsList, OwnPageAdmin):
    """What has to be looked at in front."""

    export_columns = {
        "member": "member__ref",
        "rule": "rule__name",
        **{name: name for name in ("ref", "found_at", "held_points", "state", "decided_by", "decided_at")},
    }
    paginator = InfinitePaginator
    show_full_result_count = False
    list_per_page = 50
    when_empty = (
        "Nobody was above a limit of a rule that looks. Write limits, and let them look, under Fraud rules."
    )
    list_display = ("found_at", "rule", "who", "measured", "held", "state_label")
    list_filter = ("state", "rule")
    list_filter_submit = True
    list_select_related = ("rule", "programme")
    ordering = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[FraudFlag]:
        waits = Case(
            When(state=FlagState.OPEN, then=Value(0)),
            When(state=FlagState.PROPOSED, then=Value(1)),
            default=Value(2),
        )
        rows: QuerySet[FraudFlag] = super().get_queryset(request)
        return of_own_programmes(request, rows).order_by(waits, "-found_at", "-pk")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list, with the names of all who are meant read at once."""
        page = super().get_changelist_instance(request)
        page.result_list = list(page.result_list)
        names = name_subjects(flag.evidence["subject"] for flag in page.result_list)
        for flag in page.result_list:
            vars(flag).update(names=names)
        return page

    def row_page(self, request: HttpRequest, flag: FraudFlag) -> HttpResponse:
        """The evidence, and the decision of whoever may take it."""
        form = VerdictForm(request.POST or None, initial={"take_points": flag.held_points})
        if request.method == "POST" and (
            "_agree" in request.POST or "_back" in request.POST or form.is_valid()
        ):
            return self._decide(request, flag, form)
        may = request.user.has_perm(MAY_REVIEW)
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{flag.rule.name}: {name_subjects([flag.evidence['subject']])[flag.evidence['subject']]}",
            "flag": flag,
            "colour": STATES[FlagState(flag.state)],
            "may_decide": may and flag.state == FlagState.OPEN,
            "may_agree": may and flag.state == FlagState.PROPOSED and flag.decided_by != actor_of(request),
            "form": form,
            **_evidence(flag),
        }
        return render(request, "loyalty/admin/fraud_flag.html", page)

    def _decide(self, request: HttpRequest, flag: FraudFlag, form: VerdictForm) -> HttpResponse:
        by, now = colleague_of(request), clock.now()
        try:
            if not request.user.has_perm(MAY_REVIEW):
                raise NotAllowed("Your role does not allow this step.")
            if "_agree" in request.POST:
                decided = agree(flag.pk, by=by, now=now)
            elif "_back" in request.POST:
                decided = send_back(flag.pk, by=by)
            else:
                decided = decide(
                    flag.pk,
                    "cleared" if "_clear" in request.POST else "confirmed",
                    by=by,
                    now=now,
                    **form.cleaned_data,
                )
        except Refusal as refused:
            messages.error(request, refused.detail)
        else:
            self.log_change(request, decided, f"Flag: {decided.get_state_display()}.")
            messages.success(request, f"The flag: {decided.get_state_display()}.")
        return HttpResponseRedirect(reverse("admin:loyalty_fraudflag_change", args=[flag.pk]))

    @display(description="who")
    def who(self, flag: FraudFlag) -> str:
        return str(vars(flag)["names"][flag.evidence["subject"]])

    @display(description="how much")
    def measured(self, flag: FraudFlag) -> str:
        return f"{flag.evidence['measured']:,} ({flag.rule.more_than:,} allowed)"

    @display(description="points held")
    def held(self, flag: FraudFlag) -> str:
        return f"{flag.held_points:,}" if flag.held_points else ""

    @display(description="state", label=STATES)
    def state_label(self, flag: FraudFlag) -> tuple[str, str]:
        return flag.state, flag.get_state_display()


def _evidence(flag: FraudFlag) -> dict[str, Any]:
    """What was counted, in words, and who took part."""
    rule, evidence = flag.rule, flag.evidence
    names = name_members(evidence["member_ids"])
    actors = name_actors([flag.decided_by, flag.agreed_by])
    wallets = Wallet.objects.filter(programme_id=flag.programme_id)
    wallet = wallets.filter(member_id=flag.member_id).first() if flag.member_id else None
    purchases = list_purchases(evidence["refs"])
    known = {order.ref for order in purchases}
    return {
        "says": sentence_of_watch(rule.what, rule.per, rule.within, rule.more_than),
        "finding": load(Finding, evidence),
        "purchases": _purchases(purchases),
        "other_refs": [ref for ref in evidence["refs"] if ref not in known],
        "counted": WATCHES[rule.what].many,
        "people": [link_to_member(pk, name) for pk, name in names.items()],
        "wallet": _wallet(wallet, names) if wallet else "",
        "decided_by": actors.get(flag.decided_by, flag.decided_by),
        "agreed_by": actors.get(flag.agreed_by, flag.agreed_by),
    }


def _purchases(orders: list[Order]) -> dict[str, Any]:
    """A table, each line leading to the page of its purchase."""
    rows = [
        [
            moment(order.placed_at),
            order.place.name,
            format_html(
                '<a class="text-link" href="{}"><bdi dir="ltr">{}</bdi></a>',
                reverse("admin:omnichannel_order_change", args=[order.pk]),
                order.number,
            ),
            money(order.total_minor, order.currency),
        ]
        for order in orders
    ]
    return {"headers": ["When", "Where", "Purchase", "Paid"], "rows": rows} if rows else {}


def _wallet(wallet: Wallet, names: dict[int, str]) -> SafeString:
    return link_to_wallet(wallet.pk, f"the wallet of {names.get(wallet.member_id, 'the member')}")
