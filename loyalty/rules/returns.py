"""Undoing a purchase: points go back where they came from, and what was earned is taken out of the lots. Pure.

How much is undone: `loyalty.rules.return_shares`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import product

import msgspec

from loyalty.rules.bought import Bought, Drawn, LotNow
from loyalty.rules.return_shares import undone_by


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """Points into (above 0) or out of a lot, for the entry `entry_id` that is undone; None: for the points spent.

    :ivar lot_id: None for the debt: points above 0 pay it, points below 0 are owed.
    """

    entry_id: int | None
    lot_id: int | None
    points: int


class Undoing(msgspec.Struct, frozen=True, kw_only=True):
    """What one return changes.

    :ivar refund_minor: money to hand back.
    :ivar qualifying_points: earned points that no longer count towards tiers, be they still there or not.
    :ivar taken: points taken back, out of lots or, `owed` of them, as debt.
    :ivar settled: points that other returns had left with the member, and that came back now.
    :ivar missing: points that should be taken back and are not there.
    :ivar left: of which awards they are missing.
    :ivar expired: points that need not be taken back, for they ran out before.
    """

    refund_minor: int
    points_paid_minor: int
    qualifying_minor: int
    qualifying_points: int
    moves: list[Move]
    given: int
    taken: int
    owed: int
    expired: int
    missing: int
    settled: int = 0
    left: dict[int, int] = {}


def undo(bought: Bought, coming: Mapping[int, int], *, owes: bool, as_of: datetime, now: datetime) -> Undoing:
    """What a return undoes.

    Points that were spent pay what the member owes, or go back where they came from, those that live longest first,
    and settle what other returns had left; then what was earned is taken back: out of the purchase's own lots, then,
    but for points that ran out, out of those that expire first. What is set aside is owed, for it was not spent.

    :param coming: position -> how many of the line come back now; never more than are left.
    :param as_of: the moment of the return, at which points run out and mature.
    :param now: the moment at which it is booked: what is set aside is so now.
    :param owes: the member owes what is not there; pending points are taken then too, before anything is owed.
    """
    before = {line.position: line.returned for line in bought.lines}
    after = {position: count + coming.get(position, 0) for position, count in before.items()}
    was, will = undone_by(bought, before), undone_by(bought, after)
    gives = _paying_debt(_give(bought.drawn, will.given - bought.points_given), bought, as_of)
    settles = _settle(bought, gives, as_of)
    filled = _filled(bought.lots, [*gives, *settles], as_of, is_pending_taken=owes)
    lots = _beyond_holds(filled, bought.held, now)
    due = {
        earned.entry_id: points - earned.taken
        for points, earned in zip(will.taken, bought.earned, strict=True)
    }
    takes = _take(due, [lot for lot in lots if lot.is_own], most=sum(due.values()))
    open_points = max(sum(due.values()) - bought.expired_counted, 0)
    expired = min(open_points, bought.expired - bought.expired_counted)
    takes += _take(due, [lot for lot in lots if not lot.is_own], most=open_points - expired)
    missing = max(sum(due.values()) - bought.expired_counted - expired, 0)
    set_aside = sum(lot.remaining for lot in filled) - sum(lot.remaining for lot in lots)
    owed = _owe(due, most=missing if owes else min(missing, set_aside))
    missing += sum(move.points for move in owed)
    left = {move.entry_id: -move.points for move in _owe(due, most=missing) if move.entry_id is not None}
    return Undoing(
        refund_minor=will.refund_minor - was.refund_minor,
        points_paid_minor=will.points_paid_minor - was.points_paid_minor,
        qualifying_minor=will.qualifying_minor - was.qualifying_minor,
        qualifying_points=sum(will.taken) - sum(was.taken),
        moves=gives + settles + takes + owed,
        given=sum(move.points for move in gives),
        taken=-sum(move.points for move in takes + owed),
        owed=-sum(move.points for move in owed),
        expired=expired,
        missing=missing,
        settled=-sum(move.points for move in settles),
        left=left,
    )


def _give(drawn: Sequence[Drawn], wanted: int) -> list[Move]:
    """Fill what the purchase drew with so many points, in the order given."""
    moves = []
    for draw in drawn:
        filled = min(draw.points - draw.given, wanted)
        if filled > 0:
            moves.append(Move(entry_id=None, lot_id=draw.lot_id, points=filled))
            wanted -= filled
    return moves


def _paying_debt(gives: Sequence[Move], bought: Bought, now: datetime) -> list[Move]:
    """Of what goes back, own points that can still be used pay the debt first, those that expire first in front."""
    ends = {draw.lot_id: now if draw.is_pooled else draw.expires_at for draw in bought.drawn}
    debt = bought.debt
    kept = []
    for move in reversed(gives):
        ends_at = ends[move.lot_id] if move.lot_id is not None else None
        paid = min(move.points, debt) if ends_at is None or ends_at > now else 0
        debt -= paid
        if move.points > paid:
            kept.append(msgspec.structs.replace(move, points=move.points - paid))
    if paid_in_all := bought.debt - debt:
        kept.append(Move(entry_id=None, lot_id=None, points=paid_in_all))
    return kept[::-1]


def _settle(bought: Bought, gives: Sequence[Move], now: datetime) -> list[Move]:
    """Of what goes back and can still be used, what other returns had left; what expires first in front."""
    given = {move.lot_id: move.points for move in gives}
    back = [
        msgspec.structs.replace(lot, remaining=given[lot.id])
        for lot in bought.lots
        if lot.id in given and (lot.expires_at is None or lot.expires_at > now)
    ]
    return _take({each.entry_id: each.points for each in bought.forgiven}, back, most=sum(given.values()))


def _filled(
    lots: Sequence[LotNow], moved: Sequence[Move], now: datetime, *, is_pending_taken: bool
) -> list[LotNow]:
    """The lots that can be drawn on once points went back: what is theirs, and what can be spent, or still matures."""
    return [
        msgspec.structs.replace(
            lot, remaining=lot.remaining + sum(move.points for move in moved if move.lot_id == lot.id)
        )
        for lot in lots
        if (lot.expires_at is None or lot.expires_at > now)
        and (lot.is_own or is_pending_taken or lot.available_from <= now)
    ]


def _beyond_holds(lots: Sequence[LotNow], held: int, now: datetime) -> list[LotNow]:
    """The lots without what is set aside: of the points that can be spent, those that live longest.

    :param lots: those that expire first in front.
    """
    free = []
    for lot in reversed(lots):
        kept = min(lot.remaining, held) if lot.available_from <= now else 0
        held -= kept
        free.append(msgspec.structs.replace(lot, remaining=lot.remaining - kept))
    return free[::-1]


def _take(due: dict[int, int], lots: Sequence[LotNow], *, most: int) -> list[Move]:
    """Draw what is due, award by award and lot by lot; `due` keeps what could not be drawn."""
    left = {lot.id: lot.remaining for lot in lots}
    moves = []
    for entry_id, lot in product(due, lots):
        points = min(due[entry_id], left[lot.id], most)
        if points > 0:
            moves.append(Move(entry_id=entry_id, lot_id=lot.id, points=-points))
            due[entry_id] -= points
            left[lot.id] -= points
            most -= points
    return moves


def _owe(due: dict[int, int], *, most: int) -> list[Move]:
    """What could not be drawn of each award, as debt; `due` keeps the rest."""
    moves = []
    for entry_id, points in due.items():
        if owed := min(points, most):
            moves.append(Move(entry_id=entry_id, lot_id=None, points=-owed))
            due[entry_id] -= owed
            most -= owed
    return moves
