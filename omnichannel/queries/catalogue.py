"""Questions about products and categories."""

from django.db.models import QuerySet

from omnichannel.errors import ProductNotFound
from omnichannel.models import Product


def get_product(*, programme_id: int, sku: str) -> Product:
    """The product with this SKU.

    :raises ProductNotFound: if the programme sells no such thing.
    """
    product = Product.objects.filter(programme_id=programme_id, sku=sku).first()
    if product is None:
        raise ProductNotFound(f"There is no product with the SKU {sku!r}.")
    return product


def lock_product(*, programme_id: int, sku: str) -> Product:
    """The product with this SKU, locked until commit.

    :raises ProductNotFound: if the programme sells no such thing.
    """
    rows = Product.objects.select_for_update(no_key=True)
    product = rows.filter(programme_id=programme_id, sku=sku).first()
    if product is None:
        raise ProductNotFound(f"There is no product with the SKU {sku!r}.")
    return product


def products_of(
    programme_id: int, *, category: str | None = None, gtin: str | None = None
) -> QuerySet[Product]:
    """The products of a programme; narrowed if asked."""
    products = Product.objects.filter(programme_id=programme_id)
    if category is not None:
        products = products.filter(category=category)
    if gtin is not None:
        products = products.filter(gtin=gtin)
    return products


def list_departments() -> list[str]:
    """The departments that products name, in order; the empty one left out."""
    named = Product.objects.exclude(department="").order_by("department")
    return list(named.values_list("department", flat=True).distinct())
