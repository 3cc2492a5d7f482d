"""What is sold: categories, products, and what a product cost when."""

import pgtrigger
from django.db import models
from django.db.models import Q

from config.ground.guards import append_only
from omnichannel.models.places import Programme

_REMEMBER_FIRST_PRICES = """
INSERT INTO omnichannel_productprice (product_id, price_minor, from_at)
SELECT id, price_minor, changed_at FROM told WHERE price_minor IS NOT NULL;
RETURN NULL;
"""
# Grouped, not joined: the plan is kept for the session, and a join planned for few rows would be a loop over many.
_REMEMBER_NEW_PRICES = """
INSERT INTO omnichannel_productprice (product_id, price_minor, from_at)
SELECT id, max(price_minor) FILTER (WHERE is_told), max(changed_at) FILTER (WHERE is_told)
  FROM (SELECT id, price_minor, changed_at, true AS is_told FROM told
        UNION ALL
        SELECT id, price_minor, changed_at, false FROM known) AS both_times
 GROUP BY id
HAVING max(price_minor) FILTER (WHERE is_told) IS DISTINCT FROM max(price_minor) FILTER (WHERE NOT is_told);
RETURN NULL;
"""
"""Whoever writes products - the API, the admin, an import - their prices are kept, a statement at a time."""


class Category(models.Model):
    """A named group of products. Products carry its code as text, so that no till waits for a join."""

    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="categories", db_index=False
    )
    code = models.CharField(max_length=80)
    name = models.CharField(max_length=120)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )

    class Meta:
        verbose_name_plural = "categories"
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "code"], name="a_category_code_is_unique_in_its_programme"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """Something sold under one SKU. `price_minor` is its list price in the programme's currency, if known."""

    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="products", db_index=False
    )
    sku = models.CharField(max_length=80)
    name = models.CharField(max_length=200)
    category = models.CharField(max_length=80, blank=True, db_default="")
    department = models.CharField(max_length=80, blank=True, db_default="")
    brand = models.CharField(max_length=80, blank=True, db_default="")
    gtin = models.CharField(max_length=14, null=True, blank=True)  # noqa: DJ001 - no barcode is NULL, not ""
    price_minor = models.BigIntegerField(null=True, blank=True)
    changed_at = models.DateTimeField(help_text="A new price counts from here on.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["programme", "sku"], name="a_sku_is_unique_in_its_programme"),
            models.CheckConstraint(
                condition=Q(gtin__isnull=True) | Q(gtin__regex=r"^(\d{8}|\d{12}|\d{13}|\d{14})$"),
                name="a_gtin_has_8_12_13_or_14_digits",
            ),
            models.CheckConstraint(condition=Q(price_minor__gte=0), name="a_price_is_never_negative"),
        ]
        indexes = [
            models.Index(fields=["programme", "category"], name="products_by_category"),
            models.Index(
                fields=["programme", "gtin"], name="products_by_gtin", condition=Q(gtin__isnull=False)
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="first_prices_are_remembered",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="told"),
                func=_REMEMBER_FIRST_PRICES,
            ),
            pgtrigger.Trigger(
                name="new_prices_are_remembered",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                referencing=pgtrigger.Referencing(old="known", new="told"),
                func=_REMEMBER_NEW_PRICES,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.sku})"


class ProductPrice(models.Model):
    """The list price of a product from a moment on. Append-only: a change is another row."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="prices", db_index=False)
    price_minor = models.BigIntegerField(null=True, help_text="Empty: from then on no price was known.")
    from_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["product", "-from_at"], name="prices_of_a_product")]
        triggers: list[pgtrigger.Trigger] = append_only()

    def __str__(self) -> str:
        return f"{self.product_id}: {self.price_minor} from {self.from_at:%Y-%m-%d}"
