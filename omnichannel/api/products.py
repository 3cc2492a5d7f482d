"""The catalogue: `/products`."""

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from django.db import transaction
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.caller import caller_of
from config.ground.api.door import Answer, Door
from config.ground.api.etags import ensure_unchanged
from config.ground.api.pages import PageOf, PageParams, page_by
from config.ground.refusals import InvalidInput
from omnichannel.api.programmes import ProgrammeParams, programme_id_for
from omnichannel.models import Product
from omnichannel.queries import catalogue
from omnichannel.rules.products import ProductRow, RowRefused
from omnichannel.services.catalogue import Upserted, upsert_products

MOST_PRODUCTS = 1_000
READERS = ("catalogue", "till", "orders", "stock")

Sku = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
Label = Annotated[str, msgspec.Meta(max_length=80)]
Gtin = Annotated[
    str, msgspec.Meta(max_length=20, description="GTIN-8, 12, 13 or 14 as text: leading zeros count.")
]
PriceMinor = Annotated[int, msgspec.Meta(ge=0, le=10**12, description="List price in minor units.")]


class ProductFactsBody(Body, frozen=True, kw_only=True):
    """What a product is, whole: a field left out is empty from then on. `category` is the category's code."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    category: Label = ""
    department: Label = ""
    brand: Label = ""
    gtin: Gtin | None = None
    price_minor: PriceMinor | None = None


class ProductBody(ProductFactsBody, frozen=True, kw_only=True):
    sku: Sku


class ProductsBody(Body, frozen=True, kw_only=True):
    products: Annotated[list[ProductBody], msgspec.Meta(min_length=1, max_length=MOST_PRODUCTS)]
    programme: str | None = None


class ProductOutcomeBody(Body, frozen=True, kw_only=True):
    """What became of one row; a refused one says why."""

    sku: str
    outcome: Literal["created", "updated", "unchanged", "refused"]
    code: str | None = None
    detail: str | None = None


class ProductOutcomesBody(Body, frozen=True, kw_only=True):
    """One outcome for each row, in the order of the request."""

    results: list[ProductOutcomeBody]
    created: int
    updated: int
    unchanged: int
    refused: int


class ProductListParams(PageParams, frozen=True, kw_only=True):
    programme: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    category: Annotated[str, msgspec.Meta(max_length=80)] | None = None
    gtin: Annotated[str, msgspec.Meta(max_length=14)] | None = None


class Products(Door):
    """The products of a programme in the order of their SKUs; POST makes or changes up to 1,000 at once.

    Each row is answered for itself: a row that cannot be taken is refused by name and the others are written.
    """

    scope = {"get": READERS, "post": "catalogue"}
    params = {"get": ProductListParams}
    takes = {"post": ProductsBody}
    answers = {"get": {200: PageOf[ProductBody]}, "post": {200: ProductOutcomesBody}}

    def get(self, request: Request) -> Answer:
        query: ProductListParams = self.query(request)
        programme_id = programme_id_for(caller_of(request), query.programme)
        rows = catalogue.products_of(programme_id, category=query.category, gtin=query.gtin)
        listing = f"products:{programme_id}:{query.category}:{query.gtin}"
        return Answer(page_by("sku", rows, query, listing=listing, bodies=product_bodies))

    def post(self, request: Request) -> Answer:
        body: ProductsBody = self.body(request)
        programme_id = programme_id_for(caller_of(request), body.programme)
        rows = [msgspec.convert(product, ProductRow, from_attributes=True) for product in body.products]
        upserted = upsert_products(programme_id=programme_id, rows=rows, now=clock.now())
        return Answer(_outcomes(rows, upserted))


class ProductBySku(Door):
    """One product. PUT honours `If-Match`, so that nobody overwrites what they have not seen."""

    scope = {"get": READERS, "put": "catalogue"}
    params = {"get": ProgrammeParams, "put": ProgrammeParams}
    takes = {"put": ProductFactsBody}
    answers = {"get": {200: ProductBody}, "put": {200: ProductBody, 201: ProductBody}}

    def get(self, request: Request, sku: str) -> Answer:
        return Answer(product_body(catalogue.get_product(programme_id=self._programme_id(request), sku=sku)))

    def put(self, request: Request, sku: str) -> Answer:
        facts: ProductFactsBody = self.body(request)
        programme_id = self._programme_id(request)
        row = ProductRow(sku=sku, **msgspec.structs.asdict(facts))
        with transaction.atomic():
            if "HTTP_IF_MATCH" in request.META:
                known = catalogue.lock_product(programme_id=programme_id, sku=sku)
                ensure_unchanged(request._request, product_body(known))
            upserted = upsert_products(programme_id=programme_id, rows=[row], now=clock.now())
        _ensure_taken(upserted.refused)
        product = catalogue.get_product(programme_id=programme_id, sku=sku)
        return Answer(product_body(product), status=201 if upserted.created else 200)

    def _programme_id(self, request: Request) -> int:
        query: ProgrammeParams = self.query(request)
        return programme_id_for(caller_of(request), query.programme)


def product_bodies(found: list[Product]) -> list[ProductBody]:
    return [product_body(product) for product in found]


def product_body(product: Product) -> ProductBody:
    return msgspec.convert(product, ProductBody, from_attributes=True)


def _outcomes(rows: Sequence[ProductRow], upserted: Upserted) -> ProductOutcomesBody:
    refused = {refusal.index: refusal for refusal in upserted.refused}
    results = [_outcome(row.sku, refused.get(index), upserted) for index, row in enumerate(rows)]
    unchanged = len(rows) - len(upserted.created) - len(upserted.updated) - len(refused)
    return ProductOutcomesBody(
        results=results,
        created=len(upserted.created),
        updated=len(upserted.updated),
        unchanged=unchanged,
        refused=len(refused),
    )


def _outcome(sku: str, refusal: RowRefused | None, upserted: Upserted) -> ProductOutcomeBody:
    if refusal is not None:
        return ProductOutcomeBody(sku=sku, outcome="refused", code=refusal.code, detail=refusal.detail)
    if sku in upserted.created:
        return ProductOutcomeBody(sku=sku, outcome="created")
    return ProductOutcomeBody(sku=sku, outcome="updated" if sku in upserted.updated else "unchanged")


def _ensure_taken(refused: Sequence[RowRefused]) -> None:
    if refused:
        field = "/gtin" if refused[0].code == "gtin_not_valid" else ""
        error = {"pointer": field, "code": refused[0].code, "detail": refused[0].detail}
        raise InvalidInput(refused[0].detail, errors=[error])
