"""Members give points to each other."""

from typing import Annotated

from django.http import HttpResponse
from msgspec import Meta
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.caller import caller_of, member_of
from config.ground.api.door import Answer, Door
from config.ground.api.exact_limits import count_exactly
from loyalty.queries.history import find_home_programme
from loyalty.rules.answers import WalletAnswer
from loyalty.services.transfers import TransferDraft, transfer_points
from members.errors import MemberNotFound
from members.queries.members import get_member
from members.rules.identities import MemberKey
from members.rules.masking import masked_name

TRANSFERS_A_DAY = 30
DAY_S = 86_400
"""Who tries out phone numbers learns little: so many transfers may be asked for in a day."""


class TransferBody(Body, frozen=True, kw_only=True):
    """To whom, and how many. `programme`: as for `/me/wallet`.

    `number`: what the app calls this gift; told again under it, it is given once.
    """

    to: MemberKey
    points: Annotated[int, Meta(ge=1, le=1_000_000_000)]
    number: Annotated[str, Meta(max_length=64)] = ""
    programme: Annotated[str, Meta(min_length=1, max_length=40)] | None = None


class TransferAnswer(Body, frozen=True, kw_only=True):
    """`to`: the receiver's name, masked. `wallet`: the giver's after it."""

    ref: str
    to: str
    points: int
    wallet: WalletAnswer


class MyTransfers(Door):
    """Give points to another member; they keep the day on which they run out."""

    scope = "member"
    takes = {"post": TransferBody}
    answers = {"post": {200: TransferAnswer, 201: TransferAnswer}}
    idempotency = "required"

    def post(self, request: Request) -> HttpResponse:
        body, caller, now = self.body(request), caller_of(request), clock.now()
        count_exactly("transfers-of", caller.name, quota=TRANSFERS_A_DAY, window_s=DAY_S)
        member_id = member_of(request)
        programme_id, _ = find_home_programme(member_id, body.programme)
        receiver = get_member(body.to, region=caller.region, now=now)
        if receiver.state != "active":
            raise MemberNotFound(pointer="/to")
        draft = TransferDraft(
            member_id=member_id,
            to_member_id=receiver.id,
            programme_id=programme_id,
            points=body.points,
            number=body.number,
            actor=caller.name,
        )
        given = transfer_points(draft, now=now)
        answer = TransferAnswer(
            ref=given.ref, to=masked_name(receiver.called), points=body.points, wallet=given.wallet
        )
        return Answer(answer, status=201 if given.is_new else 200)
