"""Points become rewards: by the member's own app, at a till, or by a shop; and what becomes of it."""

from dataclasses import replace
from typing import Annotated, Any, Literal

from django.http import HttpResponse
from msgspec import Meta
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.caller import Caller, caller_of, member_of
from config.ground.api.door import Answer, Door
from config.ground.api.pages import PageOf, PageParams, page_by
from loyalty.api.access import programme_of
from loyalty.errors.rewards import RewardNotFound
from loyalty.models import Redemption
from loyalty.queries.history import find_home_programme
from loyalty.queries.programmes import get_current_programme
from loyalty.queries.redemptions import answers_of, get_redemption, redemptions_of
from loyalty.queries.rewards import list_rewards
from loyalty.rules.reward_answers import RedemptionAnswer
from loyalty.services.proof import Spending, Unproven, ensure_proven
from loyalty.services.redemption_steps import (
    cancel_redemption,
    give_redemption_back,
    move_redemption,
    pay_cash,
)
from loyalty.services.redemptions import Wish, redeem
from members.errors import MemberNotFound
from members.queries.members import get_member
from members.rules.identities import MemberKey

Code = Annotated[str, Meta(min_length=1, max_length=60)]
Receipt = Annotated[str, Meta(min_length=1, max_length=64)]
State = Literal["issued", "ordered", "packed", "ready", "handed_over", "booked", "attended", "cancelled"]


class MyRedemptionBody(Body, frozen=True, kw_only=True):
    """The reward by its code, and the store where it is fetched, if it names some. `programme`: as for `/me/wallet`."""

    reward: Code
    place: Annotated[str, Meta(max_length=60)] = ""
    programme: Annotated[str, Meta(min_length=1, max_length=40)] | None = None


class RedemptionBody(Body, frozen=True, kw_only=True):
    """`number`: what you call it, once for a member at your place. `cash_receipt`: the sale that paid the money."""

    member: MemberKey
    reward: Code
    place: Annotated[str, Meta(max_length=60)] = ""
    number: Annotated[str, Meta(max_length=64)] = ""
    cash_receipt: Annotated[str, Meta(max_length=64)] = ""


class CancelRedemptionBody(Body, frozen=True, kw_only=True):
    """Why, in words that the member may read."""

    because: Annotated[str, Meta(min_length=1, max_length=200)]


class GiveRedemptionBackBody(Body, frozen=True, kw_only=True):
    """Nothing more needs to be said: `{}`."""


class CashPaidBody(Body, frozen=True, kw_only=True):
    """The number of the sale by which the money part was paid."""

    receipt_number: Receipt


class RedemptionStateBody(Body, frozen=True, kw_only=True):
    """The state that it came to."""

    state: Literal["packed", "ready", "handed_over", "attended"]


class WorkParams(PageParams, frozen=True, kw_only=True):
    """Those in one `state`, of one `reward`, fetched at one `place`."""

    state: State | None = None
    reward: Code | None = None
    place: Code | None = None


class MyRedemptions(Door):
    """The member's rewards, the newest first; and one more for their points."""

    scope = "member"
    takes = {"post": MyRedemptionBody}
    params = {"get": PageParams}
    answers = {"get": {200: PageOf[RedemptionAnswer]}, "post": {201: RedemptionAnswer}}
    idempotency = "required"

    def get(self, request: Request) -> HttpResponse:
        member_id, now = member_of(request), clock.now()
        rows = redemptions_of(member_id=member_id)
        page = page_by(
            "-pk",
            rows,
            self.query(request),
            listing=f"redemptions-of:{member_id}",
            bodies=lambda found: answers_of(found, now=now),
        )
        return Answer(page)

    def post(self, request: Request) -> HttpResponse:
        body, member_id, now = self.body(request), member_of(request), clock.now()
        programme_id, _ = find_home_programme(member_id, body.programme)
        wish = Wish(
            member_id=member_id,
            programme_id=programme_id,
            reward=body.reward,
            place=body.place,
            actor=caller_of(request).name,
        )
        return _answer(redeem(wish, now=now).redemption, status=201)


class MyRedemption(Door):
    """One of the member's rewards as it stands now."""

    scope = "member"
    answers = {"get": {200: RedemptionAnswer}}

    def get(self, request: Request, ref: str) -> HttpResponse:
        return _answer(get_redemption(ref, member_id=member_of(request)))


class GiveBack(Door):
    """The member wants their points back; as long as `cancel_until` says."""

    scope = "member"
    takes = {"post": GiveRedemptionBackBody}
    answers = {"post": {200: RedemptionAnswer}}
    idempotency = "required"

    def post(self, request: Request, ref: str) -> HttpResponse:
        self.body(request)
        by = caller_of(request).name
        return _answer(give_redemption_back(ref, member_id=member_of(request), by=by, now=clock.now()))


class Redemptions(Door):
    """Redeem for a member; 200 with the same redemption where its `number` was told before.

    GET is the work list, the oldest first. A till sees what is fetched at its own store.
    """

    scope = ("till", "orders")
    takes = {"post": RedemptionBody}
    params = {"get": WorkParams}
    answers = {
        "get": {200: PageOf[RedemptionAnswer]},
        "post": {200: RedemptionAnswer, 201: RedemptionAnswer},
    }
    idempotency = "required"

    def get(self, request: Request) -> HttpResponse:
        asked, caller, now = self.query(request), caller_of(request), clock.now()
        programme_id = programme_of(caller)
        filters = {"state": asked.state, "reward__code": asked.reward, "place__code": asked.place}
        wanted: dict[str, Any] = {name: value for name, value in filters.items() if value is not None}
        if "orders" not in caller.scopes:
            wanted["place_id"] = caller.place_id
        page = page_by(
            "pk",
            redemptions_of(programme_id=programme_id).filter(**wanted),
            asked,
            listing=f"redemptions:{programme_id}:{wanted}",
            bodies=lambda found: answers_of(found, now=now),
        )
        return Answer(page)

    def post(self, request: Request) -> HttpResponse:
        body, caller, now = self.body(request), caller_of(request), clock.now()
        programme_id = programme_of(caller)
        member = get_member(body.member, region=caller.region, now=now)
        if member.state != "active":
            raise MemberNotFound(pointer="/member")
        wish = Wish(
            member_id=member.id,
            programme_id=programme_id,
            reward=body.reward,
            place=body.place,
            number=body.number,
            told_at_id=caller.place_id,
            cash_receipt=body.cash_receipt,
            actor=caller.name,
        )
        if body.member.qr is None:
            wish = replace(wish, unproven=_ensure_proven(wish, caller))
        made = redeem(wish, now=now)
        return _answer(made.redemption, status=201 if made.is_new else 200)


class OneRedemption(Door):
    """A redemption as it stands now."""

    scope = ("till", "orders")
    answers = {"get": {200: RedemptionAnswer}}

    def get(self, request: Request, ref: str) -> HttpResponse:
        return _answer(get_redemption(ref, programme_id=programme_of(caller_of(request))))


class CancelRedemption(Door):
    """Take a redemption back: the member gets points, piece or seat again, and its voucher is good no more.

    Money that was paid for it is handed back by whoever took it.
    """

    scope = ("till", "orders")
    takes = {"post": CancelRedemptionBody}
    answers = {"post": {200: RedemptionAnswer}}
    idempotency = "required"

    def post(self, request: Request, ref: str) -> HttpResponse:
        body, caller = self.body(request), caller_of(request)
        programme_id = programme_of(caller)
        cancelled = cancel_redemption(
            ref, programme_id=programme_id, because=body.because, by=caller.name, now=clock.now()
        )
        return _answer(cancelled)


class PayCash(Door):
    """Say by which sale the money part was paid."""

    scope = ("till", "orders")
    takes = {"post": CashPaidBody}
    answers = {"post": {200: RedemptionAnswer}}
    idempotency = "required"

    def post(self, request: Request, ref: str) -> HttpResponse:
        body, caller = self.body(request), caller_of(request)
        paid = pay_cash(
            ref,
            receipt=body.receipt_number,
            place_id=caller.place_id,
            programme_id=programme_of(caller),
            now=clock.now(),
        )
        return _answer(paid)


class MoveRedemption(Door):
    """Say that it was packed, is ready (or on its way), was handed over, or that the member attended."""

    scope = ("till", "orders")
    takes = {"post": RedemptionStateBody}
    answers = {"post": {200: RedemptionAnswer}}
    idempotency = "required"

    def post(self, request: Request, ref: str) -> HttpResponse:
        body, caller = self.body(request), caller_of(request)
        programme_id = programme_of(caller)
        return _answer(
            move_redemption(ref, body.state, programme_id=programme_id, by=caller.name, now=clock.now())
        )


def _ensure_proven(wish: Wish, caller: Caller) -> Unproven | None:
    """What is left to be counted where the points are taken.

    :raises ProofNeeded: the reward costs more points than a name is good for.
    """
    now = clock.now()
    terms = get_current_programme(wish.programme_id).terms_at(now)
    found = list_rewards(wish.programme_id, code=wish.reward, now=now)
    if not found:
        raise RewardNotFound(f"There is no reward {wish.reward}.", pointer="/reward")
    spending = Spending(
        points=found[0].points, member_id=wish.member_id, caller=caller.name, place_id=caller.place_id
    )
    return ensure_proven(spending, terms, now=now)


def _answer(redemption: Redemption, *, status: int = 200) -> HttpResponse:
    return Answer(answers_of([redemption], now=clock.now())[0], status=status)
