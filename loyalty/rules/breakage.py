"""How many of the points outstanding will run out unspent: a forecast from cohorts, and how wrong it was.

The method is the chain ladder of claims reserving (Mack 1993, "Distribution-free calculation of the standard error
of chain ladder reserve estimates", ASTIN Bulletin 23), told as a life table with competing exits: of what a month
issued and that were still there at the beginning of an age (in months), the share that was spent, ran out, or left
otherwise during it is taken over all cohorts that reached that age, weighted by points. A cohort's points are carried
through the ages that lie before it by these shares.

Ages that no cohort has reached get the shares of the last three ages seen together. Where points live for so many days
and no activity prolongs them, what is left at the end of that life runs out, whatever was seen.
"""

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from loyalty.rules.books import BROKEN, SPENT, month_after, side_of

POOLED_AGES = 3
LONGEST = 120
"""Months that a cohort is carried on at most: points that never run out would be carried for ever."""

COMING = 12
"""So many months are told one by one."""

AGES_TOLD = 24
"""Up to this age a cohort's curve is told."""

HORIZONS = (1, 3)
"""Months ahead for which the past forecasts are measured."""

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


class CohortForecast(msgspec.Struct, frozen=True, kw_only=True):
    """A cohort and what is expected of it. `final_share_bp`: what ran out or will, in basis points of what it issued
    and was not taken back. `by_age`: what had run out by the end of each age; `forecast_by_age` goes on from there.
    """

    month: date
    issued_points: int
    spent_points: int
    broken_points: int
    other_points: int
    left_points: int
    expected_points: int
    final_share_bp: int
    by_age: list[int]
    forecast_by_age: list[int]


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """What was expected, so many months before, to run out in a month, and what did; of the same cohorts."""

    month: date
    months_ahead: int
    expected_points: int
    broken_points: int


class Coming(msgspec.Struct, frozen=True):
    """So many points will run out in a month."""

    month: date
    points: int


class Breakage(msgspec.Struct, frozen=True, kw_only=True):
    """`expected_points` of those outstanding will run out, `coming` month by month. `error_bp`: months ahead -> the sum
    of the errors as basis points of what ran out in these months; absent where nothing ran out.
    """

    cohorts: list[CohortForecast]
    expected_points: int
    coming: list[Coming]
    checks: list[Check]
    error_bp: dict[int, int]


def breakage_of(moves: Sequence[Move], *, until: date, life_months: int | None) -> Breakage:
    """Forecast and measured error from whole months before `until` (the first day of a month)."""
    cohorts = cohorts_of(moves, until=until)
    table = LifeTable(cohorts, life_months=life_months)
    told = [_forecast(cohort, table) for cohort in cohorts]
    checks = [
        check for ahead in HORIZONS for check in _checks(cohorts, months_ahead=ahead, life_months=life_months)
    ]
    return Breakage(
        cohorts=told,
        expected_points=sum(one.expected_points for one in told),
        coming=_coming(cohorts, table, until),
        checks=checks,
        error_bp={ahead: error for ahead in HORIZONS if (error := error_of(checks, ahead)) is not None},
    )


def error_of(checks: Iterable[Check], months_ahead: int) -> int | None:
    """The sum of the errors of the forecasts so far ahead, in basis points of what ran out; None if nothing did."""
    mine = [check for check in checks if check.months_ahead == months_ahead]
    broken = sum(check.broken_points for check in mine)
    missed = sum(abs(check.expected_points - check.broken_points) for check in mine)
    return missed * 10_000 // broken if broken > 0 else None


def _coming(cohorts: Sequence[Cohort], table: LifeTable, month: date) -> list[Coming]:
    futures = [table.future_of(cohort, months=COMING) for cohort in cohorts]
    coming = []
    for ahead in range(COMING):
        coming.append(Coming(month, round(sum(future[ahead] for future in futures))))
        month = month_after(month)
    return coming


def _forecast(cohort: Cohort, table: LifeTable) -> CohortForecast:
    future = table.future_of(cohort)
    expected = min(round(sum(future)), max(cohort.left, 0))
    kept = max(cohort.issued - cohort.other, 1)
    so_far, by_age = 0, []
    for age in cohort.ages:
        so_far += age.broken
        by_age.append(so_far)
    coming, forecast = float(so_far), []
    for broken in future[: max(AGES_TOLD - len(by_age), 0)]:
        coming += broken
        forecast.append(round(coming))
    return CohortForecast(
        month=cohort.month,
        issued_points=cohort.issued,
        spent_points=cohort.spent,
        broken_points=cohort.broken,
        other_points=cohort.other,
        left_points=cohort.left,
        expected_points=expected,
        final_share_bp=(cohort.broken + expected) * 10_000 // kept,
        by_age=by_age,
        forecast_by_age=forecast,
    )


def _checks(cohorts: Sequence[Cohort], *, months_ahead: int, life_months: int | None) -> list[Check]:
    """Each past month forecast from what was known so many months before it, once two ages were known then."""
    oldest = max((len(cohort.ages) for cohort in cohorts), default=0)
    checks = []
    for known in range(2, oldest - months_ahead + 1):
        then = [(cohort, ages) for cohort in cohorts if (ages := known - (oldest - len(cohort.ages))) > 0]
        table = LifeTable([cohort.until(ages) for cohort, ages in then], life_months=life_months)
        expected = sum(table.future_of(cohort.until(ages), months=months_ahead)[-1] for cohort, ages in then)
        broken = sum(cohort.ages[ages + months_ahead - 1].broken for cohort, ages in then)
        month = cohorts[0].month
        for _ in range(known + months_ahead - 1):
            month = month_after(month)
        checks.append(
            Check(
                month=month,
                months_ahead=months_ahead,
                expected_points=round(expected),
                broken_points=broken,
            )
        )
    return checks
