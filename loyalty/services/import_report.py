"""What became of an import: counts, and the rows that were not taken with the reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

Watch = Callable[[str, int, int], None]
"""Told of progress: what is done now, how much of it is done, and of how much."""


class Refusals(Protocol):
    """Where the rows go that were not taken."""

    def add(self, file: str, row: int, reason: str, raw: Sequence[str]) -> None:
        """Keep a row of a file: its line, why it was not taken, and its cells (or those that name its order)."""


@dataclass
class Tally:
    """Counts of one import.

    :ivar orders_booked: members' orders, new in this run; `orders_anonymous`: new ones that nobody has put a member to.
    :ivar orders_known: told before, by an earlier run or by a till.
    :ivar returns_booked: put to the purchases they came from, `returns_partly` of them only in part.
    :ivar returns_unexplained: of goods that the member did not buy here; `returns_anonymous`: by nobody.
    :ivar rows_left_out: rows that are no sale of goods; their orders were booked without them.
    """

    orders_booked: int = 0
    orders_anonymous: int = 0
    orders_known: int = 0
    orders_refused: int = 0
    returns_booked: int = 0
    returns_partly: int = 0
    returns_unexplained: int = 0
    returns_anonymous: int = 0
    returns_known: int = 0
    rows_left_out: int = 0
    rows_refused: int = 0
    points_earned: int = 0
    points_taken: int = 0
    members_new: int = 0
    products_new: int = 0
    products_changed: int = 0
    places_new: int = 0
    seconds: float = 0.0


@dataclass
class Report:
    """An import as it goes along: counts, refusals, and the names of its files by number."""

    refusals: Refusals
    watch: Watch
    tally: Tally = field(default_factory=Tally)
    files: list[str] = field(default_factory=list)

    def refuse_row(self, file: str, row: int, reason: str, raw: Sequence[str]) -> None:
        self.tally.rows_refused += 1
        self.refusals.add(file, row, reason, raw)

    def leave_out(self, file: str, row: int, reason: str, raw: Sequence[str]) -> None:
        self.tally.rows_left_out += 1
        self.refusals.add(file, row, f"left out: {reason}", raw)

    def refuse_order(self, file: int, row: int, reason: str, raw: Sequence[str]) -> None:
        self.tally.orders_refused += 1
        self.refusals.add(self.files[file], row, reason, raw)
