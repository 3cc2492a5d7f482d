"""How many of the points outstanding will run out unspent: a forecast from cohorts, and how wrong it was.

A cohort's points are carried through the ages that lie before it by the shares of `loyalty.rules.cohorts`.
"""

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from loyalty.rules.books import month_after
from loyalty.rules.cohorts import Cohort, LifeTable, Move, cohorts_of, months_apart

COMING = 12
"""So many months are told one by one."""

AGES_TOLD = 24
"""Up to this age a cohort's curve is told."""

HORIZONS = (1, 3)
"""Months ahead for which the past forecasts are measured."""

FINAL_AGES = (1, 3, 6)
"""Months after which the final share of a cohort was forecast that has ended since."""


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


class FinalCheck(msgspec.Struct, frozen=True, kw_only=True):
    """Of a cohort whose points have all left: the share that ran out in the end, as it was expected when the cohort was
    so many months old, and as it came to be; basis points of `kept_points`, what it issued and was not taken back.
    """

    month: date
    months_old: int
    kept_points: int
    expected_share_bp: int
    share_bp: int


class Coming(msgspec.Struct, frozen=True):
    """So many points will run out in a month."""

    month: date
    points: int


class Breakage(msgspec.Struct, frozen=True, kw_only=True):
    """`expected_points` of those outstanding will run out, `coming` month by month.

    `error_bp`: months ahead -> the sum of the errors as basis points of what ran out in these months; absent where
    nothing ran out. `final_error_bp`: months of age -> by how many basis points the final shares were wrong on average,
    weighted by points; absent where no cohort has ended.
    """

    cohorts: list[CohortForecast]
    expected_points: int
    coming: list[Coming]
    checks: list[Check]
    error_bp: dict[int, int]
    final_checks: list[FinalCheck]
    final_error_bp: dict[int, int]


def breakage_of(moves: Sequence[Move], *, until: date, life_months: int | None) -> Breakage:
    """Forecast and measured error from whole months before `until` (the first day of a month)."""
    cohorts = cohorts_of(moves, until=until)
    table = LifeTable(cohorts, life_months=life_months)
    told = [_forecast(cohort, table) for cohort in cohorts]
    checks = [
        check for ahead in HORIZONS for check in _checks(cohorts, months_ahead=ahead, life_months=life_months)
    ]
    ended = [
        check
        for age in FINAL_AGES
        for check in _final_checks(cohorts, months_old=age, life_months=life_months)
    ]
    return Breakage(
        cohorts=told,
        expected_points=sum(one.expected_points for one in told),
        coming=_coming(cohorts, table, until),
        checks=checks,
        error_bp={ahead: error for ahead in HORIZONS if (error := error_of(checks, ahead)) is not None},
        final_checks=ended,
        final_error_bp={
            age: error for age in FINAL_AGES if (error := final_error_of(ended, age)) is not None
        },
    )


def error_of(checks: Iterable[Check], months_ahead: int) -> int | None:
    """The sum of the errors of the forecasts so far ahead, in basis points of what ran out; None if nothing did."""
    mine = [check for check in checks if check.months_ahead == months_ahead]
    broken = sum(check.broken_points for check in mine)
    missed = sum(abs(check.expected_points - check.broken_points) for check in mine)
    return missed * 10_000 // broken if broken > 0 else None


def final_error_of(checks: Iterable[FinalCheck], months_old: int) -> int | None:
    """By how many basis points the final shares were wrong, on average over the points; None if no cohort has ended."""
    mine = [check for check in checks if check.months_old == months_old]
    kept = sum(check.kept_points for check in mine)
    missed = sum(abs(check.expected_share_bp - check.share_bp) * check.kept_points for check in mine)
    return round(missed / kept) if kept else None


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


def _final_checks(cohorts: Sequence[Cohort], *, months_old: int, life_months: int | None) -> list[FinalCheck]:
    """Each cohort that has ended, forecast from what was known of all when it was so many months old and had not."""
    checks = []
    for cohort in cohorts:
        kept, early = cohort.issued - cohort.other, cohort.until(months_old)
        is_known = (
            months_old < len(cohort.ages) and months_apart(cohorts[0].month, cohort.month) + months_old > 1
        )
        if cohort.left > 0 or kept <= 0 or early.left <= 0 or not is_known:
            continue
        later = len(cohort.ages) - months_old
        then = [one.until(len(one.ages) - later) for one in cohorts if len(one.ages) > later]
        table = LifeTable(then, life_months=life_months)
        expected = early.broken + min(sum(table.future_of(early)), early.left)
        checks.append(
            FinalCheck(
                month=cohort.month,
                months_old=months_old,
                kept_points=kept,
                expected_share_bp=round(expected * 10_000 / kept),
                share_bp=round(cohort.broken * 10_000 / kept),
            )
        )
    return checks
