"""Our own formats, which a retailer prepares: orders, products, stores, members. `docs/import.md` describes them."""

from datetime import date, datetime

import msgspec

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
from members.rules.consents import Channel, ConsentWord, Purpose
from omnichannel.rules.products import ProductRow

NAME = "native"
IDENTITIES = ("external", "card", "phone", "email")
"""By which a member may be named; of several the first that is given."""


def _order_line(cells: Cells, settings: Settings) -> SaleRow:
    place, number, moment, *told, sku, quantity = cells[:-8]
    name, category, department, brand = cells[-4:]
    pieces = pieces_of(quantity) if quantity else 1
    gross, discount_minor, tax_minor = _amounts(cells[-8:-4], pieces, settings.digits)
    return SaleRow(
        named(place, "place", 40),
        named(number, "number", 64),
        moment_of(moment, settings.zone),
        next(((kind, text) for kind, text in zip(IDENTITIES, told, strict=True) if text), None),
        Item(
            named(sku, "sku", 64),
            abs(pieces),
            gross,
            discount_minor,
            tax_minor,
            name[:200],
            category[:100],
            department[:100],
            brand[:100],
        ),
        pieces < 0,
    )


def _amounts(cells: Cells, pieces: int, digits: int) -> tuple[int, int, int]:
    """What the line costs before its discount, the discount and the tax, in minor units.

    :param cells: unit_price, line_total, discount, tax.
    :raises RowNotValid: if they cannot be together.
    """
    price, total, discount, tax = cells
    if bool(price) == bool(total):
        raise RowNotValid("give either unit_price or line_total")
    gross = abs(pieces) * minor_of(price, digits) if price else minor_of(total, digits)
    discount_minor, tax_minor = minor_of(discount, digits), minor_of(tax, digits)
    if gross < 0 or discount_minor < 0 or tax_minor < 0:
        raise RowNotValid("an amount is negative; goods that came back have a negative quantity instead")
    if discount_minor > gross or tax_minor > gross:
        raise RowNotValid("discount or tax are more than the line's price")
    if not pieces and gross:
        raise RowNotValid("no pieces, and yet a price")
    return gross, discount_minor, tax_minor


ORDERS = Format(
    name=NAME,
    kind="orders",
    needs=frozenset({"place", "number", "placed_at", "sku"}),
    columns=(
        "place",
        "number",
        "placed_at",
        *(f"member_{kind}" for kind in IDENTITIES),
        "sku",
        "quantity",
        "unit_price",
        "line_total",
        "discount",
        "tax",
        "name",
        "category",
        "department",
        "brand",
    ),
    read=_order_line,
)


def _product(cells: Cells, settings: Settings) -> ProductRow:
    sku, name, category, department, brand, gtin, price = (cell.strip() for cell in cells)
    return ProductRow(
        sku=named(sku, "sku", 64),
        name=named(name, "name", 200),
        category=category[:80],
        department=department[:80],
        brand=brand[:80],
        gtin=gtin or None,
        price_minor=minor_of(price, settings.digits) if price else None,
    )


PRODUCTS = Format(
    name=NAME,
    kind="products",
    needs=frozenset({"sku", "name"}),
    columns=("sku", "name", "category", "department", "brand", "gtin", "price"),
    read=_product,
)


class StoreRow(msgspec.Struct, frozen=True, kw_only=True):
    """A store or web shop."""

    code: str
    name: str
    kind: str


def _store(cells: Cells, _settings: Settings) -> StoreRow:
    code, name, kind = (cell.strip() for cell in cells)
    if kind not in {"", "store", "web_shop"}:
        raise RowNotValid(f"{kind!r} is no kind of place; write store or web_shop")
    return StoreRow(code=named(code, "code", 40), name=named(name, "name", 120), kind=kind or "store")


STORES = Format(
    name=NAME,
    kind="stores",
    needs=frozenset({"code", "name"}),
    columns=("code", "name", "kind"),
    read=_store,
)


class MemberRow(msgspec.Struct, frozen=True, kw_only=True):
    """A person. At least one identity is needed, which is for whoever enrols them to say."""

    external: str
    card: str
    phone: str
    email: str
    given_name: str
    family_name: str
    language: str
    birth_date: date | None
    enrolled_at: datetime | None
    consents: tuple[ConsentWord, ...]


CONSENTS = tuple(
    (f"consent_{channel}_{purpose}", channel, purpose)
    for channel in (Channel.EMAIL, Channel.SMS, Channel.INBOX, Channel.PUSH)
    for purpose in (Purpose.MARKETING, Purpose.POINTS, Purpose.PROFILING)
)
_WORDS = {"yes": True, "no": False}


def _member(cells: Cells, settings: Settings) -> MemberRow:
    external, card, phone, email, given_name, family_name, language, born, enrolled, *said = (
        cell.strip() for cell in cells
    )
    try:
        birth_date = date.fromisoformat(born) if born else None
        words = [_WORDS[word.lower()] if word else None for word in said]
    except ValueError:
        raise RowNotValid(f"{born!r} is no day; write 1984-05-17") from None
    except KeyError:
        raise RowNotValid("a consent is yes, no or empty") from None
    return MemberRow(
        external=external,
        card=card,
        phone=phone,
        email=email,
        given_name=given_name[:100],
        family_name=family_name[:100],
        language=language[:16],
        birth_date=birth_date,
        enrolled_at=moment_of(enrolled, settings.zone) if enrolled else None,
        consents=tuple(
            ConsentWord(channel=channel, purpose=purpose, is_given=word)
            for (_, channel, purpose), word in zip(CONSENTS, words, strict=True)
            if word is not None
        ),
    )


MEMBERS = Format(
    name=NAME,
    kind="members",
    needs=frozenset({"given_name", "family_name"}),
    columns=(
        *IDENTITIES,
        "given_name",
        "family_name",
        "language",
        "birth_date",
        "enrolled_at",
        *(column for column, _, _ in CONSENTS),
    ),
    read=_member,
)
