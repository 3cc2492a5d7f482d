"""What a return slip says, and what becomes of it."""

import msgspec


class SlipLine(msgspec.Struct, frozen=True, kw_only=True):
    """Goods that came back: `quantity` pieces, for `total_minor` in all (None: not told). Neither is below 0."""

    sku: str
    name: str
    quantity: int
    total_minor: int | None


class HeldLine(msgspec.Struct, frozen=True):
    """So many pieces (`left`) of a line of a purchase."""

    order_ref: str
    position: int
    sku: str
    left: int


class SlipPiece(msgspec.Struct, frozen=True, kw_only=True):
    """What became of so many pieces of a slip's line; without a purchase they are unexplained."""

    line: int
    quantity: int
    order_ref: str | None
    return_ref: str | None
