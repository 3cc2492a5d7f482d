"""Goods that came back without a receipt, and what became of them."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from config.staff.admin.readonly import ReadOnlyAdmin
from config.staff.list_exports import ExportsList
from config.staff.site import site
from members.models import Member
from members.queries.search import find_by_term
from omnichannel.admin.days import DaysFilter
from omnichannel.admin.orders import MOST_MEMBERS
from omnichannel.admin.own_stores import of_own_stores
from omnichannel.admin.shown import amount, member_link, wall_time
from omnichannel.models import Order, ReturnSlip

OUTCOMES = {
    "returned": "success",
    "returned in part": "warning",
    "of no purchase we know": "danger",
    "nobody was named": "info",
    "not looked at yet": "info",
}


@admin.register(ReturnSlip, site=site)
class ReturnSlipAdmin(ExportsList, ReadOnlyAdmin):
    """Slips of imports and of tills, newest told first."""

    export_columns = {
        "place": "place__code",
        **{name: name for name in ("number", "placed_at", "currency", "total_minor", "outcome")},
        **{name: name for name in ("recorded_at",)},
    }
    list_display = ("number", "came_back", "place", "total", "outcome_label")
    list_filter = (
        ("outcome", ChoicesDropdownFilter),
        ("place", AutocompleteSelectFilter),
        ("placed_at", DaysFilter),
    )
    list_filter_submit = True
    list_select_related = ("place__programme",)
    ordering = ("-pk",)
    sortable_by = ()
    paginator = InfinitePaginator
    show_full_result_count = False
    list_per_page = 50
    search_fields = ("number",)
    search_help_text = "Number of the return, or the member's phone, card, e-mail or name"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("number", "outcome_label"),
                    ("who", "total"),
                    ("place", "came_back"),
                    "recorded_at",
                )
            },
        ),
        ("Lines", {"fields": ("what_became_of_it",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReturnSlip]:
        slips: QuerySet[ReturnSlip] = super().get_queryset(request)
        return of_own_stores(request, slips.defer("answer", "fingerprint"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ReturnSlip], search_term: str
    ) -> tuple[QuerySet[ReturnSlip], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        members = list(find_by_term(term).values_list("pk", flat=True)[:MOST_MEMBERS])
        return queryset.filter(Q(number=term) | Q(member_id__in=members)), False

    @display(description="came back", ordering="placed_at")
    def came_back(self, slip: ReturnSlip) -> str:
        return wall_time(slip.placed_at, slip.place.programme.timezone)

    @display(description="member", empty_value="nobody")
    def who(self, slip: ReturnSlip) -> SafeString | None:
        if slip.member_id is None:
            return None
        return member_link(Member.objects.get(pk=slip.member_id))

    @display(description="handed back")
    def total(self, slip: ReturnSlip) -> str:
        return amount(slip.total_minor, slip.currency)

    @display(description="outcome", label=OUTCOMES)
    def outcome_label(self, slip: ReturnSlip) -> str:
        return str(slip.get_outcome_display())

    @display(description="lines")
    def what_became_of_it(self, slip: ReturnSlip) -> SafeString:
        return render_to_string("omnichannel/admin/slip.html", {"pieces": _pieces(slip)})


def _pieces(slip: ReturnSlip) -> list[dict[str, Any]]:
    """Line by line, with the purchase that each piece was taken from."""
    refs = [piece["order_ref"] for piece in slip.pieces if piece["order_ref"]]
    orders = {order.ref: order for order in Order.objects.filter(member=slip.member_id, ref__in=refs)}
    without = [{"line": line, "quantity": each["quantity"]} for line, each in enumerate(slip.lines)]
    return [
        {
            "line": slip.lines[piece["line"]],
            "quantity": piece["quantity"],
            "order": orders.get(str(piece.get("order_ref"))),
        }
        for piece in slip.pieces or without
    ]
