"""Goods come back without a receipt: they are taken from the member's own purchases, each undone in proportion.

A till or a web shop tells it now, or an imported history long after; both go the same way. One transaction for each
slip: the slip is locked, then the wallet, and every purchase is undone by the one rule of returns.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import msgspec
from django.db import transaction

from loyalty.errors import ReturnContentDiffers, ReturnedAtNotPossible, ReturnUnexplained, WalletBusy
from loyalty.models import WhenSpent
from loyalty.queries.batches import lock_wallets
from loyalty.queries.returns import lock_purchase
from loyalty.queries.wallets import get_wallet
from loyalty.rules.answers import WalletAnswer
from loyalty.rules.return_slips import Piece, explain, refund_minor
from loyalty.rules.return_told import Head, Return, ReturnedLine
from loyalty.rules.returns import undo
from loyalty.services.bookings import Stale, signals
from loyalty.services.checkout import TRIES, Booked
from loyalty.services.purchase_checks import CLOCK_SKEW, EARLIEST
from loyalty.services.return_rows import book_return
from loyalty.services.returns import ensure_allowed
from omnichannel.queries.return_slips import KeptSlip, list_held, list_told, list_waiting_slips, lock_slip
from omnichannel.rules.return_slips import HeldLine, SlipLine, SlipPiece
from omnichannel.services.return_slips import SlipDraft, record_return_slips, settle_slip

SLIPS_PER_STEP = 500

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Slip:
    """Goods that a member brings back, and where."""

    number: str
    member_id: int
    lines: list[SlipLine]
    returned_at: datetime
    place_id: int
    till_id: int | None
    programme_id: int
    currency: str
    actor: str

    def fingerprint(self) -> str:
        """SHA-256 over who brings back what: the same number with other content is another return."""
        return hashlib.sha256(msgspec.json.encode([self.member_id, self.lines])).hexdigest()


class UnexplainedLine(msgspec.Struct, frozen=True, kw_only=True):
    """So many pieces of a line (from 0) that no purchase of the member explains; nothing was undone for them."""

    line: int
    sku: str
    quantity: int
    because: str


class SlipAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What was undone, purchase by purchase. `refund_minor`: money to hand back in all, minor units of `currency`."""

    number: str
    currency: str
    refund_minor: int
    returns: list[Head]
    unexplained: list[UnexplainedLine]
    wallet: WalletAnswer


class SlipBooked(msgspec.Struct, frozen=True):
    """What became of a slip (returned, partly, unexplained, anonymous), and the points taken back for it.

    :ivar is_new: it was booked now, not before.
    """

    outcome: str
    points_taken: int = 0
    is_new: bool = True


def return_without_receipt(slip: Slip, *, now: datetime) -> Booked:
    """Undo what the member's latest purchases of these goods were worth, or answer a slip that was told before again.

    :return: 201 with a `SlipAnswer` as JSON text, or 200 for a number that is known at this place.
    :raises ReturnUnexplained: no purchase explains any of it; nothing is kept.
    :raises ReturnedAtNotPossible: it lies ahead, or before any purchase that can be told.
    :raises ReturnContentDiffers: the number was told before with other content.
    :raises PointsAlreadySpent: the programme refuses returns whose points are spent.
    :raises WalletBusy: others held what was needed at each of several tries.
    """
    if not EARLIEST <= slip.returned_at <= now + CLOCK_SKEW:
        raise ReturnedAtNotPossible(pointer="/returned_at")
    return _tried(lambda: _return(slip, now))


def put_to_purchases(place_id: int, number: str, *, programme_id: int, now: datetime) -> SlipBooked:
    """Book a slip that waits, of history, as a return at its own moment; nobody is told of it. Safe to repeat.

    A programme that refuses returns whose points are spent takes what is left: what happened cannot be refused.
    """
    return _tried(lambda: _put(place_id, number, programme_id, now))


def put_waiting_to_purchases(programme_id: int, *, now: datetime) -> Iterator[SlipBooked]:
    """Do so with all slips of a programme that wait, the earliest first, each in a transaction of its own."""
    while waiting := list_waiting_slips(programme_id, limit=SLIPS_PER_STEP):
        for place_id, number in waiting:
            yield put_to_purchases(place_id, number, programme_id=programme_id, now=now)


def _return(slip: Slip, now: datetime) -> Booked:
    is_new = record_return_slips([_draft(slip)], now=now)
    kept = lock_slip(slip.place_id, slip.number)
    if not is_new and kept.fingerprint == slip.fingerprint():
        return Booked(status=200, body=kept.answer)
    if not is_new or list_told(slip.place_id, slip.number, slip.member_id):
        raise ReturnContentDiffers("Number each return anew; repeat one only unchanged.")
    pieces = explain(slip.lines, _lock_held(slip, now))
    unexplained = [_unexplained(piece, slip) for piece in pieces if piece.held is None]
    if len(unexplained) == len(pieces):
        raise ReturnUnexplained(unexplained=msgspec.to_builtins(unexplained))
    returns = list(_undo(slip, pieces, is_history=False, now=now))
    answer = SlipAnswer(
        number=slip.number,
        currency=slip.currency,
        refund_minor=sum(each.undone.refund_minor for each in returns),
        returns=returns,
        unexplained=unexplained,
        wallet=get_wallet(slip.member_id, slip.programme_id, now=now),
    )
    text = msgspec.json.encode(answer).decode()
    settle_slip(kept.id, _settled(pieces, returns), total_minor=answer.refund_minor, answer=text)
    return Booked(status=201, body=text)


def _put(place_id: int, number: str, programme_id: int, now: datetime) -> SlipBooked:
    kept = lock_slip(place_id, number)
    if kept.outcome != "waiting":
        return SlipBooked(kept.outcome, is_new=False)
    slip = _slip_of(kept, place_id, number, programme_id)
    told = list_told(place_id, number, slip.member_id)
    if told:
        refs = {line.order_ref: ref for ref, line in told}
        pieces = explain(slip.lines, [line for _, line in told])
        return SlipBooked(settle_slip(kept.id, [_piece(each, refs) for each in pieces]))
    pieces = explain(slip.lines, _lock_held(slip, now))
    returns = list(_undo(slip, pieces, is_history=True, now=now))
    outcome = settle_slip(kept.id, _settled(pieces, returns))
    return SlipBooked(outcome, sum(each.undone.points_taken_back for each in returns))


def _tried(work: Callable[[], T]) -> T:
    """Do it in a transaction, anew where PostgreSQL lets go of it.

    Purchases are undone one after the other, so two slips may wait for what the other one has counted back already.

    :raises WalletBusy: that happened at each of several tries.
    """
    for _ in range(TRIES):
        try:
            with signals(), transaction.atomic():
                return work()
        except Stale:
            continue
    raise WalletBusy


def _lock_held(slip: Slip, now: datetime) -> list[HeldLine]:
    """What the member holds, true for as long as the wallet is locked."""
    lock_wallets([slip.member_id], slip.programme_id, now=now)
    return list_held(
        slip.member_id, slip.programme_id, {line.sku for line in slip.lines}, until=slip.returned_at
    )


def _undo(slip: Slip, pieces: Sequence[Piece], *, is_history: bool, now: datetime) -> Iterator[Head]:
    """Undo purchase by purchase, under the wallet's lock. What happened long ago is undone as of then."""
    by_order: dict[str, list[Piece]] = {}
    for piece in pieces:
        if piece.held is not None:
            by_order.setdefault(piece.held.order_ref, []).append(piece)
    as_of = slip.returned_at if is_history else now
    for order_ref, mine in by_order.items():
        coming: dict[int, int] = {}
        for piece in mine:
            position = piece.held.position if piece.held else 0
            coming[position] = coming.get(position, 0) + piece.quantity
        told = Return(
            order_ref=order_ref,
            number=slip.number,
            lines=[ReturnedLine(line=position, quantity=count) for position, count in coming.items()],
            returned_at=slip.returned_at,
            place_id=slip.place_id,
            till_id=slip.till_id,
            programme_id=slip.programme_id,
            actor=slip.actor,
        )
        facts = lock_purchase(
            order_ref,
            programme_id=slip.programme_id,
            place_id=slip.place_id,
            number=slip.number,
            as_of=as_of,
            now=now,
        )
        assert facts is not None  # noqa: S101 - a purchase of the member's, found under the wallet's lock
        undoing = undo(facts.bought, coming, owes=facts.when_spent == WhenSpent.DEBT, as_of=as_of, now=now)
        if not is_history:
            ensure_allowed(undoing, facts)
        undoing = msgspec.structs.replace(undoing, refund_minor=refund_minor(facts.bought, mine))
        text = book_return(told, facts, coming, undoing, is_history=is_history, now=now)
        yield msgspec.json.decode(text, type=Head)


def _draft(slip: Slip) -> SlipDraft:
    return SlipDraft(
        place_id=slip.place_id,
        number=slip.number,
        member_id=slip.member_id,
        placed_at=slip.returned_at,
        currency=slip.currency,
        total_minor=0,
        lines=slip.lines,
        fingerprint=slip.fingerprint(),
    )


def _slip_of(kept: KeptSlip, place_id: int, number: str, programme_id: int) -> Slip:
    assert kept.member_id is not None  # noqa: S101 - a slip without a member never waits
    return Slip(
        number=number,
        member_id=kept.member_id,
        lines=kept.lines,
        returned_at=kept.placed_at,
        place_id=place_id,
        till_id=None,
        programme_id=programme_id,
        currency=kept.currency,
        actor="import",
    )


def _settled(pieces: Sequence[Piece], returns: Sequence[Head]) -> list[SlipPiece]:
    refs = {each.order_return.order_ref: each.order_return.ref for each in returns}
    return [_piece(piece, refs) for piece in pieces]


def _piece(piece: Piece, refs: Mapping[str, str]) -> SlipPiece:
    """:param refs: order -> its return."""
    order_ref = piece.held.order_ref if piece.held else None
    return SlipPiece(
        line=piece.line,
        quantity=piece.quantity,
        order_ref=order_ref,
        return_ref=refs[order_ref] if order_ref else None,
    )


def _unexplained(piece: Piece, slip: Slip) -> UnexplainedLine:
    sku = slip.lines[piece.line].sku
    return UnexplainedLine(
        line=piece.line,
        sku=sku,
        quantity=piece.quantity,
        because=f"The member holds no more of {sku}: not bought before then, or brought back already.",
    )
