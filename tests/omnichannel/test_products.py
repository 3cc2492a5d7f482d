from datetime import timedelta

import pytest
from django.db import IntegrityError, ProgrammingError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings, strategies as st

from omnichannel.models import Category, Product, ProductPrice, Programme
from omnichannel.rules.products import ProductRow, sort_out
from omnichannel.services.catalogue import upsert_products
from tests.omnichannel.barcodes import RIGHT, WRONG_CHECK_DIGIT
from tests.omnichannel.factories import MADE_AT, ProductFactory, ProgrammeFactory, bearer

PRODUCTS = "/api/v1/products"


@pytest.fixture
def programme(db: None) -> Programme:
    return ProgrammeFactory()


def tea(**changes: object) -> ProductRow:
    facts = {
        "sku": "TEA",
        "name": "Iced lemon tea",
        "category": "drinks",
        "gtin": RIGHT[4],
        "price_minor": 4500,
    }
    return ProductRow(**(facts | changes))


def test_rows_are_answered_one_by_one(client: Client, programme: Programme) -> None:
    ProductFactory(programme=programme, sku="KNOWN", name="Known", price_minor=None, brand="", department="")
    ProductFactory(programme=programme, sku="OLD", name="Old name")
    rows = [
        {"sku": "NEW", "name": "New", "gtin": RIGHT[0]},
        {"sku": "KNOWN", "name": "Known", "category": "drinks"},
        {"sku": "OLD", "name": "New name"},
        {"sku": "BAD", "name": "Bad barcode", "gtin": WRONG_CHECK_DIGIT[0]},
        {"sku": "NEW", "name": "New again"},
    ]

    answer = client.post(
        PRODUCTS,
        {"products": rows},
        "application/json",
        headers=bearer("catalogue", programme_id=programme.pk),
    )

    assert answer.status_code == 200
    body = answer.json()
    assert [row["outcome"] for row in body["results"]] == [
        "created",
        "unchanged",
        "updated",
        "refused",
        "refused",
    ]
    assert [row["code"] for row in body["results"]] == [None, None, None, "gtin_not_valid", "sku_given_twice"]
    assert (body["created"], body["updated"], body["unchanged"], body["refused"]) == (1, 1, 1, 2)
    assert set(Product.objects.values_list("sku", "name")) == {
        ("NEW", "New"),
        ("KNOWN", "Known"),
        ("OLD", "New name"),
    }


def test_a_row_of_the_wrong_shape_refuses_the_body_and_writes_nothing(
    client: Client, programme: Programme
) -> None:
    rows = [{"sku": "A", "name": "A"}, {"sku": "B", "name": "B", "price_minor": -1}]

    refused = client.post(
        PRODUCTS,
        {"products": rows},
        "application/json",
        headers=bearer("catalogue", programme_id=programme.pk),
    )

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/products/1/price_minor"
    assert not Product.objects.exists()


def test_more_than_a_thousand_rows_are_refused(client: Client, programme: Programme) -> None:
    rows = [{"sku": str(n), "name": "x"} for n in range(1001)]

    refused = client.post(
        PRODUCTS,
        {"products": rows},
        "application/json",
        headers=bearer("catalogue", programme_id=programme.pk),
    )

    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/products")
    assert not Product.objects.exists()


@pytest.mark.parametrize("how_many", [1, 3, 300])
def test_the_number_of_statements_does_not_depend_on_the_rows(programme: Programme, how_many: int) -> None:
    rows = [tea(sku=f"TEA-{n}") for n in range(how_many)]

    with CaptureQueriesContext(connection) as statements:
        upsert_products(programme_id=programme.pk, rows=rows, now=MADE_AT)

    written = [s for s in statements if "SAVEPOINT" not in s["sql"]]
    assert len(written) == 2
    assert Product.objects.count() == how_many


def test_every_change_of_a_price_is_remembered(programme: Programme) -> None:
    moments = [MADE_AT + timedelta(days=n) for n in range(5)]
    for price_minor, now in zip([4500, 4500, 3900, None, 4500], moments, strict=True):
        upsert_products(programme_id=programme.pk, rows=[tea(price_minor=price_minor)], now=now)

    prices = ProductPrice.objects.order_by("id").values_list("price_minor", "from_at")

    assert list(prices) == [(4500, moments[0]), (3900, moments[2]), (None, moments[3]), (4500, moments[4])]


def test_a_price_changed_by_hand_is_remembered_too(programme: Programme) -> None:
    product = ProductFactory(programme=programme, price_minor=100)

    Product.objects.filter(pk=product.pk).update(price_minor=120)

    assert list(ProductPrice.objects.order_by("id").values_list("price_minor", flat=True)) == [100, 120]


def test_the_past_of_a_price_cannot_be_changed(programme: Programme) -> None:
    ProductFactory(programme=programme)

    with pytest.raises(ProgrammingError, match="Cannot update"):
        ProductPrice.objects.update(price_minor=1)


def test_a_category_comes_into_being_with_its_first_product(programme: Programme) -> None:
    upsert_products(programme_id=programme.pk, rows=[tea(), tea(sku="X", category="")], now=MADE_AT)
    Category.objects.update(name="Drinks of all kinds")

    upsert_products(programme_id=programme.pk, rows=[tea(sku="Y")], now=MADE_AT)

    assert list(Category.objects.values_list("code", "name")) == [("drinks", "Drinks of all kinds")]


def test_one_sku_is_two_products_in_two_programmes(programme: Programme) -> None:
    other = ProgrammeFactory()

    for programme_id in (programme.pk, other.pk):
        upsert_products(programme_id=programme_id, rows=[tea()], now=MADE_AT)

    assert Product.objects.count() == 2


def test_the_database_refuses_a_second_product_under_one_sku(programme: Programme) -> None:
    ProductFactory(programme=programme, sku="TEA")

    with pytest.raises(IntegrityError):
        ProductFactory(programme=programme, sku="TEA")


def test_a_product_is_read_with_its_etag_and_changed_only_as_seen(
    client: Client, programme: Programme
) -> None:
    ProductFactory(programme=programme, sku="TEA/ICED", price_minor=100)
    headers = bearer("catalogue", programme_id=programme.pk)
    url = f"{PRODUCTS}/TEA/ICED"
    seen = client.get(url, headers=headers)
    etag = seen.headers["ETag"]
    facts = {"name": "Iced tea", "price_minor": 120}

    assert client.get(url, headers=headers | {"If-None-Match": etag}).status_code == 304
    changed = client.put(url, facts, "application/json", headers=headers | {"If-Match": etag})
    stale = client.put(
        url, facts | {"price_minor": 999}, "application/json", headers=headers | {"If-Match": etag}
    )

    assert (changed.status_code, changed.json()["price_minor"]) == (200, 120)
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    assert Product.objects.get().price_minor == 120


def test_the_catalogue_is_walked_page_by_page(client: Client, programme: Programme) -> None:
    ProductFactory.create_batch(5, programme=programme)
    ProductFactory(sku="OF-ANOTHER-PROGRAMME")
    headers = bearer("stock", programme_id=programme.pk)

    found, cursor = [], ""
    while cursor is not None:
        page = client.get(f"{PRODUCTS}?limit=2{cursor and f'&cursor={cursor}'}", headers=headers).json()
        found += [row["sku"] for row in page["results"]]
        cursor = page["next"]

    assert found == sorted(Product.objects.filter(programme=programme).values_list("sku", flat=True))


def test_a_key_of_one_programme_does_not_reach_another(client: Client, programme: Programme) -> None:
    other = ProgrammeFactory()
    headers = bearer("catalogue", programme_id=programme.pk)

    assert client.get(f"{PRODUCTS}?programme={other.code}", headers=headers).status_code == 403


def test_a_key_of_the_house_says_which_programme(client: Client, programme: Programme) -> None:
    headers = bearer("catalogue")

    assert client.get(PRODUCTS, headers=headers).json()["code"] == "programme_not_named"
    assert client.get(f"{PRODUCTS}?programme=nowhere", headers=headers).status_code == 404
    assert client.get(f"{PRODUCTS}?programme={programme.code}", headers=headers).status_code == 200


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(st.sampled_from(["A", "B", "C", " "]), st.sampled_from([None, *RIGHT, *WRONG_CHECK_DIGIT]))
    )
)
def test_every_row_is_either_taken_or_refused(shapes: list[tuple[str, str | None]]) -> None:
    rows = [ProductRow(sku=sku, name="x", gtin=gtin) for sku, gtin in shapes]

    taken, refused = sort_out(rows)

    assert len(taken) + len(refused) == len(rows)
    assert len({row.sku for row in taken}) == len(taken)
