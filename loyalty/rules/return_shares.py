"""How much of a purchase is undone once so many of each line have come back in all, exact over any sequence of returns.

A line's money by its quantity, an award by the money of its lines or what each brought of it, points spent by what
they paid of each line, each rounded down, so that all of it is undone when everything has come back, and not before. A
return undoes the difference between after and before; hence no way of splitting a return changes what it undoes in the
end.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

import msgspec

from loyalty.rules.bought import Bought, BoughtLine, Earned


class Undone(msgspec.Struct, frozen=True, kw_only=True):
    """What is undone once so many of each line have come back in all. `taken` has one number for each `earned`."""

    refund_minor: int
    points_paid_minor: int
    given: int
    qualifying_minor: int
    taken: list[int]


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
