"""Feeds: what a retailer's files say of sales, and how it becomes lines of a purchase. Exact: never a float.

A format (native, Complete Journey, Online Retail) turns each row into a `SaleRow`; whatever cannot be one says why.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Generic, Literal, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from config.ground.money import split
from loyalty.rules.basket import Line

EARLIEST_YEAR, LATEST_YEAR = 1900, 9000
MOST_MINOR = 10_000_000_000
MOST_PIECES = 100_000
MOST_LINES = 5_000
"""Of one order."""


class Item(msgspec.Struct, frozen=True, array_like=True):
    """One line as the feed tells it. Amounts are minor units for the whole line: `gross` before, `discount` off it.

    `discount_minor` may exceed `gross_minor`, as where a coupon stands on a line of its own.
    """

    sku: str
    quantity: int
    gross_minor: int
    discount_minor: int = 0
    tax_minor: int = 0
    name: str = ""
    category: str = ""
    department: str = ""
    brand: str = ""


class SaleRow(msgspec.Struct, frozen=True):
    """One row of a feed of orders.

    :ivar member: (kind, text) of an identity as it was written, None if nobody is named.
    :ivar is_return: goods that came back; `item` then holds what went back, positive.
    """

    place_code: str
    number: str
    placed_at: datetime
    member: tuple[str, str] | None
    item: Item
    is_return: bool = False


class RowNotValid(Exception):  # noqa: N818 - says what the row is
    """A row that cannot be read; its whole order is refused."""


class RowLeftOut(Exception):  # noqa: N818 - says what becomes of the row
    """A row that is no sale of goods; the rest of its order is booked."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the programme says about how its feeds are read: minor digits of its currency, its timezone."""

    digits: int
    zone: ZoneInfo


class Move(msgspec.Struct, frozen=True):
    """How far a history is moved: whole weeks of the zone's calendar, so that a sale at nine stays one at nine."""

    zone: ZoneInfo
    weeks: int

    def moved(self, moment: datetime) -> datetime:
        if self.weeks == 0:
            return moment
        wall = moment.astimezone(self.zone).replace(tzinfo=None) + timedelta(weeks=self.weeks)
        return wall.replace(tzinfo=self.zone)


Cells = Sequence[str]
"""The cells of one row, in the order in which its format names its columns; "" where a column is missing."""


Row = TypeVar("Row")


@dataclass(frozen=True)
class Format(Generic[Row]):
    """How one kind of file is read.

    :ivar needs: columns that the header must have; by them a file is recognised.
    :ivar columns: those that `read` is given, in this order; of orders the first two are place and number.
    :ivar place: where orders were placed whose files name no place.
    :ivar opens_places: the places are known by these files alone, so those not known yet are opened.
    """

    name: str
    kind: Literal["orders", "products", "stores", "members"]
    needs: frozenset[str]
    columns: tuple[str, ...]
    read: Callable[[Cells, Settings], Row]
    place: str = ""
    opens_places: bool = False


_NUMBER = re.compile(r"-?\d{1,12}(\.\d{1,12})?", re.ASCII)
_WHOLE = re.compile(r"-?\d{1,9}", re.ASCII)


@lru_cache(maxsize=100_000)
def minor_of(text: str, digits: int) -> int:
    """An amount as people write it, in minor units, exactly; an empty cell is 0.

    `12.34` with two digits is 1234; `12.345` has no such amount.

    :raises RowNotValid: it is no amount, or has more decimals than the currency.
    """
    text = text.strip()
    if not text:
        return 0
    if not _NUMBER.fullmatch(text):
        raise RowNotValid(f"{text!r} is no amount; write 12.34")
    scaled = Decimal(text).scaleb(digits)
    if scaled != scaled.to_integral_value():
        raise RowNotValid(f"{text} has more decimals than the currency")
    if abs(scaled) > MOST_MINOR:
        raise RowNotValid(f"{text} is more than any purchase")
    return int(scaled)


@lru_cache(maxsize=10_000)
def pieces_of(text: str) -> int:
    """A whole quantity, negative where goods came back.

    :raises RowNotValid: it is no whole number, or absurdly large.
    """
    text = text.strip()
    if not _WHOLE.fullmatch(text):
        raise RowNotValid(f"{text!r} is no whole quantity")
    if abs(int(text)) > MOST_PIECES:
        raise RowNotValid(f"{text} is more than {MOST_PIECES} pieces")
    return int(text)


@lru_cache(maxsize=1_000)
def moment_of(text: str, zone: ZoneInfo) -> datetime:
    """A moment in ISO 8601; without an offset it is the wall time of the zone.

    :raises RowNotValid: it is no moment, or lies beyond any history.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise RowNotValid(f"{text!r} is no moment; write 2026-11-21T10:15:00+08:00") from None
    if not EARLIEST_YEAR <= moment.year < LATEST_YEAR:
        raise RowNotValid(
            f"{text!r} lies before {EARLIEST_YEAR} or after {LATEST_YEAR}; is it the right column?"
        )
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def named(text: str, what: str, most: int) -> str:
    """A text that has to be there.

    :raises RowNotValid: it is empty, longer than `most`, or holds what cannot be stored.
    """
    text = text.strip()
    if not text:
        raise RowNotValid(f"{what} is empty")
    if len(text) > most or "\x00" in text:
        raise RowNotValid(f"{what} is longer than {most} characters or holds a null character")
    return text


def lines_of(items: Sequence[Item]) -> list[Line]:
    """The lines of a purchase that cost exactly what the feed says, down to the last minor unit.

    What a line's discount exceeds its price by (a coupon on a line of its own) is shared among the other lines in
    proportion to what is to be paid for them. Nobody is paid for buying: discounts beyond the price of the whole order
    are worth nothing.
    """
    items = _within_prices(items)
    lines = []
    for item in items:
        price, dearer = divmod(item.gross_minor, item.quantity) if item.quantity else (item.gross_minor, 0)
        if dearer:
            lines.extend(_two_prices(item, price, dearer))
        else:
            quantity = item.quantity or (1 if item.gross_minor else 0)
            lines.append(_line(item, quantity, price, item.discount_minor, item.tax_minor))
    return lines


def _within_prices(items: Sequence[Item]) -> Sequence[Item]:
    over = sum(
        item.discount_minor - item.gross_minor for item in items if item.discount_minor > item.gross_minor
    )
    if over == 0:
        return items
    nets = [max(item.gross_minor - item.discount_minor, 0) for item in items]
    shares = split(min(over, sum(nets)), nets)
    return [
        msgspec.structs.replace(item, discount_minor=item.gross_minor - net + share)
        for item, net, share in zip(items, nets, shares, strict=True)
    ]


def _two_prices(item: Item, price: int, dearer: int) -> list[Line]:
    """A total that its pieces cannot share evenly: some cost one minor unit more, so that all of them cost the total.

    3 pieces for 10.00 are one at 3.34 and two at 3.33.
    """
    gross = [dearer * (price + 1), (item.quantity - dearer) * price]
    discounts, taxes = split(item.discount_minor, gross), split(item.tax_minor, gross)
    return [
        _line(item, dearer, price + 1, discounts[0], taxes[0]),
        _line(item, item.quantity - dearer, price, discounts[1], taxes[1]),
    ]


def _line(item: Item, quantity: int, price: int, discount: int, tax: int) -> Line:
    return Line(
        sku=item.sku,
        quantity=quantity,
        unit_price_minor=price,
        name=item.name,
        category=item.category,
        department=item.department,
        brand=item.brand,
        discount_minor=discount,
        tax_minor=tax,
    )


def paid_for(item: Item) -> int:
    """What was paid for a line, in minor units."""
    return max(item.gross_minor - item.discount_minor, 0)
