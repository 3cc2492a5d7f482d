"""Vouchers: may this code be used, keep it for an order, and what a member holds."""

from datetime import timedelta
from typing import Annotated

from django.http import HttpResponse
from msgspec import Meta
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.caller import Caller, caller_of, member_of
from config.ground.api.door import Answer, Door
from config.ground.api.pages import PageOf, PageParams, open_cursor, page_of
from loyalty.api.purchases import Code, Moment, PurchaseBody, at_named_place, purchase_of, teller_of
from loyalty.queries.history import find_home_programme, find_member_id
from loyalty.queries.voucher_lists import answers_of, list_vouchers_of
from loyalty.rules.basket import Line
from loyalty.rules.voucher_answers import VoucherAnswer, VoucherVerdict
from loyalty.services.voucher_reservations import (
    LONGEST,
    SHORTEST,
    USUAL,
    ReservationDraft,
    ReservationNow,
    release_voucher,
    reserve_voucher,
)
from loyalty.services.voucher_verdicts import judge_voucher
from members.errors import MemberNotFound
from members.queries.members import get_member
from members.rules.identities import MemberKey


class ValidateBody(PurchaseBody, frozen=True, kw_only=True):
    """A code, and the basket it is for. Without lines the voucher, member, place and moment alone are asked.

    `place`: code of the store or web shop, where the key belongs to none.
    """

    code: Code
    lines: Annotated[list[Line], Meta(max_length=500)] = []
    at: Moment | None = None
    place: Code | None = None


class ReserveBody(Body, frozen=True, kw_only=True):
    """`reference`: what you call the order, best its `order_number`: then the voucher's code in that order uses what
    was reserved. `amount_minor`: of a gift card; all of it if not said.
    """

    reference: Annotated[str, Meta(min_length=1, max_length=64)]
    member: MemberKey | None = None
    seconds: Annotated[int, Meta(ge=int(SHORTEST.total_seconds()), le=int(LONGEST.total_seconds()))] = int(
        USUAL.total_seconds()
    )
    amount_minor: Annotated[int, Meta(ge=1, le=10_000_000_000)] | None = None
    place: Code | None = None


class ReleaseReservedBody(Body, frozen=True, kw_only=True):
    """`reservation`: its ref, `vrs_...`."""

    reservation: Annotated[str, Meta(min_length=1, max_length=30)]
    place: Code | None = None


class HeldParams(PageParams, frozen=True, kw_only=True):
    """Without `programme`, the one the member has had a wallet in the longest."""

    programme: Code | None = None


class ValidateVoucher(Door):
    """May this code be used on this basket, and if not, why."""

    scope = ("till", "orders")
    takes = {"post": ValidateBody}
    answers = {"post": {200: VoucherVerdict}}
    idempotency = "none"

    def post(self, request: Request) -> HttpResponse:
        body, now = self.body(request), clock.now()
        caller = _placed(caller_of(request), body.place)
        purchase = purchase_of(body, caller, source="till", now=body.at or now, is_quote=True)
        return Answer(judge_voucher(body.code, purchase, teller=teller_of(request), now=now))


class ReserveVoucher(Door):
    """Keep a voucher for an order that is being paid: 201, and until `expires_at` nobody else can use it."""

    scope = ("till", "orders")
    takes = {"post": ReserveBody}
    answers = {"post": {201: ReservationNow}}
    idempotency = "required"

    def post(self, request: Request, code: str) -> HttpResponse:
        body, now = self.body(request), clock.now()
        caller = _placed(caller_of(request), body.place)
        assert caller.place_id is not None  # noqa: S101 - at_place saw to it
        assert caller.programme_id is not None  # noqa: S101 - as above
        member = get_member(body.member, region=caller.region, now=now) if body.member else None
        if member is not None and member.state != "active":
            raise MemberNotFound(pointer="/member")
        draft = ReservationDraft(
            code=code,
            programme_id=caller.programme_id,
            place_id=caller.place_id,
            timezone=caller.timezone,
            member_id=member.id if member else None,
            lasts=timedelta(seconds=body.seconds),
            reference=body.reference,
            amount_minor=body.amount_minor,
            actor=caller.name,
        )
        return Answer(reserve_voucher(draft, now=now), status=201)


class ReleaseVoucher(Door):
    """Let a reserved voucher go."""

    scope = ("till", "orders")
    takes = {"post": ReleaseReservedBody}
    answers = {"post": {200: ReservationNow}}
    idempotency = "required"

    def post(self, request: Request, code: str) -> HttpResponse:
        body = self.body(request)
        caller = _placed(caller_of(request), body.place)
        assert caller.place_id is not None  # noqa: S101 - at_place saw to it
        return Answer(release_voucher(code, body.reservation, place_id=caller.place_id, now=clock.now()))


class MyVouchers(Door):
    """The member's vouchers, the latest first, those that were used or are over too: `state` says so."""

    scope = "member"
    params = {"get": HeldParams}
    answers = {"get": {200: PageOf[VoucherAnswer]}}

    def get(self, request: Request) -> HttpResponse:
        asked: HeldParams = self.query(request)
        member_id = member_of(request)
        programme_id, _ = find_home_programme(member_id, asked.programme)
        return _held(member_id, programme_id, asked)


class MemberVouchers(Door):
    """A member's vouchers, for integrations."""

    scope = "members"
    params = {"get": HeldParams}
    answers = {"get": {200: PageOf[VoucherAnswer]}}

    def get(self, request: Request, ref: str) -> HttpResponse:
        asked: HeldParams = self.query(request)
        member_id, caller = find_member_id(ref), caller_of(request)
        if caller.programme_id is not None:
            return _held(member_id, caller.programme_id, asked)
        programme_id, _ = find_home_programme(member_id, asked.programme)
        return _held(member_id, programme_id, asked)


def _held(member_id: int, programme_id: int, asked: HeldParams) -> HttpResponse:
    listing = f"vouchers:{member_id}:{programme_id}"
    key = open_cursor(listing, asked.cursor)
    rows = list_vouchers_of(
        member_id, programme_id, before=key[0] if key else None, limit=asked.limit, now=clock.now()
    )
    told = dict(zip((row.id for row in rows), answers_of(rows), strict=True))
    return Answer(
        page_of(
            rows, limit=asked.limit, listing=listing, key=lambda row: [row.id], body=lambda row: told[row.id]
        )
    )


def _placed(caller: Caller, place: str | None) -> Caller:
    return at_named_place(caller, place)
