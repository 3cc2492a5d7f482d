"""The ledger's tables, to look at: nobody adds, changes or deletes a row here."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from config.staff.admin.readonly import ReadOnlyAdmin
from config.staff.list_exports import ExportsList
from config.staff.site import site
from loyalty.admin.cells import code, link_to_member, link_to_wallet, maturity, points
from loyalty.models import Entry, Grant, Lot, Seal
from loyalty.queries.people import find_member_ids, find_wallet_ids
from members.rules.people import name_of
from omnichannel.admin.own_stores import of_own_programmes
from omnichannel.admin.shown import LOOK_OF_LINKS

KIND_COLOURS = {
    "earn": "success",
    "bonus": "primary",
    "spend": "info",
    "expire": "danger",
    "adjust": "warning",
    "transfer_out": "info",
    "transfer_in": "success",
    "merge_out": "info",
    "merge_in": "success",
    "merge_back": "success",
    "pool_out": "info",
    "pool_in": "success",
    "pool_home": "info",
    "pool_back": "success",
    "reverse_earn": "danger",
    "reverse_spend": "success",
}


class LedgerAdmin(ReadOnlyAdmin):
    """A large append-only table: newest first, never counted, found by whom it belongs to."""

    paginator = InfinitePaginator
    show_full_result_count = False
    list_per_page = 50
    ordering = ("-id",)
    list_select_related: tuple[str, ...] = ("member",)
    search_fields = ("pk",)
    search_help_text = "Phone, card, e-mail, name or ref of a member, or the ref of an order"
    to_programme = "wallet__programme"
    """The look-up by which a row names its programme: staff who serve stores see the rows of theirs."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return of_own_programmes(request, super().get_queryset(request), programme=self.to_programme)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(wallet_id__in=find_wallet_ids(search_term)), False

    @display(description="member", ordering="member")
    def of_member(self, row: Any) -> SafeString:
        return link_to_wallet(row.wallet_id, name_of(row.member))


@admin.register(Entry, site=site)
class EntryAdmin(ExportsList, LedgerAdmin):
    """Movements of points, the latest first."""

    export_columns = {
        "member": "member__ref",
        "programme": "programme__code",
        **{name: name for name in ("seq", "kind", "points", "balance_after", "cause", "order_ref")},
        **{name: name for name in ("reason", "actor")},
        "happened_at": "happened_at",
        "recorded_at": "recorded_at",
    }
    list_display = ("happened_at", "of_member", "movement", "signed", "balance_after", "reason", "of_order")
    list_filter = ("kind", "programme")
    to_programme = "programme"
    list_filter_submit = False
    fields = (
        "of_member",
        "programme",
        "seq",
        "movement",
        "signed",
        "balance_after",
        "reason",
        "cause",
        "of_order",
        "of_act",
        "rule_version",
        "actor",
        "happened_at",
        "recorded_at",
    )
    readonly_fields = ("of_member", "movement", "signed", "of_order", "of_act")

    @display(description="act")
    def of_act(self, entry: Entry) -> SafeString | str:
        """The page that says why, for points that an act gave."""
        kind, _, rest = entry.cause.partition(":")
        if kind != "act":
            return ""
        ref = rest.partition(":")[0]
        page = reverse("admin:loyalty_actsettlement_of", args=[ref])
        return format_html('<a href="{}" class="{}">{}</a>', page, LOOK_OF_LINKS, code(ref))

    @display(description="kind", label=KIND_COLOURS)
    def movement(self, entry: Entry) -> tuple[str, str]:
        return entry.kind, entry.get_kind_display()

    @display(description="points")
    def signed(self, entry: Entry) -> SafeString:
        return points(entry.points)

    @display(description="order")
    def of_order(self, entry: Entry) -> SafeString:
        return code(entry.order_ref)


@admin.register(Lot, site=site)
class LotAdmin(ExportsList, LedgerAdmin):
    """What is left of points with one birth."""

    export_columns = {
        "member": "member__ref",
        **{name: name for name in ("order_ref", "credited", "remaining", "available_from", "expires_at")},
    }
    list_display = ("of_member", "remaining", "credited", "matures", "expires_at", "of_order")
    fields = ("of_member", "of_order", "credited", "remaining", "matures", "expires_at")
    readonly_fields = ("of_member", "of_order", "matures")

    @display(description="available from")
    def matures(self, lot: Lot) -> str:
        return maturity(lot.available_from)

    @display(description="order")
    def of_order(self, lot: Lot) -> SafeString:
        return code(lot.order_ref)


@admin.register(Seal, site=site)
class SealAdmin(ExportsList, ReadOnlyAdmin):
    """Digests of closed days, each chained to the one before it."""

    export_columns = {
        "programme": "programme__code",
        **{name: name for name in ("sealed_on", "entries", "points", "made_at")},
    }
    list_display = ("sealed_on", "programme", "entries", "points", "hexadecimal", "made_at")
    list_filter = ("programme",)
    list_select_related = ("programme",)
    ordering = ("-sealed_on",)
    fields = ("programme", "sealed_on", "entries", "points", "hexadecimal", "made_at")
    readonly_fields = ("hexadecimal",)

    @display(description="digest (SHA-256)")
    def hexadecimal(self, seal: Seal) -> SafeString:
        return code(bytes(seal.digest).hex())


@admin.register(Grant, site=site)
class GrantAdmin(ExportsList, ReadOnlyAdmin):
    """Personal offers that were granted, and how often each was used. Campaigns grants them."""

    export_columns = {
        "member": "member__ref",
        "programme": "programme__code",
        **{name: name for name in ("ref", "title", "uses", "max_uses", "valid_from")},
        **{name: name for name in ("valid_until", "granted_at", "last_used_at")},
    }
    paginator = InfinitePaginator
    show_full_result_count = False
    list_per_page = 50
    ordering = ("-id",)
    list_select_related = ("member",)
    list_display = ("title", "of_member", "used", "valid_from", "valid_until", "granted_at", "last_used_at")
    list_filter = ("programme",)
    search_fields = ("pk",)
    search_help_text = "Phone, card, e-mail, name or ref of a member"
    fields = (
        "title",
        "mention",
        "of_member",
        "programme",
        "effect",
        "used",
        "valid_from",
        "valid_until",
        "cause",
        "ref",
        "granted_at",
        "last_used_at",
        "last_order_ref",
    )
    readonly_fields = ("of_member", "used")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(member_id__in=find_member_ids(search_term)), False

    @display(description="member")
    def of_member(self, grant: Grant) -> SafeString:
        return link_to_member(grant.member_id, name_of(grant.member))

    @display(description="used")
    def used(self, grant: Grant) -> str:
        return f"{grant.uses} of {grant.max_uses}"
