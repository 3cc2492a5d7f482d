"""The till's doors: what would it be worth, and book it."""

from typing import Annotated

import msgspec
from django.http import HttpResponse
from msgspec import Meta, structs
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.caller import caller_of
from config.ground.api.door import Answer, Door
from config.ground.reader import reader_of
from config.ground.tongues import is_foreign
from loyalty.api.purchases import (
    Moment,
    PurchaseBody,
    ShopPurchaseBody,
    at_named_place,
    purchase_of,
    teller_of,
)
from loyalty.queries.reasons import LOCALES, reworded
from loyalty.queries.wallets import get_wallet
from loyalty.rules.answers import (
    BookedOrder,
    PurchaseAnswer,
    SettlementAnswer,
    WalletAnswer,
    settlement_answer,
)
from loyalty.rules.purchase import Purchase
from loyalty.rules.settle import points_that_pay
from loyalty.rules.voucher_answers import VouchersOffered
from loyalty.services.checkout import Booked, commit_purchase, quote_purchase


class QuoteBody(ShopPurchaseBody, frozen=True, kw_only=True):
    """A purchase that may become one. `at` settles it by the rules of another moment, past or future."""

    at: Moment | None = None


class QuoteAnswer(PurchaseAnswer, frozen=True, kw_only=True):
    """`spendable_points`: the most points that can pay for this very basket now.

    `vouchers`: which of the vouchers told and of those that the member holds are best used together; null without any.
    `needs_proof`: to spend as many as were asked for, the member has to prove that it is them.
    """

    order: BookedOrder
    settlement: SettlementAnswer
    wallet: WalletAnswer | None
    spendable_points: Annotated[int, Meta(ge=0)]
    needs_proof: bool
    vouchers: VouchersOffered | None


class Quote(Door):
    """Settle a purchase without writing: discounts, points with reasons, what did not apply and why, what to pay."""

    scope = ("till", "orders")
    takes = {"post": QuoteBody}
    answers = {"post": {200: QuoteAnswer}}
    idempotency = "none"
    checks_key_itself = True

    def post(self, request: Request) -> HttpResponse:
        body, now = self.body(request), clock.now()
        caller = caller_of(request)
        caller = at_named_place(caller, body.place)
        source = "till" if "till" in caller.scopes else "web"
        purchase = purchase_of(body, caller, source=source, now=body.at or now, is_quote=True)
        quoted = quote_purchase(purchase=purchase, teller=teller_of(request), now=now)
        terms = quoted.programme.terms_at(purchase.placed_at)
        settlement = settlement_answer(quoted.settlement, currency=terms.currency)
        with reader_of(request, LOCALES):
            settlement = reworded(settlement, terms.programme_id, at=purchase.placed_at)
        return Answer(
            QuoteAnswer(
                order=BookedOrder(
                    ref="", state="quoted", number=purchase.number, placed_at=purchase.placed_at
                ),
                settlement=settlement,
                wallet=get_wallet(quoted.member.id, terms.programme_id, now=now) if quoted.member else None,
                spendable_points=points_that_pay(quoted.settlement.total_minor, quoted.spendable, terms),
                needs_proof=quoted.needs_proof,
                vouchers=quoted.vouchers,
            )
        )


class Commit(Door):
    """Book a purchase and answer the till.

    201 with the order; 200 with the same order when the receipt was booked before.
    """

    scope = "till"
    takes = {"post": PurchaseBody}
    answers = {"post": {200: PurchaseAnswer, 201: PurchaseAnswer}}
    idempotency = "own_required"
    checks_key_itself = True

    def post(self, request: Request) -> HttpResponse:
        now = clock.now()
        purchase = purchase_of(self.body(request), caller_of(request), source="till", now=now)
        booked = commit_purchase(purchase=purchase, teller=teller_of(request, is_required=True), now=now)
        return purchase_answer(request, booked, purchase)


def purchase_answer(request: Request, booked: Booked, purchase: Purchase) -> HttpResponse:
    """The kept answer, its reasons in the language that the caller asks for."""
    with reader_of(request, LOCALES):
        if not is_foreign():
            return booked_answer(booked)
        kept = msgspec.json.decode(booked.body, type=PurchaseAnswer)
        told = reworded(kept.settlement, purchase.programme_id, at=kept.order.placed_at)
    body = msgspec.json.encode(structs.replace(kept, settlement=told)).decode()
    return booked_answer(structs.replace(booked, body=body))


def booked_answer(booked: Booked) -> HttpResponse:
    """The kept JSON text, as it is."""
    headers = {"Idempotent-Replayed": "true"} if booked.is_replay else None
    return HttpResponse(
        booked.body.encode(), status=booked.status, content_type="application/json", headers=headers
    )
