"""Goods that come back without a receipt: which of the member's purchases they are taken from, and at which price."""

from collections.abc import Sequence

import msgspec

from loyalty.rules.bought import Bought
from loyalty.rules.return_shares import part_of
from omnichannel.rules.return_slips import HeldLine, SlipLine


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """So many pieces of a line of a slip, and the line of the purchase they are taken from; None: of none.

    :ivar told_minor: their part of what the line was told to be worth.
    """

    line: int
    quantity: int
    held: HeldLine | None
    told_minor: int | None


def explain(lines: Sequence[SlipLine], held: Sequence[HeldLine]) -> list[Piece]:
    """Take what comes back from what the member holds, in the order given (the latest purchase first).

    Never more than is held; what remains has a piece of its own, taken from nothing.
    """
    left = {(each.order_ref, each.position): each.left for each in held}
    pieces = []
    for number, line in enumerate(lines):
        wanted = line.quantity
        for each in held:
            taken = min(wanted, left[each.order_ref, each.position]) if each.sku == line.sku else 0
            if taken:
                left[each.order_ref, each.position] -= taken
                pieces.append(_piece(number, line, line.quantity - wanted, taken, each))
                wanted -= taken
        if wanted:
            pieces.append(_piece(number, line, line.quantity - wanted, wanted, None))
    return pieces


def _piece(number: int, line: SlipLine, before: int, quantity: int, held: HeldLine | None) -> Piece:
    """The part of the line's worth is rounded so that the parts of all its pieces add up to it."""
    told = None
    if line.total_minor is not None:
        told = (
            line.total_minor * (before + quantity) // line.quantity
            - line.total_minor * before // line.quantity
        )
    return Piece(line=number, quantity=quantity, held=held, told_minor=told)


def refund_minor(bought: Bought, pieces: Sequence[Piece]) -> int:
    """Money to hand back for these pieces of one purchase: as paid, or as told where that is less.

    What the points pay that go back is worth something too, so a told price hands back so much less money.
    """
    back = {line.position: line.returned for line in bought.lines}
    lines = {line.position: line for line in bought.lines}
    refund = 0
    for piece in pieces:
        if piece.held is None:
            continue
        line = lines[piece.held.position]
        before = dict(back)
        back[line.position] += piece.quantity
        paid, by_points = (
            part_of(minor, line, back) - part_of(minor, line, before)
            for minor in (line.paid_minor, line.total_minor - line.paid_minor)
        )
        refund += paid if piece.told_minor is None else min(paid, max(piece.told_minor - by_points, 0))
    return refund
