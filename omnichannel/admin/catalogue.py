"""Products, their categories and what they cost when."""

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import DropdownFilter, FieldTextFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from config.ground import clock
from config.ground.amounts import decimals
from config.staff.list_exports import ExportsList
from config.staff.site import site
from omnichannel.admin.shown import amount, code
from omnichannel.models import Category, Product, ProductPrice
from omnichannel.queries.catalogue import list_departments
from omnichannel.rules.gtin import is_gtin

PRICES_SHOWN = 20


@admin.register(Category, site=site)
class CategoryAdmin(ExportsList):
    """Products name a category by its code, so a code stays what it was."""

    export_columns = {
        "programme": "programme__code",
        "parent": "parent__code",
        **{name: name for name in ("code", "name")},
    }
    compressed_fields = True
    list_display = ("name", "code", "parent", "programme")
    list_filter = ("programme",)
    list_select_related = ("parent", "programme")
    search_fields = ("code", "name")
    ordering = ("programme", "code")
    autocomplete_fields = ("parent",)
    fields = ("name", "programme", "code", "parent")

    def get_readonly_fields(self, request: HttpRequest, obj: Category | None = None) -> tuple[str, ...]:
        return ("programme", "code") if obj else ()


class DepartmentFilter(DropdownFilter):
    """By department: there are few, so all can be offered."""

    title = "department"
    parameter_name = "department"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(department, department.capitalize()) for department in list_departments()]

    def queryset(self, request: HttpRequest, products: QuerySet[Product]) -> QuerySet[Product]:
        return products.filter(department=self.value()) if self.value() else products


class ProductForm(forms.ModelForm):
    """The price is typed as people write it, and kept in minor units."""

    price = forms.DecimalField(
        label="List price",
        required=False,
        min_value=Decimal(0),
        max_digits=12,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text="In the programme's currency; empty if it is not known. Every change is remembered.",
    )

    class Meta:
        labels: ClassVar[dict[str, str]] = {"sku": "SKU", "gtin": "Barcode (GTIN)"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        product = self.instance
        if "price" in self.fields and product.pk and product.price_minor is not None:
            self.initial["price"] = Decimal(product.price_minor).scaleb(-decimals(product.programme.currency))

    def clean_gtin(self) -> str | None:
        gtin: str | None = self.cleaned_data["gtin"] or None
        if gtin is not None and not is_gtin(gtin):
            raise forms.ValidationError("This is no GTIN: 8, 12, 13 or 14 digits, the last checks the rest.")
        return gtin

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        programme = told.get("programme") or (self.instance.programme if self.instance.pk else None)
        if programme is None or "price" not in told:
            return told
        minor = None if told["price"] is None else told["price"].scaleb(decimals(programme.currency))
        if minor is not None and minor != int(minor):
            self.add_error("price", f"{programme.currency} has {decimals(programme.currency)} decimals.")
        else:
            self.instance.price_minor = None if minor is None else int(minor)
        return told


class PricesInline(TabularInline):
    """What it cost when, newest first."""

    model = ProductPrice
    verbose_name_plural = "list prices so far"
    extra = 0
    can_delete = False
    fields = ("shown_price", "from_at")
    readonly_fields = ("shown_price", "from_at")
    ordering = ("-from_at",)
    hide_title = True
    per_page = PRICES_SHOWN

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProductPrice]:
        prices: QuerySet[ProductPrice] = super().get_queryset(request)
        return prices.select_related("product__programme")

    def has_add_permission(self, request: HttpRequest, obj: Product | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description="price", empty_value="not known")
    def shown_price(self, price: ProductPrice) -> str:
        return amount(price.price_minor, price.product.programme.currency)


@admin.register(Product, site=site)
class ProductAdmin(ExportsList):
    """Products are found by SKU, barcode or name. One that is no longer sold stays: receipts name it."""

    form = ProductForm
    compressed_fields = True
    warn_unsaved_form = True
    export_columns = {
        "programme": "programme__code",
        **{name: name for name in ("sku", "gtin", "name", "department", "brand")},
        "category": "category",
    }
    list_display = ("name", "sku_shown", "category", "department", "brand", "price_shown", "gtin_shown")
    list_filter = (
        "programme",
        DepartmentFilter,
        ("category", FieldTextFilter),
        ("brand", FieldTextFilter),
    )
    list_filter_submit = True
    list_select_related = ("programme",)
    search_fields = ("sku__istartswith", "gtin__exact", "name")
    search_help_text = "SKU, barcode or a piece of the name"
    ordering = ("programme", "sku")
    sortable_by = ()
    show_full_result_count = False
    list_per_page = 50
    autocomplete_fields = ("programme",)
    fieldsets = (
        (None, {"fields": ("name", ("sku", "gtin"), "programme")}),
        ("Where it belongs", {"fields": (("category", "department", "brand"),)}),
        ("Price", {"fields": ("price", "changed_at")}),
    )
    inlines = (PricesInline,)

    def get_fieldsets(
        self, request: HttpRequest, obj: Product | None = None
    ) -> tuple[tuple[str | None, dict[str, Any]], ...]:
        """A SKU stays what it was; who only looks sees the price as an amount."""
        if obj is None:
            return self.fieldsets
        sku = (None, {"fields": ("name", ("sku_shown", "gtin"), "programme")})
        price = "price" if self.has_change_permission(request, obj) else "price_shown"
        return (sku, self.fieldsets[1], ("Price", {"fields": (price, "changed_at")}))

    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> tuple[str, ...]:
        return ("sku_shown", "price_shown", "changed_at", *(("programme",) if obj else ()))

    def has_delete_permission(self, request: HttpRequest, obj: Product | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:
        obj.changed_at = clock.now()
        super().save_model(request, obj, form, change)

    @display(description="SKU", ordering="sku")
    def sku_shown(self, product: Product) -> str:
        return code(product.sku)

    @display(description="barcode", empty_value="")
    def gtin_shown(self, product: Product) -> str:
        return code(product.gtin) if product.gtin else ""

    @display(description="list price", empty_value="not known")
    def price_shown(self, product: Product) -> str:
        return amount(product.price_minor, product.programme.currency)
