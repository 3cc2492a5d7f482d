"""Orders: told by integrations, sent later in batches, and looked up."""

import dataclasses
from typing import Annotated, Any

import msgspec
from django.http import HttpRequest, HttpResponse
from msgspec import Meta
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body, decode
from config.ground.api.caller import Caller, caller_of, member_of
from config.ground.api.door import Answer, Door
from config.ground.api.pages import PageOf, PageParams, open_cursor, page_of
from config.ground.api.problems import problem_of
from config.ground.refusals import InvalidInput, Refusal
from loyalty.api.checkout import booked_answer
from loyalty.api.purchases import PurchaseBody, purchase_of, teller_of
from loyalty.errors import NoPlace, OrderNotFound
from loyalty.queries.history import find_member_id
from loyalty.rules.answers import PurchaseAnswer
from loyalty.rules.purchase import Purchase
from loyalty.services.batches import commit_batch
from loyalty.services.checkout import Booked, commit_purchase
from omnichannel.queries.orders import OrderAnswer, find_order, list_orders
from omnichannel.queries.places import get_place

LONGEST_BATCH = 1_000
NDJSON = "application/x-ndjson"


class ShopPurchaseBody(PurchaseBody, frozen=True, kw_only=True):
    """A purchase told by an integration. `place`: code of the store or web shop, where the key belongs to none."""

    place: Annotated[str, Meta(min_length=1, max_length=40)] | None = None


class OrderParams(PageParams, frozen=True, kw_only=True):
    """`member`: only this member's orders, by ref."""

    member: Annotated[str, Meta(min_length=30, max_length=30)] | None = None


class Orders(Door):
    """Tell of a web shop's purchase; list what is recorded, newest first."""

    scope = "orders"
    takes = {"post": ShopPurchaseBody}
    params = {"get": OrderParams}
    answers = {"get": {200: PageOf[OrderAnswer]}, "post": {200: PurchaseAnswer, 201: PurchaseAnswer}}
    idempotency = "own"

    def get(self, request: Request) -> HttpResponse:
        asked: OrderParams = self.query(request)
        member_id = find_member_id(asked.member) if asked.member else None
        return _page(asked, member_id=member_id, programme_id=caller_of(request).programme_id)

    def post(self, request: Request) -> HttpResponse:
        now = clock.now()
        body: ShopPurchaseBody = self.body(request)
        caller = _at_place(caller_of(request), body.place)
        purchase = purchase_of(body, caller, source="web", now=now)
        return booked_answer(commit_purchase(purchase=purchase, teller=teller_of(request), now=now))


class OneOrder(Door):
    """One purchase with its lines."""

    scope = ("orders", "till")
    answers = {"get": {200: OrderAnswer}}

    def get(self, request: Request, ref: str) -> HttpResponse:
        order = find_order(ref, programme_id=caller_of(request).programme_id)
        if order is None:
            raise OrderNotFound
        return Answer(order)


class MyOrders(Door):
    """The member's own purchases, newest first."""

    scope = "member"
    params = {"get": PageParams}
    answers = {"get": {200: PageOf[OrderAnswer]}}

    def get(self, request: Request) -> HttpResponse:
        return _page(self.query(request), member_id=member_of(request), programme_id=None)


class LineResult(Body, frozen=True, kw_only=True):
    """What became of one line of a batch: `answer` as for a single commit, or the `problem`. Lines count from 0."""

    line: int
    status: int
    answer: msgspec.Raw | None = None
    problem: msgspec.Raw | None = None


class Batch(Door):
    """Purchases of an offline till, one JSON document a line, up to 1,000; one result line for each, in the same order.

    A line that is refused leaves the others alone, and lines may be sent again: a receipt counts once.
    """

    scope = ("till", "orders")
    content_types = (NDJSON,)
    answer_type = NDJSON
    takes = {"post": PurchaseBody}
    answers = {"post": {200: LineResult}}
    idempotency = "none"

    def post(self, request: Request) -> HttpResponse:
        now, caller, http = clock.now(), caller_of(request), request._request
        raw_lines = [line for line in http.body.split(b"\n") if line.strip()]
        if not 0 < len(raw_lines) <= LONGEST_BATCH:
            raise InvalidInput(f"Send 1 to {LONGEST_BATCH} purchases, one a line.")
        results: list[LineResult | None] = [None] * len(raw_lines)
        purchases: dict[int, Purchase] = {}
        for number, raw in enumerate(raw_lines):
            try:
                purchases[number] = purchase_of(decode(raw, PurchaseBody), caller, source="batch", now=now)
            except Refusal as refusal:
                results[number] = _refused(number, refusal, http)
        outcomes = commit_batch(purchases=list(purchases.values()), teller=teller_of(request), now=now)
        for number, outcome in zip(purchases, outcomes, strict=True):
            if isinstance(outcome, Booked):
                results[number] = LineResult(
                    line=number, status=outcome.status, answer=msgspec.Raw(outcome.body.encode())
                )
            else:
                results[number] = _refused(number, outcome, http)
        content = b"\n".join(msgspec.json.encode(result) for result in results) + b"\n"
        return HttpResponse(content, content_type=NDJSON)


def _refused(number: int, refusal: Refusal, request: HttpRequest) -> LineResult:
    return LineResult(
        line=number, status=refusal.status, problem=msgspec.Raw(problem_of(refusal, request).content)
    )


def _at_place(caller: Caller, place_code: str | None) -> Caller:
    """The caller as if its key belonged to the place it names; a key that belongs to one names no other.

    :raises NoPlace: neither the key nor the body says where.
    :raises PlaceNotFound: the programme has no such place.
    """
    if caller.place_id is not None and place_code in (None, caller.place_code):
        return caller
    if caller.place_id is not None or caller.programme_id is None or place_code is None:
        raise NoPlace("Name the place, or use the key of a web shop or till for its own purchases only.")
    place = get_place(programme_id=caller.programme_id, code=place_code)
    return dataclasses.replace(caller, place_id=place.pk, place_code=place.code)


def _page(asked: PageParams, **filters: Any) -> HttpResponse:
    listing = f"orders:{filters}"
    key = open_cursor(listing, asked.cursor)
    rows = list_orders(before_id=key[0] if key else None, limit=asked.limit, **filters)
    return Answer(
        page_of(
            rows, limit=asked.limit, listing=listing, key=lambda row: [row.id], body=lambda row: row.order
        )
    )
