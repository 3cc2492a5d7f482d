"""UCI Online Retail: a British gift wholesaler's web shop, one row per invoice and product, with cancellations.

What is no purchase is told apart: invoices that begin with C, and negative quantities, are returns; fees and stock
corrections are left out with their reason. Postage is sold like anything else.
"""

from loyalty.rules.feeds import (
    Cells,
    Format,
    Item,
    RowLeftOut,
    RowNotValid,
    SaleRow,
    Settings,
    minor_of,
    moment_of,
    named,
    pieces_of,
)

SOURCE = "online_retail"
PLACE = "online"
CARRIAGE = frozenset({"POST", "DOT", "C2"})
FEES = frozenset({"AMAZONFEE", "BANK CHARGES", "B", "CRUK"})
"""Between the shop and its bank, market place or books; nobody bought them."""


def _read(cells: Cells, settings: Settings) -> SaleRow:
    _, number, code, description, quantity, moment, price, customer = cells
    code = named(code, "stock_code", 64)
    if code.upper() in FEES:
        raise RowLeftOut(f"{code} is a fee or a correction of the books, not goods")
    pieces = pieces_of(quantity)
    is_return = number.upper().startswith("C") or pieces < 0
    price_minor = minor_of(price, settings.digits)
    if price_minor < 0:
        raise RowNotValid("the price is negative")
    if price_minor == 0 and not customer and not is_return:
        raise RowLeftOut("priced at nothing and sold to nobody: a correction of stock")
    return SaleRow(
        PLACE,
        named(number, "invoice_no", 64),
        moment_of(moment, settings.zone),
        ("external", f"{SOURCE}:{customer}") if customer else None,
        Item(
            code,
            abs(pieces),
            abs(pieces) * price_minor,
            name=description.strip()[:200],
            category="carriage" if code.upper() in CARRIAGE else "",
        ),
        is_return,
    )


ORDERS = Format(
    name=SOURCE,
    kind="orders",
    needs=frozenset({"invoice_no", "stock_code", "quantity", "unit_price", "customer_id"}),
    columns=(
        "place",
        "invoice_no",
        "stock_code",
        "description",
        "quantity",
        "invoice_ts",
        "unit_price",
        "customer_id",
    ),
    read=_read,
    place=PLACE,
    opens_places=True,
)
