"""Made-up places, products and keys for tests of this floor and the floors above."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

import factory
from factory.django import DjangoModelFactory

from config.ground.ids import new_ref
from config.staff.models import Staff
from members.models import Member
from omnichannel.models import Order, OrderLine, Place, Product, Programme, StaffPlace, Till, UnclaimedOrder
from omnichannel.services.keys import NewKey, make_key

MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)
_numbers = count(1)


class ProgrammeFactory(DjangoModelFactory):
    class Meta:
        model = Programme

    code = factory.Sequence(lambda n: f"brand-{n}")
    name = factory.Sequence(lambda n: f"Brand {n}")
    timezone = "America/New_York"
    currency = "USD"
    region = "US"


class PlaceFactory(DjangoModelFactory):
    class Meta:
        model = Place

    programme = factory.SubFactory(ProgrammeFactory)
    code = factory.Sequence(lambda n: f"S{n:03d}")
    name = factory.LazyAttribute(lambda place: f"Store {place.code}")


class TillFactory(DjangoModelFactory):
    class Meta:
        model = Till

    place = factory.SubFactory(PlaceFactory)
    code = factory.Sequence(lambda n: f"T{n}")


class ProductFactory(DjangoModelFactory):
    class Meta:
        model = Product

    programme = factory.SubFactory(ProgrammeFactory)
    sku = factory.Sequence(lambda n: f"SKU-{n:05d}")
    name = factory.LazyAttribute(lambda product: f"Product {product.sku}")
    category = "drinks"
    department = "grocery"
    brand = "house"
    price_minor = 450
    changed_at = MADE_AT


def an_order(member: Member, place: Place, *prices_minor: int, **facts: Any) -> Order:
    """A purchase as tills tell it, with a line for each price."""
    order = Order.objects.create(
        ref=new_ref("ord"),
        member_id=member.pk,
        source="till",
        **_purchase(place, prices_minor) | facts,
    )
    for position, price_minor in enumerate(prices_minor):
        OrderLine.objects.create(order=order, member_id=member.pk, **_line(position, price_minor))
    return order


def an_unclaimed_order(place: Place, *prices_minor: int, **facts: Any) -> UnclaimedOrder:
    """A purchase that nobody has put a member to."""
    lines = [_line(position, price_minor) for position, price_minor in enumerate(prices_minor)]
    told = _purchase(place, prices_minor) | {"lines": lines, "answer": "{}", "source": "till"}
    return UnclaimedOrder.objects.create(ref=new_ref("ord"), **told | facts)


def _purchase(place: Place, prices_minor: Sequence[int]) -> dict[str, Any]:
    amounts = {"subtotal_minor": sum(prices_minor), "total_minor": sum(prices_minor)}
    return amounts | {
        "programme_id": place.programme_id,
        "place_id": place.pk,
        "number": f"R-{next(_numbers)}",
        "placed_at": MADE_AT,
        "recorded_at": MADE_AT,
        "currency": "USD",
        "discount_minor": 0,
        "tax_minor": 0,
    }


def _line(position: int, price_minor: int) -> dict[str, Any]:
    words = {"sku": f"SKU-{position}", "name": f"Tea {position}", "category": "drinks"}
    amounts = {
        "unit_price_minor": price_minor,
        "paid_minor": price_minor,
        "discount_minor": 0,
        "tax_minor": 0,
    }
    return words | amounts | {"position": position, "department": "", "brand": "", "quantity": 1}


def serves(person: Staff, place: Place) -> None:
    """Let a colleague serve a store."""
    StaffPlace.objects.create(staff=person, place=place)


def new_key(*scopes: str, **stands_for: Any) -> NewKey:
    """A key made through the service: `new_key("till", till_id=till.pk).text` is what a till would send."""
    return make_key(name="A key of the tests", scopes=scopes, now=MADE_AT, **stands_for)


def bearer(*scopes: str, **stands_for: Any) -> dict[str, str]:
    """The header of a new key, for Django's test client: `client.get(url, headers=bearer("catalogue", ...))`."""
    return {"Authorization": f"Bearer {new_key(*scopes, **stands_for).text}"}
