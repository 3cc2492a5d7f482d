"""A purchase as the rules see it. Amounts are minor units of the programme's currency, tax included."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

Amount = Annotated[int, Meta(ge=0, le=10_000_000_000)]
"""Minor units, at most a hundred million of a currency with cents."""
Name = Annotated[str, Meta(max_length=100)]
LineKind = Literal["goods", "shipping", "gift_card"]


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line. `discount_minor` is for the whole line; `tax_minor` is contained in what the line costs after it.

    `kind`: goods, if nothing is said. What was told without it keeps its fingerprint.
    """

    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    quantity: Annotated[int, Meta(ge=1, le=100_000)]
    unit_price_minor: Amount
    name: Annotated[str, Meta(max_length=200)] = ""
    category: Name = ""
    department: Name = ""
    brand: Name = ""
    discount_minor: Amount = 0
    tax_minor: Amount = 0
    kind: LineKind | UnsetType = UNSET


class Basket(msgspec.Struct, frozen=True, kw_only=True):
    """Lines bought in one place at one moment, and how many points shall pay a part of them.

    :param place_kind: `store` or `web_shop`, "" where nobody asked.
    :param paid_by: the kinds of its payments, as far as they are told.
    :param earns_nothing: positions that vouchers used before take the points of.
    """

    lines: list[Line]
    place_code: str
    placed_at: datetime
    spend_points: int = 0
    place_kind: str = ""
    paid_by: list[str] = []
    earns_nothing: frozenset[int] = frozenset()


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A personal grant, as the rules see it. `effect` is an `Effect` still in its stored form."""

    id: int
    ref: str
    title: str
    effect: dict[str, object]


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """Points that a capped rule has given so far.

    :param bucket: the day that they are counted on (ISO), or "" for all time.
    :param of_member: those of this member alone.
    """

    rule: str
    bucket: str
    of_member: bool
    points: int


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """A counter that an award is counted in, and how far it may go. `bucket` and `of_member` as in `Use`."""

    bucket: str
    of_member: bool
    most: int


class Shopper(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules need to know of a member at the moment of the purchase.

    :param spendable: points that can be spent now; `held`: those of them that the hold sets aside which it names,
        `drawable`: those that are others' of the household, asked for only where their own are not enough.
    :param is_new: nothing was bought in the programme before.
    :param birthday: month and day, None if not told.
    :param labels: segments that the member is in, by their codes.
    :param used: what capped rules have given so far, to the member and to all.
    """

    tier_code: str
    spendable: int = 0
    held: int = 0
    drawable: int = 0
    offers: list[Offer] = []
    is_new: bool = False
    birthday: tuple[int, int] | None = None
    labels: list[str] = []
    used: list[Use] = []
