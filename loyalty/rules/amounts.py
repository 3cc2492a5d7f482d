"""What the lines of a purchase come to, by what a rule declares. Minor units; whole numbers throughout."""

from collections.abc import Sequence
from typing import Literal

from loyalty.rules.basket import Line
from loyalty.rules.definition import Basic, Basis, PerStep, Rounding
from loyalty.rules.scope import EVERYTHING, Scope, fits


class Amounts:
    """The lines of one purchase, and what each comes to by a basis; each basis is reckoned once.

    :ivar nets: price less the till's discounts, per line.
    :ivar paid: what of that is paid in money, per line.
    :ivar not_counted: positions of lines that count by no basis.
    """

    def __init__(
        self,
        lines: Sequence[Line],
        nets: Sequence[int],
        paid: Sequence[int],
        not_counted: frozenset[int] = frozenset(),
    ) -> None:
        self.lines = lines
        self.nets = nets
        self.paid = paid
        self.not_counted = not_counted
        self._known: dict[Basis, list[int]] = {}
        self._all: dict[Basis, list[int]] = {}

    def by(self, basis: Basis) -> list[int]:
        """What each line comes to; 0 for a line that does not count."""
        known = self._known.get(basis)
        if known is None:
            known = self._known[basis] = [
                _amount(basis, line, net, paid) if counts(basis, line) else 0
                for line, net, paid in zip(self.lines, self.nets, self.paid, strict=True)
            ]
            for position in self.not_counted:
                known[position] = 0
        return known

    def positions(self, scope: Scope, basis: Basis) -> list[int]:
        """The lines in scope that count."""
        everything = self._all.get(basis)
        if everything is None:
            everything = self._all[basis] = [
                position
                for position, line in enumerate(self.lines)
                if counts(basis, line) and position not in self.not_counted
            ]
        if scope == EVERYTHING:
            return everything
        return [position for position in everything if fits(scope, self.lines[position])]

    def sum_of(self, positions: Sequence[int], basis: Basis) -> int:
        """What these lines come to together."""
        amounts = self.by(basis)
        return sum(amounts[position] for position in positions)

    def pieces_of(self, positions: Sequence[int]) -> int:
        """How many pieces these lines hold."""
        return sum(self.lines[position].quantity for position in positions)


def counts(basis: Basis, line: Line) -> bool:
    """Whether a line of this kind counts."""
    return line.kind not in _kinds_left_out(basis)


def _kinds_left_out(basis: Basis) -> tuple[Literal["shipping", "gift_card"], ...]:
    if basis.with_shipping:
        return () if basis.with_gift_cards else ("gift_card",)
    return ("shipping",) if basis.with_gift_cards else ("shipping", "gift_card")


def _amount(basis: Basis, line: Line, net: int, paid: int) -> int:
    """Tax is taken out in proportion to what is left of the line's price, rounded down."""
    whole = line.quantity * line.unit_price_minor if basis.before_discounts else net
    if not basis.with_points:
        whole -= net - paid
    if basis.without_tax and net:
        return whole * max(net - line.tax_minor, 0) // net
    return whole


def basic_points(effect: Basic, amount: int) -> int:
    """What a basic rule gives for an amount."""
    if isinstance(effect, PerStep):
        return points_per_step(amount, step_minor=effect.step_minor, points=effect.points)
    return points_in_proportion(
        amount, per_minor=effect.per_minor, points=effect.points, rounding=effect.rounding
    )


def points_per_step(paid_minor: int, *, step_minor: int, points: int) -> int:
    """Points for each *full* step paid; the rest of a step earns nothing.

    10 points per full 100.00: 19_999 minor units earn 10, 20_000 earn 20.
    """
    return paid_minor // step_minor * points


def points_in_proportion(paid_minor: int, *, per_minor: int, points: int, rounding: Rounding) -> int:
    """Points in exact proportion, rounded once: half of a point goes up by `half_up`.

    1 point per 1.00: 1_050 minor units earn 10 down, 11 half up, 11 up.
    """
    exact = paid_minor * points
    match rounding:
        case "down":
            return exact // per_minor
        case "half_up":
            return (2 * exact + per_minor) // (2 * per_minor)
        case "up":
            return -(-exact // per_minor)
