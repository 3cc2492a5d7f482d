"""Stores and web shops with their tills: `/stores`."""

from typing import Annotated, Literal

import msgspec
from django.db import transaction
from rest_framework.request import Request

from config.ground.api.bodies import Body
from config.ground.api.caller import caller_of
from config.ground.api.door import Answer, Door, Scope
from config.ground.api.etags import ensure_unchanged
from config.ground.api.pages import PageOf, PageParams, page_by
from omnichannel.api.programmes import Code, ProgrammeParams, ensure_of_no_one_place, programme_id_for
from omnichannel.models import Place
from omnichannel.queries import places
from omnichannel.services.places import add_till, change_place, open_place

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
READERS = ("catalogue", "till", "orders", "stock")
SCOPES: dict[str, Scope] = {"get": READERS, "post": "catalogue", "patch": "catalogue"}


class TillBody(Body, frozen=True, kw_only=True):
    ref: str
    code: str
    name: str


class StoreBody(Body, frozen=True, kw_only=True):
    """A store or web shop. `currency` and `timezone` are those of its programme."""

    ref: str
    code: str
    name: str
    kind: Literal["store", "web_shop"]
    is_open: bool
    programme: str
    currency: str
    timezone: str
    tills: list[TillBody]


class NewStoreBody(Body, frozen=True, kw_only=True):
    code: Code
    name: Name
    kind: Literal["store", "web_shop"] = "store"
    programme: str | None = None


class StoreChangesBody(Body, frozen=True, kw_only=True):
    """What to change; what is left out stays."""

    name: Name | None = None
    is_open: bool | None = None


class NewTillBody(Body, frozen=True, kw_only=True):
    code: Code
    name: Annotated[str, msgspec.Meta(max_length=120)] = ""


class StoreListParams(PageParams, frozen=True, kw_only=True):
    programme: Annotated[str, msgspec.Meta(max_length=40)] | None = None


class Stores(Door):
    """The stores and web shops of a programme, in the order of their codes."""

    scope = SCOPES
    params = {"get": StoreListParams}
    takes = {"post": NewStoreBody}
    answers = {"get": {200: PageOf[StoreBody]}, "post": {201: StoreBody}}

    def get(self, request: Request) -> Answer:
        query: StoreListParams = self.query(request)
        programme_id = programme_id_for(caller_of(request), query.programme)
        rows = places.places_of(programme_id)
        listing = f"stores:{programme_id}"
        return Answer(page_by("code", rows, query, listing=listing, bodies=store_bodies))

    def post(self, request: Request) -> Answer:
        body: NewStoreBody = self.body(request)
        caller = caller_of(request)
        ensure_of_no_one_place(caller)
        programme_id = programme_id_for(caller, body.programme)
        open_place(programme_id=programme_id, code=body.code, name=body.name, kind=body.kind)
        store = places.get_place(programme_id=programme_id, code=body.code)
        return Answer(store_body(store), status=201)


class Store(Door):
    """One store or web shop, by its code."""

    scope = SCOPES
    params = {"get": ProgrammeParams, "patch": ProgrammeParams}
    takes = {"patch": StoreChangesBody}
    answers = {"get": {200: StoreBody}, "patch": {200: StoreBody}}

    def get(self, request: Request, code: str) -> Answer:
        return Answer(store_body(self._store(request, code)))

    def patch(self, request: Request, code: str) -> Answer:
        body: StoreChangesBody = self.body(request)
        ensure_of_no_one_place(caller_of(request))
        with transaction.atomic():
            places.lock_place(self._store(request, code).pk)
            store = self._store(request, code)
            ensure_unchanged(request._request, store_body(store))
            return Answer(store_body(change_place(store, name=body.name, is_open=body.is_open)))

    def _store(self, request: Request, code: str) -> Place:
        query: ProgrammeParams = self.query(request)
        return places.get_place(programme_id=programme_id_for(caller_of(request), query.programme), code=code)


class StoreTills(Door):
    """The tills of a store."""

    scope = "catalogue"
    params = {"post": ProgrammeParams}
    takes = {"post": NewTillBody}
    answers = {"post": {201: TillBody}}

    def post(self, request: Request, code: str) -> Answer:
        body: NewTillBody = self.body(request)
        query: ProgrammeParams = self.query(request)
        ensure_of_no_one_place(caller_of(request))
        programme_id = programme_id_for(caller_of(request), query.programme)
        store = places.get_place(programme_id=programme_id, code=code)
        till = add_till(place_id=store.pk, code=body.code, name=body.name)
        return Answer(TillBody(ref=till.ref, code=till.code, name=till.name), status=201)


def store_bodies(found: list[Place]) -> list[StoreBody]:
    return [store_body(place) for place in found]


def store_body(place: Place) -> StoreBody:
    """A place with its programme and tills loaded, as clients see it."""
    tills = sorted(place.tills.all(), key=lambda till: till.code)
    return StoreBody(
        ref=place.ref,
        code=place.code,
        name=place.name,
        kind="web_shop" if place.kind == Place.Kind.WEB_SHOP else "store",
        is_open=place.is_open,
        programme=place.programme.code,
        currency=place.programme.currency,
        timezone=place.programme.timezone,
        tills=[TillBody(ref=till.ref, code=till.code, name=till.name) for till in tills],
    )
