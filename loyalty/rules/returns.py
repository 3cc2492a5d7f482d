"""Undoing a purchase in proportion. Pure, and exact over any sequence of returns.

What has been undone is a function of how many of each line have come back in all: a line's money by its quantity, an
award by the money of its lines or what each brought of it, points spent by what they paid of each line, each rounded
down, so that all of it is undone when everything has come back, and not before. A return undoes the difference between
after and before; hence no way of splitting a return changes what it undoes in the end.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from itertools import product

import msgspec


class BoughtLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line as it was bought. Minor units; `total_minor` is net of discounts, `paid_minor` of points too.

    :ivar returned: how many came back before.
    """

    position: int
    sku: str
    name: str
    category: str
    department: str
    quantity: int
    total_minor: int
    paid_minor: int
    returned: int


class Earned(msgspec.Struct, frozen=True, kw_only=True):
    """An entry by which the purchase earned.

    :ivar lines: positions of the lines that it was earned by.
    :ivar taken: points of it that were taken back before.
    :ivar weights: how much each of `lines` brought of it, in proportion; None or empty: as much as was paid for it.
    """

    entry_id: int
    rule: str
    rule_version_id: int | None
    points: int
    lines: list[int]
    taken: int
    weights: list[int] | None = None


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """Points that the purchase spent out of a lot, and how many of them went back into it before."""

    lot_id: int
    points: int
    given: int
    expires_at: datetime | None


class LotNow(msgspec.Struct, frozen=True, kw_only=True):
    """A lot with points that can still be used.

    :ivar is_own: the purchase itself filled it.
    """

    id: int
    remaining: int
    available_from: datetime
    expires_at: datetime | None
    is_own: bool


class Forgiven(msgspec.Struct, frozen=True, kw_only=True):
    """Points of an award of another purchase that its return did not find, and left with the member."""

    entry_id: int
    points: int
    order_ref: str
    rule_version_id: int | None


class Bought(msgspec.Struct, frozen=True, kw_only=True):
    """A purchase and what became of its points, read under the wallet's lock.

    :ivar points_spent: points that paid `points_paid_minor` of it; `points_given` of them came back before.
    :ivar debt: points that the member owes.
    :ivar qualifying_minor: what it counted towards tiers.
    :ivar held: points of `lots` that are set aside for other purchases.
    :ivar expired: points it earned that ran out.
    :ivar expired_counted: those of them that earlier returns took as taken back.
    :ivar forgiven: what returns left with the member after the purchase had spent its points.
    :ivar lots: of the wallet, its own, those it drew, and of the others those that expire first, as many as it needs.
    """

    lines: list[BoughtLine]
    earned: list[Earned]
    points_spent: int
    points_given: int
    points_paid_minor: int
    qualifying_minor: int
    debt: int
    drawn: list[Drawn]
    expired: int
    expired_counted: int
    held: int = 0
    lots: list[LotNow]
    forgiven: list[Forgiven] = []


class Undone(msgspec.Struct, frozen=True, kw_only=True):
    """What is undone once so many of each line have come back in all. `taken` has one number for each `earned`."""

    refund_minor: int
    points_paid_minor: int
    given: int
    qualifying_minor: int
    taken: list[int]


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


def undone_by(bought: Bought, back: Mapping[int, int]) -> Undone:
    """
    :param back: position -> how many of the line have come back in all.
    """
    refunds = {line.position: part_of(line.paid_minor, line, back) for line in bought.lines}
    refund = sum(refunds.values())
    points_paid = sum(part_of(line.total_minor - line.paid_minor, line, back) for line in bought.lines)
    paid = sum(line.paid_minor for line in bought.lines)
    return Undone(
        refund_minor=refund,
        points_paid_minor=points_paid,
        given=_share(bought.points_spent, points_paid, bought.points_paid_minor),
        qualifying_minor=_share(bought.qualifying_minor, refund, paid)
        if paid
        else _share(bought.qualifying_minor, points_paid, bought.points_paid_minor),
        taken=[_taken(earned, bought.lines, refunds, back) for earned in bought.earned],
    )


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


def part_of(minor: int, line: BoughtLine, back: Mapping[int, int]) -> int:
    """The part of a line's amount that came back with so many of it."""
    return minor * back[line.position] // line.quantity if line.quantity else 0


def _share(of: int, part: int, whole: int) -> int:
    """So much of something as `part` is of `whole`."""
    return of * part // whole if whole else 0


def _taken(
    earned: Earned, lines: Sequence[BoughtLine], refunds: Mapping[int, int], back: Mapping[int, int]
) -> int:
    """What is taken back of an award: by what each line brought, else by money, by number where they cost nothing."""
    weights = dict(zip(earned.lines, earned.weights or (), strict=False))
    if whole := sum(weights.get(line.position, 0) for line in lines if line.quantity):
        part = sum(
            Fraction(weights.get(line.position, 0) * back[line.position], line.quantity)
            for line in lines
            if line.quantity
        )
        return int(earned.points * part / whole)
    own = [line for line in lines if line.position in earned.lines]
    if paid := sum(line.paid_minor for line in own):
        return _share(earned.points, sum(refunds[line.position] for line in own), paid)
    pieces = sum(line.quantity for line in own)
    return _share(earned.points, sum(back[line.position] for line in own), pieces)


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
    """Of what goes back, points that can still be used pay the debt first, those that expire first in front."""
    ends = {draw.lot_id: draw.expires_at for draw in bought.drawn}
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
