"""Purchases. They are facts: found and read here, written by tills, shops and imports alone."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from config.ground.amounts import money
from config.staff.admin.readonly import ReadOnlyAdmin
from config.staff.links import links_on
from config.staff.list_exports import ExportsList
from config.staff.site import site
from members.queries.search import find_by_term
from omnichannel.admin.days import DaysFilter
from omnichannel.admin.own_stores import of_own_stores
from omnichannel.admin.shown import amount, code, member_link, wall_time
from omnichannel.models import Order, OrderLine, OrderReturn, Place, UnclaimedOrder
from omnichannel.queries.receipts import list_order_refs

MOST_MEMBERS = 200
STATES = {
    "open": "info",
    "placed": "info",
    "completed": "success",
    "partially returned": "warning",
    "returned": "danger",
    "cancelled": "danger",
}


class LinesInline(TabularInline):
    """What was bought, as it was told."""

    model = OrderLine
    extra = 0
    can_delete = False
    hide_title = True
    ordering = ("position",)
    fields = ("name", "known_as", "category", "quantity", "unit_price", "discount", "paid")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderLine]:
        lines: QuerySet[OrderLine] = super().get_queryset(request)
        return lines.select_related("order")

    def has_add_permission(self, request: HttpRequest, obj: Order | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description="SKU")
    def known_as(self, line: OrderLine) -> str:
        return code(line.sku)

    @display(description="each")
    def unit_price(self, line: OrderLine) -> str:
        return amount(line.unit_price_minor, line.order.currency)

    @display(description="discount")
    def discount(self, line: OrderLine) -> str:
        return amount(line.discount_minor or None, line.order.currency)

    @display(description="paid")
    def paid(self, line: OrderLine) -> str:
        return amount(line.paid_minor, line.order.currency)


class ReturnsInline(TabularInline):
    """What came back of it, when and where."""

    model = OrderReturn
    extra = 0
    can_delete = False
    hide_title = True
    verbose_name_plural = "what came back"
    ordering = ("pk",)
    fields = ("number", "kind", "came_back", "place", "returned", "refund")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderReturn]:
        returns: QuerySet[OrderReturn] = super().get_queryset(request)
        return returns.select_related("order__programme", "place").prefetch_related("lines", "order__lines")

    def has_add_permission(self, request: HttpRequest, obj: Order | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description="what")
    def came_back(self, row: OrderReturn) -> str:
        names = {line.position: line.name or line.sku for line in row.order.lines.all()}
        return ", ".join(f"{line.quantity} x {names[line.position]}" for line in row.lines.all())

    @display(description="when")
    def returned(self, row: OrderReturn) -> str:
        return wall_time(row.returned_at, row.order.programme.timezone)

    @display(description="handed back")
    def refund(self, row: OrderReturn) -> str:
        return amount(row.refund_minor, row.order.currency)


class PurchaseAdmin(ReadOnlyAdmin):
    """What members' and nobody's purchases have in common. A page is found without counting all of them."""

    list_filter: tuple[tuple[str, Any], ...] = (
        ("place", AutocompleteSelectFilter),
        ("placed_at", DaysFilter),
        ("source", ChoicesDropdownFilter),
    )
    list_filter_submit = True
    list_select_related: tuple[str, ...] = ("place", "programme")
    ordering = ("-pk",)
    sortable_by = ()
    paginator = InfinitePaginator
    show_full_result_count = False
    list_per_page = 50
    search_fields = ("ref",)
    change_form_outer_before_template = "staff/links.html"

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **more: Any
    ) -> HttpResponse:
        purchase: Order | UnclaimedOrder = more["obj"]
        context["links"] = links_on(self.opts.label_lower, purchase, request.user.has_perm)
        answer: HttpResponse = super().render_change_form(request, context, *args, **more)
        return answer

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return of_own_stores(request, super().get_queryset(request))

    @display(description="placed", ordering="placed_at")
    def placed(self, purchase: Order | UnclaimedOrder) -> str:
        return wall_time(purchase.placed_at, purchase.programme.timezone)

    @display(description="placed at")
    def placed_there(self, purchase: Order | UnclaimedOrder) -> str:
        zone = purchase.programme.timezone
        return f"{wall_time(purchase.placed_at, zone)} ({zone})"

    @display(description="ref")
    def known_as(self, purchase: Order | UnclaimedOrder) -> str:
        return code(purchase.ref)

    @display(description="told by", label=True)
    def told_by(self, purchase: Order | UnclaimedOrder) -> str:
        return purchase.source

    @display(description="subtotal")
    def subtotal(self, purchase: Order | UnclaimedOrder) -> str:
        return amount(purchase.subtotal_minor, purchase.currency)

    @display(description="discounts")
    def discounts(self, purchase: Order | UnclaimedOrder) -> str:
        return amount(purchase.discount_minor, purchase.currency)

    @display(description="tax in it")
    def tax(self, purchase: Order | UnclaimedOrder) -> str:
        return amount(purchase.tax_minor, purchase.currency)

    @display(description="total")
    def total(self, purchase: Order | UnclaimedOrder) -> str:
        return amount(purchase.total_minor, purchase.currency)


@admin.register(Order, site=site)
class OrderAdmin(ExportsList, PurchaseAdmin):
    """A member's purchases, newest told first."""

    export_columns = {
        "ref": "ref",
        "member": "member__ref",
        "programme": "programme__code",
        "store": "place__code",
        **{name: name for name in ("number", "source", "state", "placed_at", "recorded_at", "currency")},
        **{name: name for name in ("subtotal_minor", "discount_minor", "tax_minor", "total_minor")},
    }
    list_display = ("number", "placed", "who", "place", "total", "state_label", "told_by")
    list_filter = (*PurchaseAdmin.list_filter, ("state", ChoicesDropdownFilter))
    list_select_related = (*PurchaseAdmin.list_select_related, "member")
    search_help_text = "Receipt or order number, ref, or the member's phone, card, e-mail or name"
    inlines = (LinesInline, ReturnsInline)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("number", "state_label"),
                    ("who", "known_as"),
                    ("place", "till"),
                    ("placed_there", "recorded_at"),
                )
            },
        ),
        (
            "Amounts",
            {
                "fields": (
                    ("subtotal", "discounts"),
                    ("total", "tax"),
                    ("payments_told", "fulfilment"),
                    "collected_at",
                )
            },
        ),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        """By what has an index, whichever of them it is."""
        term = search_term.strip()
        if not term:
            return queryset, False
        members = list(find_by_term(term).values_list("pk", flat=True)[:MOST_MEMBERS])
        refs = [*list_order_refs(term), term.lower()]
        return queryset.filter(Q(ref__in=refs) | Q(member__in=members)), False

    @display(description="member")
    def who(self, order: Order) -> SafeString:
        return member_link(order.member)

    @display(description="state", label=STATES)
    def state_label(self, order: Order) -> str:
        return order.state.replace("_", " ")

    @display(description="paid by", empty_value="not told")
    def payments_told(self, order: Order) -> str:
        return ", ".join(
            f"{one['kind']} {money(one['amount_minor'], order.currency)}" for one in order.payments
        )


@admin.register(UnclaimedOrder, site=site)
class UnclaimedOrderAdmin(ExportsList, PurchaseAdmin):
    """Purchases that nobody has put a member to."""

    export_columns = {
        "place": "place__code",
        **{
            name: name
            for name in ("number", "source", "placed_at", "currency", "total_minor", "collected_at")
        },
    }
    list_display = ("number", "placed", "place", "total", "told_by")
    search_help_text = "Receipt or order number, or ref"
    fieldsets = (
        (None, {"fields": (("number", "known_as"), ("place", "till"), ("placed_there", "recorded_at"))}),
        ("Amounts", {"fields": (("subtotal", "discounts"), ("total", "tax"))}),
        ("Lines", {"fields": ("what_was_bought",)}),
        ("What came back", {"fields": ("what_came_back",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[UnclaimedOrder]:
        purchases: QuerySet[UnclaimedOrder] = super().get_queryset(request)
        return purchases.defer("answer")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[UnclaimedOrder], search_term: str
    ) -> tuple[QuerySet[UnclaimedOrder], bool]:
        term = search_term.strip()
        return (queryset.filter(ref__in=[*list_order_refs(term), term.lower()]) if term else queryset), False

    @display(description="lines")
    def what_was_bought(self, purchase: UnclaimedOrder) -> SafeString:
        lines = [
            {
                **line,
                "each": amount(line["unit_price_minor"], purchase.currency),
                "less": amount(line["discount_minor"] or None, purchase.currency),
            }
            for line in purchase.lines
        ]
        return render_to_string("omnichannel/admin/lines.html", {"lines": lines})

    @display(description="returns", empty_value="nothing")
    def what_came_back(self, purchase: UnclaimedOrder) -> SafeString | None:
        if not purchase.returns:
            return None
        names = [line.get("name") or line["sku"] for line in purchase.lines]
        told_at = {kept["place_id"] for kept in purchase.returns}
        places = dict(Place.objects.filter(pk__in=told_at).values_list("pk", "name"))
        returns = [
            {
                "number": kept["number"],
                "kind": kept["kind"],
                "goods": ", ".join(
                    f"{each['quantity']} x {names[each['position']]}" for each in kept["lines"]
                ),
                "place": places[kept["place_id"]],
                "when": wall_time(datetime.fromisoformat(kept["returned_at"]), purchase.programme.timezone),
                "refund": amount(kept["refund_minor"], purchase.currency),
            }
            for kept in purchase.returns
        ]
        return render_to_string("omnichannel/admin/came_back.html", {"returns": returns})
