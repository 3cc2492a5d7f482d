"""Orders: told by integrations, sent later in batches, and looked up."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from django.http import HttpRequest, HttpResponse
from msgspec import Meta
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body, decode
from config.ground.api.caller import Caller, caller_of, member_of
from config.ground.api.door import Answer, Door
from config.ground.api.idempotency import find_answer, remember, replay, sent_with
from config.ground.api.pages import PageOf, PageParams, open_cursor, page_of
from config.ground.api.problems import problem_of
from config.ground.refusals import InvalidInput, NotAllowed, Refusal
from loyalty.api.checkout import purchase_answer
from loyalty.api.purchases import (
    Number,
    ShopPurchaseBody,
    at_named_place,
    at_place,
    find_places,
    purchase_of,
    teller_of,
)
from loyalty.errors import OrderNotFound
from loyalty.queries.history import find_member_id
from loyalty.rules.answers import PurchaseAnswer
from loyalty.rules.purchase import Purchase
from loyalty.services.batches import commit_batch
from loyalty.services.checkout import Booked, commit_purchase
from loyalty.services.purchase_facts import Teller
from omnichannel.queries.orders import OrderAnswer, find_order, list_by_number, list_orders

LONGEST_BATCH = 1_000
NDJSON = "application/x-ndjson"


class OrderParams(PageParams, frozen=True, kw_only=True):
    """`member`: only this member's orders, by ref. `number`: of a receipt or order, of any store; claimed or not."""

    member: Annotated[str, Meta(min_length=30, max_length=30)] | None = None
    number: Number | None = None


class Orders(Door):
    """Tell of a web shop's purchase; list what is recorded, newest first. A till finds a purchase by its receipt."""

    scope = {"get": ("orders", "till"), "post": "orders"}
    takes = {"post": ShopPurchaseBody}
    params = {"get": OrderParams}
    answers = {"get": {200: PageOf[OrderAnswer]}, "post": {200: PurchaseAnswer, 201: PurchaseAnswer}}
    idempotency = "own"

    def get(self, request: Request) -> HttpResponse:
        asked: OrderParams = self.query(request)
        caller = caller_of(request)
        if asked.number is not None:
            found = list_by_number(asked.number, programme_id=caller.programme_id)
            return Answer(PageOf(results=found))
        if "orders" not in caller.scopes:
            raise NotAllowed("A till finds purchases by their number.", pointer="/number")
        member_id = find_member_id(asked.member) if asked.member else None
        return _page(asked, member_id=member_id, programme_id=caller.programme_id)

    def post(self, request: Request) -> HttpResponse:
        now = clock.now()
        body: ShopPurchaseBody = self.body(request)
        caller = caller_of(request)
        caller = at_named_place(caller, body.place)
        purchase = purchase_of(body, caller, source="web", now=now)
        booked = commit_purchase(purchase=purchase, teller=teller_of(request), now=now)
        return purchase_answer(request, booked, purchase)


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

    A line that is refused leaves the others alone, and lines may be sent again: a receipt counts once. Under an
    Idempotency-Key the answer is kept when all lines were taken; each line is booked for itself before.
    """

    scope = ("till", "orders")
    content_types = (NDJSON,)
    answer_type = NDJSON
    takes = {"post": ShopPurchaseBody}
    answers = {"post": {200: LineResult}}
    idempotency = "own"

    def post(self, request: Request) -> HttpResponse:
        now, caller, http = clock.now(), caller_of(request), request._request
        sent = sent_with(http, caller)
        if sent is not None and (stored := find_answer(sent)):
            return replay(sent, stored, content_type=NDJSON)
        raw_lines = [line for line in http.body.split(b"\n") if line.strip()]
        if not 0 < len(raw_lines) <= LONGEST_BATCH:
            raise InvalidInput(f"Send 1 to {LONGEST_BATCH} purchases, one a line.")
        told = _purchases(raw_lines, caller, now)
        outcomes = iter(
            commit_batch(
                purchases=[purchase for purchase in told if isinstance(purchase, Purchase)],
                teller=Teller(key_id=caller.id, name=caller.name),
                now=now,
            )
        )
        results = [
            _result(number, next(outcomes) if isinstance(purchase, Purchase) else purchase, http)
            for number, purchase in enumerate(told)
        ]
        response = HttpResponse(msgspec.json.Encoder().encode_lines(results), content_type=NDJSON)
        if sent is not None and all(result.problem is None for result in results):
            remember(sent, response)
        return response


def _purchases(raw_lines: Sequence[bytes], caller: Caller, now: datetime) -> list[Purchase | Refusal]:
    """What each line tells of, or why it cannot be understood."""
    bodies: list[ShopPurchaseBody | Refusal] = []
    for raw in raw_lines:
        try:
            bodies.append(decode(raw, ShopPurchaseBody))
        except Refusal as refusal:
            bodies.append(refusal)
    places = find_places((body.place for body in bodies if isinstance(body, ShopPurchaseBody)), caller)
    told: list[Purchase | Refusal] = []
    for body in bodies:
        try:
            if isinstance(body, Refusal):
                told.append(body)
            else:
                told.append(purchase_of(body, at_place(caller, body.place, places), source="batch", now=now))
        except Refusal as refusal:
            told.append(refusal)
    return told


def _result(number: int, outcome: Booked | Refusal, request: HttpRequest) -> LineResult:
    if isinstance(outcome, Booked):
        return LineResult(line=number, status=outcome.status, answer=msgspec.Raw(outcome.body.encode()))
    problem = msgspec.Raw(problem_of(outcome, request).content)
    return LineResult(line=number, status=outcome.status, problem=problem)


def _page(asked: PageParams, **filters: Any) -> HttpResponse:
    listing = f"orders:{filters}"
    key = open_cursor(listing, asked.cursor)
    rows = list_orders(before_id=key[0] if key else None, limit=asked.limit, **filters)
    return Answer(
        page_of(
            rows, limit=asked.limit, listing=listing, key=lambda row: [row.id], body=lambda row: row.order
        )
    )
