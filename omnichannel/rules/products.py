"""What a row of the catalogue must be, before it reaches the table."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from omnichannel.rules.gtin import is_gtin


class ProductRow(msgspec.Struct, frozen=True, kw_only=True):
    """One product as its owner describes it: the whole of it, so what is left out is empty from now on.

    `category` is the category's code. `price_minor` is the list price in minor units of the programme's currency.
    """

    sku: str
    name: str
    category: str = ""
    department: str = ""
    brand: str = ""
    gtin: str | None = None
    price_minor: int | None = None


@dataclass(frozen=True, slots=True)
class RowRefused:
    """Why the row at this index (from 0) was left out."""

    index: int
    code: str
    detail: str


def sort_out(rows: Sequence[ProductRow]) -> tuple[list[ProductRow], list[RowRefused]]:
    """The rows that can be taken, and those that cannot with the reason. Of one SKU given twice, the first counts."""
    taken: dict[str, ProductRow] = {}
    refused = []
    for index, row in enumerate(rows):
        fault = _fault_of(row, taken)
        if fault is None:
            taken[row.sku] = row
        else:
            refused.append(RowRefused(index, *fault))
    return list(taken.values()), refused


def _fault_of(row: ProductRow, taken: dict[str, ProductRow]) -> tuple[str, str] | None:
    if not row.sku.strip() or not row.name.strip():
        return "missing", "A product needs a SKU and a name."
    if row.sku in taken:
        return "sku_given_twice", f"The SKU {row.sku!r} stands in an earlier row; that row was taken."
    if row.gtin is not None and not is_gtin(row.gtin):
        return (
            "gtin_not_valid",
            f"{row.gtin!r} is not a GTIN: 8, 12, 13 or 14 digits, the last checks the rest.",
        )
    if row.price_minor is not None and row.price_minor < 0:
        return "price_negative", "A price is 0 or more."
    return None
