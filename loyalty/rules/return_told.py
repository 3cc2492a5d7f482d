"""A return as it is told, and what its teller is answered. The wallet is added by the statement that books."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from loyalty.errors import NothingLeftToReturn, ReturnExceedsPurchase
from loyalty.rules.bought import BoughtLine
from loyalty.rules.returns import Undoing
from loyalty.rules.voucher_returns import ComesBack


class ReturnedLine(msgspec.Struct, frozen=True, kw_only=True):
    """So many of a line of the purchase; `line` counts the lines as they were told, from 0."""

    line: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Return:
    """What comes back, and where.

    :ivar lines: None for everything that is left (a cancellation).
    :ivar programme_id: of the place that takes it back; None reaches every programme.
    """

    order_ref: str
    number: str
    lines: Sequence[ReturnedLine] | None
    returned_at: datetime
    place_id: int
    till_id: int | None
    programme_id: int | None
    actor: str

    @property
    def kind(self) -> Literal["return", "cancel"]:
        return "cancel" if self.lines is None else "return"

    def fingerprint(self) -> str:
        """SHA-256 over what comes back: the same number with other content is another return."""
        told = sorted((each.line, each.quantity) for each in self.lines or ())
        return hashlib.sha256(msgspec.json.encode([self.kind, told])).hexdigest()


class ReturnedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """`order_state`: partially_returned, returned or cancelled."""

    ref: str
    number: str
    order_ref: str
    order_state: str
    returned_at: datetime


class UndoneAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What was undone. Amounts in minor units of `currency`.

    `refund_minor`: money to hand back, beside `gift_cards_refund_minor`, which went back onto gift cards.
    `vouchers_back`: codes that can be used again. `points_given_back`: points that had paid `points_paid_minor` of it.
    `points_taken_back`: earned points, also those that earlier returns had left and that came back now;
    `points_owed` of them were spent or set aside already and are debt now. `points_expired`: not taken back, for
    they had run out; `points_missing`: spent already, they stay with the member until they come back.
    """

    currency: str
    refund_minor: int
    points_paid_minor: int
    points_given_back: int
    points_taken_back: int
    points_owed: int
    points_expired: int
    points_missing: int
    gift_cards_refund_minor: int = 0
    vouchers_back: list[str] = []


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The answer without the wallet."""

    order_return: ReturnedOrder = msgspec.field(name="return")
    undone: UndoneAnswer


def coming_back(lines: Sequence[ReturnedLine] | None, bought: Sequence[BoughtLine]) -> dict[int, int]:
    """Position -> how many come back now; with None all that is left.

    :raises NothingLeftToReturn: all of it came back before.
    :raises ReturnExceedsPurchase: more of a line would come back than is left, or there is no such line.
    """
    left = {line.position: line.quantity - line.returned for line in bought}
    if not any(left.values()):
        raise NothingLeftToReturn
    if lines is None:
        return {position: count for position, count in left.items() if count}
    coming: dict[int, int] = {}
    for number, each in enumerate(lines):
        coming[each.line] = coming.get(each.line, 0) + each.quantity
        if coming[each.line] > left.get(each.line, 0):
            raise ReturnExceedsPurchase(
                f"Of line {each.line}, {left.get(each.line, 0)} can come back.",
                pointer=f"/lines/{number}",
                most=left.get(each.line, 0),
            )
    return coming


def state_after(told: Return, was: str, left: int) -> str:
    """The purchase's state, from what it `was`, once so many pieces are left."""
    if left:
        return "partially_returned"
    return "cancelled" if told.kind == "cancel" and was == "completed" else "returned"


def head_text(
    told: Return, ref: str, state: str, currency: str, undoing: Undoing, *, back: Sequence[ComesBack]
) -> str:
    """The answer as JSON text, open at its end: `,"wallet":{...}}` is to follow."""
    onto_cards = sum(each.amount_minor for each in back if each.is_gift_card)
    head = Head(
        order_return=ReturnedOrder(
            ref=ref,
            number=told.number,
            order_ref=told.order_ref,
            order_state=state,
            returned_at=told.returned_at,
        ),
        undone=UndoneAnswer(
            currency=currency,
            refund_minor=undoing.refund_minor - onto_cards,
            gift_cards_refund_minor=onto_cards,
            vouchers_back=[each.code for each in back if each.uses],
            points_paid_minor=undoing.points_paid_minor,
            points_given_back=undoing.given,
            points_taken_back=undoing.taken + undoing.settled,
            points_owed=undoing.owed,
            points_expired=undoing.expired,
            points_missing=undoing.missing,
        ),
    )
    return msgspec.json.encode(head)[:-1].decode()
