"""The wallet's page: figures at this moment, lots, movements, and why each purchase earned what it did."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import F, Func, QuerySet, TextField, Value
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from unfold.decorators import action, display

from config.ground import clock
from config.ground.amounts import money
from config.ground.ids import new_ref
from config.ground.refusals import Refusal
from config.staff.admin.readonly import ToldAdmin
from config.staff.list_exports import ExportsList
from config.staff.site import site
from loyalty.admin.cells import amount, code, label, maturity, moment, points
from loyalty.admin.correction_form import CorrectionForm
from loyalty.admin.corrections import colleague_of
from loyalty.admin.given_tiers import GivesTiers
from loyalty.admin.ledger import KIND_COLOURS
from loyalty.errors import OwnWallet
from loyalty.models import CorrectionReason, Wallet
from loyalty.queries.corrections import limit_of
from loyalty.queries.holdings import LotHeld, Movement, list_lots, list_movements
from loyalty.queries.holds import list_holds
from loyalty.queries.people import find_wallet_ids
from loyalty.queries.settlements import Settled, list_settled
from loyalty.queries.wallets import get_wallet, read_wallet
from loyalty.rules.answers import WalletAnswer
from loyalty.rules.holds import HoldNow
from loyalty.services.corrections import correct_points
from members.rules.people import name_of

ROWS = 50
PURCHASES = 10


@admin.register(Wallet, site=site)
class WalletAdmin(ExportsList, GivesTiers, ToldAdmin):
    """Wallets, found by whom they belong to."""

    export_columns = {
        "member": "member__ref",
        "programme": "programme__code",
        "balance": "balance",
        "debt": "debt",
    }
    list_display = ("whose", "programme", "balance_now", "spendable_now", "pending_now", "tier_now")
    list_display_links = ("whose",)
    list_filter = ("programme",)
    to_programme = "programme"
    list_select_related = ("member", "programme")
    change_form_outer_before_template = "loyalty/admin/wallet.html"
    actions_detail = ("correct", "give_tier", "end_tier")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Wallet]:
        now = Value(clock.now())
        facts = Func(
            F("member_id"),
            F("programme_id"),
            now,
            function="loyalty_wallet_facts",
            template="%(function)s(%(expressions)s)::text",
            output_field=TextField(),
        )
        wallets: QuerySet[Wallet] = super().get_queryset(request)
        return wallets.annotate(facts=facts)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(pk__in=find_wallet_ids(search_term)), False

    def tell(self, _request: HttpRequest, wallet: Wallet) -> dict[str, Any]:
        return _page_of(wallet, now=clock.now())

    def has_correct_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Named by a method, because Unfold looks up a dotted permission in tables that `migrate` has yet to make."""
        return request.user.has_perm("loyalty.add_correction")

    @action(description="Correct points", icon="exposure", permissions=["correct"])
    def correct(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Give or take points, with a reason."""
        wallet = self.get_object(request, str(object_id))
        if wallet is None:
            raise Http404
        now, by = clock.now(), colleague_of(request)
        form = CorrectionForm(request.POST or None, initial={"ref": new_ref("cor")})
        page_of_wallet = reverse("admin:loyalty_wallet_change", args=[wallet.pk])
        if form.is_valid():
            told = form.cleaned_data
            reason = CorrectionReason(told["reason"])
            try:
                made = correct_points(
                    wallet,
                    told["points"],
                    ref=told["ref"],
                    reason=reason,
                    note=told["note"],
                    by=by,
                    now=now,
                )
            except Refusal as refused:
                form.add_error(None if isinstance(refused, OwnWallet) else "points", refused.detail)
            else:
                self.log_change(
                    request, wallet, f"Correction of {made.points:+} points: {made.get_state_display()}."
                )
                messages.success(request, f"{made.points:+,} points: {made.get_state_display()}.")
                return HttpResponseRedirect(page_of_wallet)
        page = {
            **self.admin_site.each_context(request),
            "title": f"Correct the points of {name_of(wallet.member)}",
            "form": form,
            "page_of_wallet": page_of_wallet,
            "spendable": get_wallet(wallet.member_id, wallet.programme_id, now=now).spendable,
            "alone": limit_of(by.roles, wallet.programme_id),
        }
        return render(request, "loyalty/admin/correct.html", page)

    @display(description="member", header=True)
    def whose(self, wallet: Wallet) -> tuple[str, str]:
        return name_of(wallet.member), wallet.member.ref

    @display(description="balance")
    def balance_now(self, wallet: Any) -> str:
        return f"{_shown(wallet).balance:,}"

    @display(description="can be spent")
    def spendable_now(self, wallet: Any) -> str:
        return f"{_shown(wallet).spendable:,}"

    @display(description="pending")
    def pending_now(self, wallet: Any) -> str:
        return f"{_shown(wallet).pending:,}"

    @display(description="tier", label=True)
    def tier_now(self, wallet: Any) -> str | None:
        tier = _shown(wallet).tier
        return tier.name if tier else None


def _shown(wallet: Any) -> WalletAnswer:
    """A row of the list as it is shown, read once."""
    if not hasattr(wallet, "shown"):
        wallet.shown = read_wallet(wallet.facts)
    shown: WalletAnswer = wallet.shown
    return shown


def _page_of(wallet: Wallet, *, now: datetime) -> dict[str, Any]:
    """What the template shows. Five statements, however old the wallet is."""
    shown = get_wallet(wallet.member_id, wallet.programme_id, now=now)
    settled = list_settled(wallet.member_id, wallet.programme_id, limit=PURCHASES)
    expiry, tier = shown.next_expiry, shown.tier
    figures = [
        ("Balance", f"{shown.balance:,}", "points"),
        ("Can be spent now", f"{shown.spendable:,}", "points"),
        ("Pending", f"{shown.pending:,}", "points that still mature"),
        (
            "Next expiry",
            f"{expiry.points:,}" if expiry else "none",
            f"points at {moment(expiry.at)}" if expiry else "no lot runs out",
        ),
    ]
    if shown.held:
        figures.insert(2, ("Held", f"{shown.held:,}", "points set aside for purchases being paid"))
    if shown.debt:
        figures.insert(2, ("Owed", f"{shown.debt:,}", "points; the next points pay them first"))
    if tier:
        words = [tier.next.words if tier.next else "the highest tier", tier.keep.words if tier.keep else None]
        figures.append(("Tier", tier.name, "; ".join(word for word in words if word)))
    return {
        "member": name_of(wallet.member),
        "member_id": wallet.member_id,
        "programme": wallet.programme.name,
        "figures": figures,
        "entries": _entries_table(list_movements([wallet.pk], limit=ROWS)),
        "holds": _holds_table(list_holds(wallet.pk, now=now, limit=PURCHASES)),
        "lots": _lots_table(list_lots([wallet.pk], now=now, limit=ROWS)),
        "settled": [_why(one) for one in settled],
    }


def _entries_table(entries: Sequence[Movement]) -> dict[str, Any]:
    return {
        "headers": ["No.", "When", "What", "Points", "Balance", "Why", "Order", "By"],
        "rows": [
            [
                str(one.seq),
                moment(one.happened_at),
                label(one.kind, KIND_COLOURS[one.kind]),
                points(one.points),
                amount(one.balance_after),
                one.reason,
                code(one.order_ref),
                one.actor,
            ]
            for one in entries
        ],
    }


def _lots_table(lots: Sequence[LotHeld]) -> dict[str, Any]:
    colours = {"open": "success", "pending": "info", "expired": "danger", "empty": "default"}
    return {
        "headers": ["Left", "Of", "State", "Can be spent from", "Expires", "Order"],
        "rows": [
            [
                amount(one.remaining),
                amount(one.credited),
                label(one.state, colours[one.state]),
                maturity(one.available_from),
                moment(one.expires_at) if one.expires_at else "never",
                code(one.order_ref),
            ]
            for one in lots
        ],
    }


def _holds_table(holds: Sequence[HoldNow]) -> dict[str, Any]:
    colours = {"held": "warning", "captured": "success", "released": "default", "lapsed": "default"}
    return {
        "headers": ["Held", "Spent", "State", "Since", "Until", "For", "Order"],
        "rows": [
            [
                amount(one.points),
                amount(one.captured_points),
                label(one.state, colours[one.state]),
                moment(one.held_at),
                moment(one.expires_at),
                one.reference,
                code(one.order_ref),
            ]
            for one in holds
        ],
    }


def _why(settled: Settled) -> dict[str, Any]:
    answer = settled.answer.settlement
    return {
        "order_id": settled.order_id,
        "number": settled.number,
        "place": settled.place,
        "at": moment(settled.placed_at),
        "total": money(settled.total_minor, settled.currency),
        "earned": answer.points_earned,
        "spent": answer.points_spent,
        "awards": answer.earned,
        "not_applied": answer.not_applied,
    }
