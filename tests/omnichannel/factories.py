"""Made-up places, products and keys for tests of this floor and the floors above."""

from datetime import UTC, datetime
from typing import Any

import factory
from factory.django import DjangoModelFactory

from omnichannel.models import Place, Product, Programme, Till
from omnichannel.services.keys import NewKey, make_key

MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)


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


def new_key(*scopes: str, **stands_for: Any) -> NewKey:
    """A key made through the service: `new_key("till", till_id=till.pk).text` is what a till would send."""
    return make_key(name="A key of the tests", scopes=scopes, now=MADE_AT, **stands_for)


def bearer(*scopes: str, **stands_for: Any) -> dict[str, str]:
    """The header of a new key, for Django's test client: `client.get(url, headers=bearer("catalogue", ...))`."""
    return {"Authorization": f"Bearer {new_key(*scopes, **stands_for).text}"}
