"""The Complete Journey sample data: one US grocer, one row per basket and product.

`sales_value` is the line's total as the retailer received it: after the loyalty discount (`retail_disc`) and the
retailer's match of a coupon (`coupon_match_disc`), before the manufacturer's coupon (`coupon_disc`). So the price on
the shelf is the sum of the first three, and the customer paid `sales_value - coupon_disc`.
"""

from loyalty.rules.feeds import (
    Cells,
    Format,
    Item,
    RowNotValid,
    SaleRow,
    Settings,
    minor_of,
    moment_of,
    named,
    pieces_of,
)
from omnichannel.rules.products import ProductRow

SOURCE = "completejourney"
MOST_PIECES = 100
"""A larger quantity is a volume (fuel): one piece."""


def _read(cells: Cells, settings: Settings) -> SaleRow:
    place, number, household, sku, quantity, received, retail, coupon, match, moment = cells
    digits = settings.digits
    paid_before_coupon = minor_of(received, digits)
    off_before = minor_of(retail, digits) + minor_of(match, digits)
    coupon_minor = minor_of(coupon, digits)
    if paid_before_coupon < 0 or off_before < 0 or coupon_minor < 0:
        raise RowNotValid("an amount is negative")
    pieces = pieces_of(quantity)
    if pieces < 0:
        raise RowNotValid("the quantity is negative")
    return SaleRow(
        named(place, "store_id", 40),
        named(number, "basket_id", 64),
        moment_of(moment, settings.zone),
        ("external", f"{SOURCE}:{household}") if household else None,
        Item(
            named(sku, "product_id", 64),
            pieces if pieces <= MOST_PIECES else 1,
            paid_before_coupon + off_before,
            off_before + coupon_minor,
        ),
    )


ORDERS = Format(
    name=SOURCE,
    kind="orders",
    needs=frozenset(
        {"household_id", "store_id", "basket_id", "product_id", "sales_value", "transaction_timestamp"}
    ),
    columns=(
        "store_id",
        "basket_id",
        "household_id",
        "product_id",
        "quantity",
        "sales_value",
        "retail_disc",
        "coupon_disc",
        "coupon_match_disc",
        "transaction_timestamp",
    ),
    read=_read,
    opens_places=True,
)


def _product(cells: Cells, _settings: Settings) -> ProductRow:
    sku, department, brand, category, product_type = (cell.strip() for cell in cells)
    return ProductRow(
        sku=named(sku, "product_id", 64),
        name=(product_type or category or f"Product {sku}").capitalize(),
        category=category,
        department=department,
        brand=brand,
    )


PRODUCTS = Format(
    name=SOURCE,
    kind="products",
    needs=frozenset({"product_id", "manufacturer_id", "department", "product_category"}),
    columns=("product_id", "department", "brand", "product_category", "product_type"),
    read=_product,
)
