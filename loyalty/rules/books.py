"""What finance reads out of the ledger: sides of the books, points in money, a month's journal.

Outstanding points are what is left in all lots. An entry changes them by its `points` and, where it made or paid debt,
by its `debt_change`: what a member owes is a side of its own.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction

import msgspec

ISSUED, SPENT, BROKEN, CORRECTED, MOVED, DEBT, REVALUED = SIDES = (
    "issued",
    "spent",
    "broken",
    "corrected",
    "moved",
    "debt",
    "revalued",
)

_SIDE_OF = {
    "earn": ISSUED,
    "bonus": ISSUED,
    "reverse_earn": ISSUED,
    "spend": SPENT,
    "reverse_spend": SPENT,
    "expire": BROKEN,
    "adjust": CORRECTED,
    "transfer_out": MOVED,
    "transfer_in": MOVED,
    "merge_out": MOVED,
    "merge_in": MOVED,
    "merge_back": MOVED,
    "pool_out": MOVED,
    "pool_in": MOVED,
    "pool_home": MOVED,
    "pool_back": MOVED,
}
"""Kind of an entry -> its side. What is taken back lessens what was issued, what is given back what was spent."""

LESSENING = frozenset({SPENT, BROKEN})
"""Sides that are told positive when they lessen what is outstanding; all others when they raise it."""

_OUTSTANDING = "2400 Points outstanding"
ACCOUNTS: dict[str, tuple[str, str]] = {
    ISSUED: ("4900 Revenue deferred for points", _OUTSTANDING),
    SPENT: (_OUTSTANDING, "4910 Revenue from points spent"),
    BROKEN: (_OUTSTANDING, "4920 Revenue from points run out"),
    CORRECTED: ("6900 Corrections and goodwill", _OUTSTANDING),
    MOVED: ("2490 Points moved between members", _OUTSTANDING),
    DEBT: ("1490 Points owed by members", _OUTSTANDING),
    REVALUED: ("6950 Points valued anew", _OUTSTANDING),
}
"""Side -> debit and credit account, as a retailer who defers revenue for points (IFRS 15) would book."""


def side_of(kind: str) -> str:
    """The side of an entry's kind.

    :raises KeyError: for a kind nobody has given a side; a test asks for every kind there is.
    """
    return _SIDE_OF[kind]


class Cost(msgspec.Struct, frozen=True):
    """So many points cost so many minor units, from a day on."""

    from_on: date
    points: int
    minor: int

    def of(self, points: int) -> Fraction:
        """What so many points cost, exactly, in minor units."""
        return Fraction(points * self.minor, self.points)


class Costs:
    """Costs per point with their periods; `otherwise` before the first of them."""

    def __init__(self, costs: Iterable[Cost], *, otherwise: Cost) -> None:
        self._costs = sorted(costs, key=lambda cost: cost.from_on)
        self._days = [cost.from_on for cost in self._costs]
        self._otherwise = otherwise

    def on(self, day: date) -> Cost:
        """The cost that holds on a day."""
        at = bisect_right(self._days, day)
        return self._costs[at - 1] if at else self._otherwise

    def liability_minor(self, points: int, day: date) -> int:
        """What outstanding points cost at the end of a day, rounded down to whole minor units."""
        return int(self.on(day).of(points) // 1)


class BookDay(msgspec.Struct, frozen=True, kw_only=True):
    """One day. `sides`: points of each side as a change of what is outstanding, so spent and broken are below 0.

    `debt_points`: what members owe at its end.
    """

    day: date
    opening_points: int
    sides: Mapping[str, int]
    closing_points: int
    debt_points: int
    liability_minor: int


Change = tuple[date, str, int, int]
"""A day, a kind, the sum of points and the sum of debt changes."""


def days_of(
    changes: Iterable[Change], *, since: date, until: date, opening: int, owed: int, costs: Costs
) -> list[BookDay]:
    """The days from `since` to before `until`, without gaps.

    :param opening: points outstanding before them. :param owed: points owed before them.
    """
    by_day: dict[date, dict[str, int]] = {}
    for day, kind, points, debt_change in changes:
        sides = by_day.setdefault(day, {})
        side = side_of(kind)
        sides[side] = sides.get(side, 0) + points
        if debt_change:
            sides[DEBT] = sides.get(DEBT, 0) + debt_change
    days = []
    for day in (since + timedelta(days=n) for n in range((until - since).days)):
        sides = by_day.get(day, {})
        closing, owed = opening + sum(sides.values()), owed + sides.get(DEBT, 0)
        days.append(
            BookDay(
                day=day,
                opening_points=opening,
                sides=sides,
                closing_points=closing,
                debt_points=owed,
                liability_minor=costs.liability_minor(closing, day),
            )
        )
        opening = closing
    return days


class Posting(msgspec.Struct, frozen=True, kw_only=True):
    """One side of a month's journal: `amount_minor` from `debit` to `credit`, below 0 the other way round."""

    side: str
    debit: str
    credit: str
    points: int
    amount_minor: int

    @property
    def effect_minor(self) -> int:
        """How it changes the liability."""
        return -self.amount_minor if self.side in LESSENING else self.amount_minor

    def halves(self) -> list[tuple[str, int, int]]:
        """Account, debit and credit of its two halves; neither is ever below 0."""
        debit, credit = (self.debit, self.credit) if self.amount_minor >= 0 else (self.credit, self.debit)
        return [(debit, abs(self.amount_minor), 0), (credit, 0, abs(self.amount_minor))]


def journal_of(
    days: Sequence[BookDay], *, costs: Costs, opening_minor: int, accounts: Mapping[str, tuple[str, str]]
) -> list[Posting]:
    """A month's journal: each side at the cost of its days, to the nearest minor unit. What the liability changes
    beyond that, because a point costs something else now or by rounding, is the side `revalued`.

    :param days: all days of the month.
    :param opening_minor: the liability before them.
    """
    postings = []
    for side in SIDES[:-1]:
        points = sum(day.sides.get(side, 0) for day in days)
        worth = round(sum((costs.on(day.day).of(day.sides.get(side, 0)) for day in days), Fraction(0)))
        if points or worth:
            postings.append(_posting(side, points, worth, accounts))
    change = days[-1].liability_minor - opening_minor
    if rest := change - sum(posting.effect_minor for posting in postings):
        postings.append(_posting(REVALUED, 0, rest, accounts))
    return postings


def _posting(side: str, points: int, effect_minor: int, accounts: Mapping[str, tuple[str, str]]) -> Posting:
    sign = -1 if side in LESSENING else 1
    debit, credit = accounts.get(side) or ACCOUNTS[side]
    return Posting(
        side=side, debit=debit, credit=credit, points=sign * points, amount_minor=sign * effect_minor
    )


def month_after(day: date) -> date:
    """The first day of the next month."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def months_between(first: date, last: date) -> list[date]:
    """The first days of the months from the one of `first` to the one of `last`."""
    months, month = [], first.replace(day=1)
    while month <= last:
        months.append(month)
        month = month_after(month)
    return months


class BookMonthSum(msgspec.Struct, frozen=True, kw_only=True):
    """A month of the books. `sides` as of a `BookDay`; `state` is open, waiting (for a second person) or closed."""

    month: date
    state: str
    opening_points: int
    sides: Mapping[str, int]
    closing_points: int
    debt_points: int
    liability_minor: int


def month_sum(days: Sequence[BookDay], *, state: str) -> BookMonthSum:
    """All days of one month in one."""
    told = {side: sum(day.sides.get(side, 0) for day in days) for side in SIDES[:-1]}
    return BookMonthSum(
        month=days[0].day,
        state=state,
        opening_points=days[0].opening_points,
        sides=told,
        closing_points=days[-1].closing_points,
        debt_points=days[-1].debt_points,
        liability_minor=days[-1].liability_minor,
    )


JOURNAL_HEADERS = (
    "month",
    "programme",
    "side",
    "account",
    "debit_minor",
    "credit_minor",
    "currency",
    "points",
)


def journal_rows(
    journal: Iterable[Posting], *, month: date, programme: str, currency: str
) -> list[tuple[str | int, ...]]:
    """The journal as rows of a file, two for each posting, in whole minor units, as `JOURNAL_HEADERS` names them."""
    return [
        (f"{month:%Y-%m}", programme, one.side, account, debit, credit, currency, one.points)
        for one in journal
        for account, debit, credit in one.halves()
    ]
