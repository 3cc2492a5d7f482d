"""A purchase as the rules see it. Amounts are minor units of the programme's currency, tax included."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

Amount = Annotated[int, Meta(ge=0, le=10_000_000_000)]
"""Minor units, at most a hundred million of a currency with cents."""
Name = Annotated[str, Meta(max_length=100)]


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line. `discount_minor` is for the whole line; `tax_minor` is contained in the price."""

    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    quantity: Annotated[int, Meta(ge=1, le=100_000)]
    unit_price_minor: Amount
    name: Annotated[str, Meta(max_length=200)] = ""
    category: Name = ""
    department: Name = ""
    brand: Name = ""
    discount_minor: Amount = 0
    tax_minor: Amount = 0


class Basket(msgspec.Struct, frozen=True, kw_only=True):
    """Lines bought in one place at one moment, and how many points shall pay a part of them."""

    lines: list[Line]
    place_code: str
    placed_at: datetime
    spend_points: int = 0


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A personal grant, as the rules see it. `effect` is an `Effect` still in its stored form."""

    id: int
    ref: str
    title: str
    effect: dict[str, object]


class Shopper(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules need to know of a member at the moment of the purchase.

    :param spendable: points that can be spent now.
    """

    tier_code: str
    spendable: int = 0
    offers: list[Offer] = []
