"""What a voucher takes off the lines of a purchase. Minor units; no line ever comes below zero.

What several lines share is spread by largest remainder, in proportion to what is left of each.
"""

from collections.abc import Sequence

from config.ground.money import split
from loyalty.rules.basket import Line
from loyalty.rules.vouchers import AmountOff, FreeShipping, GiftCard, PercentOff, ProductFor, Series

Positions = Sequence[int]


def positions_of(series: Series, lines: Sequence[Line]) -> list[int]:
    """The lines that a voucher of the series is about."""
    return [position for position, line in enumerate(lines) if series.covers(line)]


def cuts_of(
    series: Series,
    lines: Sequence[Line],
    positions: Positions,
    *,
    nets: Sequence[int],
    left: Sequence[int],
    most: int | None = None,
) -> list[int]:
    """What the voucher takes off each line; 0 for lines it is not about.

    :param positions: the lines that it is about.
    :param nets: what the lines cost before any voucher.
    :param left: what vouchers before it left of them.
    :param most: it takes off so much at most.
    """
    cuts = [0] * len(lines)
    gives = series.definition.gives
    if isinstance(gives, ProductFor):
        _free_pieces(gives, lines, positions, left, cuts)
    elif positions:
        lefts = [left[position] for position in positions]
        total = min(_wanted(series, sum(nets[position] for position in positions), sum(lefts)), sum(lefts))
        for position, cut in zip(positions, split(total, lefts), strict=True):
            cuts[position] = cut
    if most is None or (total := sum(cuts)) <= most:
        return cuts
    return split(most, cuts)


def _wanted(series: Series, price: int, left: int) -> int:
    """What the voucher would take off, if there were enough."""
    match series.definition.gives:
        case AmountOff(minor=minor):
            return minor
        case PercentOff(percent=percent, most_minor=most):
            of = price if series.definition.stacking.of_price else left
            cut = (of * percent + 50) // 100
            return cut if most is None else min(cut, most)
        case FreeShipping(most_minor=most):
            return left if most is None else most
        case GiftCard() | ProductFor():
            return 0


def _free_pieces(
    gives: ProductFor, lines: Sequence[Line], positions: Positions, left: Sequence[int], cuts: list[int]
) -> None:
    """The dearest pieces go first; of equals those in front."""
    pieces = gives.pieces
    worth = {position: left[position] // lines[position].quantity for position in positions}
    for position in sorted(positions, key=lambda each: (-worth[each], each)):
        taken = min(lines[position].quantity, pieces)
        cuts[position] = max(worth[position] - gives.price_minor, 0) * taken
        pieces -= taken
