"""Goods come back: money, points and what counted towards tiers are undone in proportion.

Two statements in one transaction: the purchase is read with the wallet locked, what is undone is decided, and all of it
is booked.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec
from django.db import connection, transaction

from config.ground.ids import new_ref
from config.outbox.registry import subscribers_of
from loyalty.errors import (
    NothingLeftToReturn,
    OrderNotFound,
    PointsAlreadySpent,
    PurchaseNotClaimed,
    ReturnContentDiffers,
    ReturnedAtNotPossible,
    ReturnExceedsPurchase,
)
from loyalty.events import PurchaseReturned
from loyalty.models import WhenSpent
from loyalty.queries.returns import Facts, lock_purchase
from loyalty.rules.returns import Undoing, undo
from loyalty.services.checkout import Booked
from loyalty.services.purchase_checks import CLOCK_SKEW
from omnichannel.queries.orders import find_order

Row = dict[str, object]


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

    `refund_minor`: money to hand back. `points_given_back`: points that had paid `points_paid_minor` of it.
    `points_taken_back`: earned points; `points_owed` of them were spent already and are debt now. `points_expired`: not
    taken back, for they had run out; `points_missing`: spent already, they stay with the member for now.
    """

    currency: str
    refund_minor: int
    points_paid_minor: int
    points_given_back: int
    points_taken_back: int
    points_owed: int
    points_expired: int
    points_missing: int


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The answer without the wallet."""

    order_return: ReturnedOrder = msgspec.field(name="return")
    undone: UndoneAnswer


def take_back(told: Return, *, now: datetime) -> Booked:
    """Book a return, or answer one that was told before again.

    :return: as for a purchase: 201, or 200 for a number that is known.
    :raises OrderNotFound: there is no such purchase in the programme.
    :raises PurchaseNotClaimed: nobody's points hang on it.
    :raises ReturnedAtNotPossible: it lies before the purchase, or ahead.
    :raises NothingLeftToReturn: all of it came back before.
    :raises ReturnExceedsPurchase: more of a line would come back than is left, or there is no such line.
    :raises ReturnContentDiffers: the number was told before with other content.
    :raises PointsAlreadySpent: the programme refuses returns whose points are spent.
    """
    with transaction.atomic(savepoint=False):
        facts = lock_purchase(told.order_ref, programme_id=told.programme_id, number=told.number, now=now)
        if facts is None:
            if find_order(told.order_ref, programme_id=told.programme_id) is None:
                raise OrderNotFound
            raise PurchaseNotClaimed
        if facts.known is not None:
            if facts.known.fingerprint != told.fingerprint():
                raise ReturnContentDiffers("Number each return anew; repeat one only unchanged.")
            return Booked(status=200, body=facts.known.answer)
        if not facts.placed_at <= told.returned_at <= now + CLOCK_SKEW:
            raise ReturnedAtNotPossible(pointer="/returned_at")
        coming = _coming(told.lines, facts)
        undoing = undo(facts.bought, coming, owes=facts.when_spent == WhenSpent.DEBT, now=now)
        if undoing.missing and facts.when_spent == WhenSpent.REFUSE:
            raise PointsAlreadySpent(
                f"{undoing.missing} points are missing. Let the member pay for them, or return less.",
                missing=undoing.missing,
            )
        return Booked(status=201, body=_book(told, facts, coming, undoing, now))


def _coming(lines: Sequence[ReturnedLine] | None, facts: Facts) -> dict[int, int]:
    """Position -> how many come back now."""
    left = {line.position: line.quantity - line.returned for line in facts.bought.lines}
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


def _book(told: Return, facts: Facts, coming: Mapping[int, int], undoing: Undoing, now: datetime) -> str:
    ref = new_ref("ret")
    left = sum(line.quantity - line.returned for line in facts.bought.lines) - sum(coming.values())
    state = _state(told, facts, left)
    entries, moves = _movements(told, ref, facts, undoing)
    document = {
        "r": {
            "ref": ref,
            "order_id": facts.order_id,
            "member_id": facts.member_id,
            "place_id": told.place_id,
            "till_id": told.till_id,
            "kind": told.kind,
            "number": told.number,
            "fingerprint": told.fingerprint(),
            "returned_at": told.returned_at,
            "refund_minor": undoing.refund_minor,
            "lines": [{"position": position, "quantity": count} for position, count in coming.items()],
            "state": state,
        },
        "wallet_id": facts.wallet_id,
        "member_id": facts.member_id,
        "programme_id": facts.programme_id,
        "order_ref": facts.order_ref,
        "entries": entries,
        "moves": moves,
        "spent_on": facts.spent_on,
        "qualifying_minor": undoing.qualifying_minor,
        "offers": [] if left else _offers_used(facts),
        "reversal": {
            "points_taken": undoing.taken,
            "points_expired": undoing.expired,
            "points_missing": undoing.missing,
            "points_given": undoing.given,
            "head": _head(told, ref, state, facts, undoing),
        },
        "news": [_news(told, ref, facts, undoing, is_whole=not left)],
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT loyalty_book_return(%s::jsonb, %s)", [msgspec.json.encode(document).decode(), now]
        )
        return str(cursor.fetchone()[0])


def _state(told: Return, facts: Facts, left: int) -> str:
    if left:
        return "partially_returned"
    return "cancelled" if told.kind == "cancel" and facts.state == "completed" else "returned"


def _movements(told: Return, ref: str, facts: Facts, undoing: Undoing) -> tuple[list[Row], list[Row]]:
    """An entry for the points that were spent, and one for each award that is undone, with the moves of each."""
    earned = {each.entry_id: each for each in facts.bought.earned}
    entries: list[Row] = []
    moves: list[Row] = []
    for undone in dict.fromkeys(move.entry_id for move in undoing.moves):
        mine = [move for move in undoing.moves if move.entry_id == undone]
        award = earned[undone] if undone is not None else None
        entries.append(
            {
                "kind": "reverse_earn" if award else "reverse_spend",
                "points": sum(move.points for move in mine),
                "cause": f"return:{ref}:{award.entry_id}" if award else f"return:{ref}",
                "order_ref": facts.order_ref,
                "rule_version_id": award.rule_version_id if award else None,
                "undoes_id": undone,
                "actor": told.actor,
                "reason": f"{'earned by' if award else 'had paid for'} what came back with {told.number}",
                "happened_at": told.returned_at,
            }
        )
        moves += [{"e": len(entries), "lot_id": move.lot_id, "points": move.points} for move in mine]
    return entries, moves


def _offers_used(facts: Facts) -> list[str]:
    """Refs of the personal offers that earned for this purchase."""
    return [
        each.rule.removeprefix("offer:") for each in facts.bought.earned if each.rule.startswith("offer:")
    ]


def _head(told: Return, ref: str, state: str, facts: Facts, undoing: Undoing) -> str:
    """The answer as JSON text, open at its end: `,"wallet":{...}}` is to follow."""
    head = Head(
        order_return=ReturnedOrder(
            ref=ref,
            number=told.number,
            order_ref=facts.order_ref,
            order_state=state,
            returned_at=told.returned_at,
        ),
        undone=UndoneAnswer(
            currency=facts.currency,
            refund_minor=undoing.refund_minor,
            points_paid_minor=undoing.points_paid_minor,
            points_given_back=undoing.given,
            points_taken_back=undoing.taken,
            points_owed=undoing.owed,
            points_expired=undoing.expired,
            points_missing=undoing.missing,
        ),
    )
    return msgspec.json.encode(head)[:-1].decode()


def _news(told: Return, ref: str, facts: Facts, undoing: Undoing, *, is_whole: bool) -> Row:
    event = PurchaseReturned(
        return_ref=ref,
        order_ref=facts.order_ref,
        programme_code=facts.programme_code,
        placed_at=facts.placed_at,
        returned_at=told.returned_at,
        refund_minor=undoing.refund_minor,
        points_taken=undoing.taken,
        points_given=undoing.given,
        is_whole=is_whole,
    )
    return {
        "name": event.name,
        "member_id": facts.member_id,
        "payload": event,
        "happened_at": told.returned_at,
        "subscribers": subscribers_of(PurchaseReturned),
    }
