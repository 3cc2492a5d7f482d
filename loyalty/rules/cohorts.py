"""Points followed by the month in which they were born, and the shares of them that leave at each age.

This is the chain ladder of claims reserving (Mack 1993, "Distribution-free calculation of the standard error of chain
ladder reserve estimates", ASTIN Bulletin 23), told as a life table with competing exits: of what a month issued and
that were still there at the beginning of an age (in months), the share that was spent, ran out, or left otherwise
during it is taken over all cohorts that reached that age, weighted by points.

Ages that no cohort has reached get the shares of the last three ages seen together. Where points live for so many days
and no activity prolongs them, what is left at the end of that life runs out, whatever was seen.
"""

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from loyalty.rules.books import BROKEN, SPENT, side_of

POOLED_AGES = 3
LONGEST = 120
"""Months that a cohort is carried on at most: points that never run out would be carried for ever."""

DAYS_OF_A_MONTH = 30

Move = tuple[date, date, str, int]
"""Month of birth and of the movement (their first days), kind of the entry, sum of points."""


class Age(msgspec.Struct):
    """What became of a cohort's points in one month of its life. `other`: taken back, corrected, given away."""

    issued: int = 0
    spent: int = 0
    broken: int = 0
    other: int = 0

    @property
    def gone(self) -> int:
        return self.spent + self.broken + self.other


class Cohort(msgspec.Struct):
    """The points born in one month, by age in months."""

    month: date
    ages: list[Age]

    @property
    def issued(self) -> int:
        return sum(age.issued for age in self.ages)

    @property
    def spent(self) -> int:
        return sum(age.spent for age in self.ages)

    @property
    def broken(self) -> int:
        return sum(age.broken for age in self.ages)

    @property
    def other(self) -> int:
        return sum(age.other for age in self.ages)

    @property
    def left(self) -> int:
        return self.issued - sum(age.gone for age in self.ages)

    def until(self, ages: int) -> "Cohort":
        """The cohort as it was known when it was so many months old."""
        return Cohort(self.month, self.ages[:ages])


def months_apart(first: date, last: date) -> int:
    """How many months lie between the beginnings of two."""
    return (last.year - first.year) * 12 + last.month - first.month


def cohorts_of(moves: Iterable[Move], *, until: date) -> list[Cohort]:
    """The cohorts, the oldest first, each with every age up to the month before `until`; what came later is left out.

    A movement told for a time before its points were born counts at their birth.
    """
    found: dict[date, Cohort] = {}
    for month, moved, kind, points in moves:
        if month >= until or moved >= until:
            continue
        cohort = found.setdefault(month, Cohort(month, [Age() for _ in range(months_apart(month, until))]))
        age = cohort.ages[max(months_apart(month, moved), 0)]
        side = side_of(kind)
        if side == SPENT:
            age.spent -= points
        elif side == BROKEN:
            age.broken -= points
        elif points > 0 and kind != "reverse_earn":
            age.issued += points
        else:
            age.other -= points
    return [found[month] for month in sorted(found)]


class Rates(msgspec.Struct, frozen=True):
    """Shares of what is there at the beginning of an age (at age 0: of what is issued)."""

    spent: float
    broken: float
    other: float


class LifeTable:
    """The shares of each age, from what is known of all cohorts.

    :param life_months: the age in which everything left runs out; None where age alone ends nothing.
    """

    def __init__(self, cohorts: Sequence[Cohort], *, life_months: int | None) -> None:
        oldest = max((len(cohort.ages) for cohort in cohorts), default=0)
        there, gone = [0] * oldest, [Age() for _ in range(oldest)]
        for cohort in cohorts:
            left = 0
            for n, age in enumerate(cohort.ages):
                left += age.issued
                there[n] += left
                gone[n].spent += age.spent
                gone[n].broken += age.broken
                gone[n].other += age.other
                left -= age.gone
        self._rates = [_rates([there[n]], [gone[n]]) for n in range(oldest)]
        seen = [n for n in range(1, oldest) if there[n]][-POOLED_AGES:]
        self._tail = _rates([there[n] for n in seen], [gone[n] for n in seen])
        self._life = life_months

    def at(self, age: int) -> Rates:
        """The shares at an age, seen or not."""
        if age < len(self._rates):
            return self._rates[age]
        if self._life is not None and age >= self._life:
            return Rates(0.0, 1.0, 0.0)
        return self._tail

    def future_of(self, cohort: Cohort, *, months: int = LONGEST) -> list[float]:
        """How many of its points will run out in each of the next months."""
        left, broken = float(max(cohort.left, 0)), []
        for age in range(len(cohort.ages), len(cohort.ages) + months):
            rates = self.at(age)
            broken.append(left * rates.broken)
            left = max(left * (1 - rates.broken - rates.spent - rates.other), 0.0)
        return broken


def _rates(there: list[int], gone: list[Age]) -> Rates:
    base = sum(there)
    if base <= 0:
        return Rates(0.0, 0.0, 0.0)
    return Rates(
        _share(sum(age.spent for age in gone), base),
        _share(sum(age.broken for age in gone), base),
        _share(sum(age.other for age in gone), base),
    )


def _share(part: int, base: int) -> float:
    """Between 0 and 1: in a month in which more was given back than spent, nobody spent."""
    return min(max(part / base, 0.0), 1.0)


def life_months(kind: str, days: int | None) -> int | None:
    """The age in months in which the last points of this expiry run out; None where age alone ends nothing."""
    if days is None or kind in ("inactivity", "date"):
        return None
    longer = {"rolling": 0, "month": 1, "quarter": 3, "year": 12}[kind]
    return -(-days // DAYS_OF_A_MONTH) + longer
