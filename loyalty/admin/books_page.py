"""What the pages of the books show: figures, charts and tables, from the programme's books."""

from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from config.ground.amounts import decimals, money
from config.ground.words import counted, listed
from config.staff.dashboard import Chart, Number, Series, Table
from loyalty.admin.cells import label
from loyalty.models import BookMonth
from loyalty.queries.book_revenue import get_revenue
from loyalty.queries.books import Books
from loyalty.queries.breakage import get_breakage
from loyalty.rules.books import BookMonthSum, Posting, month_after
from loyalty.rules.breakage import Breakage, CohortForecast

MONTHS = 24
"""So many months are told."""

CURVES = 4
"""So many cohorts are drawn as curves, the oldest."""

STATES = {"open": "default", "waiting": "warning", "closed": "success"}


def address_of(books: Books, month: date) -> str:
    """The page of a month."""
    return reverse("admin:loyalty_books_month", args=[books.home.id, f"{month:%Y-%m}"])


def books_page(books: Books, *, now: datetime) -> dict[str, Any]:
    """Figures, charts and months of the whole programme."""
    months = books.months(most=MONTHS)
    if not months:
        return {}
    breakage = get_breakage(books.home, now=now)
    first = months[0].month
    days = books.days(first, month_after(months[-1].month))
    last = max((day for day in days if day.sides), key=lambda day: day.day, default=days[-1])
    cost = books.costs.on(last.day)
    expected_minor = int(cost.of(last.closing_points - breakage.expected_points) // 1)
    return {
        "numbers": _numbers(books, months[-1], breakage, expected_minor),
        "liability": _liability(
            books, [(day.day, day.liability_minor) for day in days if day.day <= last.day]
        ),
        "moved": _moved(months),
        "breakage": _breakage_chart(breakage, months) if breakage.cohorts else None,
        "curves": _curves(breakage.cohorts) if any(one.broken_points for one in breakage.cohorts) else None,
        "cohorts": _cohorts(breakage),
        "error": _error_words(breakage),
        "months": _months(books, months),
    }


def month_page(books: Books, month: date, row: BookMonth | None) -> dict[str, Any]:
    """One month: what it came to, its journal, and what it sold beside."""
    currency = books.home.currency
    days = books.days(month, month_after(month))
    revenue = get_revenue(books.home, month)
    journal = books.journal(month)
    spent = sum(one.amount_minor for one in journal if one.side == "spent")
    end = days[-1]
    return {
        "numbers": [
            ("Points at the beginning", Number(f"{days[0].opening_points:,}")),
            ("Points at the end", Number(f"{end.closing_points:,}", _owed(end.debt_points))),
            ("Liability at the end", Number(money(end.liability_minor, currency))),
            (
                "Revenue",
                Number(
                    money(revenue.revenue_minor, currency),
                    f"sales {money(revenue.sales_minor, currency)}, "
                    f"refunds {money(revenue.refunds_minor, currency)}",
                ),
            ),
            (
                "Given away",
                Number(
                    money(revenue.paid_by_points_minor + revenue.discounts_minor, currency),
                    f"paid by points {money(revenue.paid_by_points_minor, currency)} (they cost "
                    f"{money(spent, currency)}), discounts {money(revenue.discounts_minor, currency)}, "
                    f"of these vouchers {money(revenue.vouchers_minor, currency)}",
                ),
            ),
        ],
        "journal": journal_table(journal, currency),
        "daily": Chart(
            [f"{day.day:%-d %b}" for day in days],
            [
                Series(side, [abs(day.sides.get(side, 0)) for day in days])
                for side in ("issued", "spent", "broken")
            ],
            unit="points",
        ),
        "row": row,
    }


def journal_table(journal: list[Posting], currency: str) -> Table:
    """A line for each half of each posting, and the sums, which are equal."""
    halves = [(one, *half) for one in journal for half in one.halves()]
    rows = [
        [one.side, account, _amount(debit, currency), _amount(credit, currency), f"{one.points:,}"]
        for one, account, debit, credit in halves
    ]
    sums = (sum(half[2] for half in halves), sum(half[3] for half in halves))
    rows.append(["", "Sum", *(money(total, currency) for total in sums), ""])
    return Table(["Side", "Account", "Debit", "Credit", "Points"], rows)


def _owed(points: int) -> str:
    return f"members owe {points:,} more" if points else ""


def _numbers(
    books: Books, last: BookMonthSum, breakage: Breakage, expected_minor: int
) -> list[tuple[str, Number]]:
    currency = books.home.currency
    error = breakage.error_bp.get(1)
    wrong = (
        f"past months were missed by {error / 100:.1f} %" if error is not None else "no past to measure it by"
    )
    to_close = books.next_to_close
    return [
        ("Points outstanding", Number(f"{last.closing_points:,}", _owed(last.debt_points))),
        ("Liability", Number(money(last.liability_minor, currency), "at what points cost")),
        (
            "Expected to run out",
            Number(f"{breakage.expected_points:,}", f"of those outstanding; {wrong}"),
        ),
        (
            "Liability net of breakage",
            Number(money(expected_minor, currency), "what is expected to be spent"),
        ),
        ("Next to close", Number(f"{to_close:%b %Y}" if to_close else "none")),
    ]


def _liability(books: Books, days: list[tuple[date, int]]) -> Chart:
    """Every day, or every so many, that about two hundred are drawn."""
    step = max(len(days) // 200, 1)
    drawn = [*days[:-1:step], days[-1]]
    scale = 10 ** decimals(books.home.currency)
    return Chart(
        [f"{day:%-d %b %Y}" for day, _ in drawn],
        [Series("liability", [minor / scale for _, minor in drawn], kind="line")],
        unit=books.home.currency,
    )


def _moved(months: list[BookMonthSum]) -> Chart:
    return Chart(
        [f"{month.month:%b %Y}" for month in months],
        [
            Series(side, [abs(month.sides[side]) for month in months])
            for side in ("issued", "spent", "broken", "corrected")
        ],
        unit="points",
    )


def _breakage_chart(breakage: Breakage, months: list[BookMonthSum]) -> Chart:
    """What ran out in each month, what was expected of it a month before, and what is expected of the next months."""
    broken = {month.month: -month.sides["broken"] for month in months}
    expected = {
        check.month: check.expected_points for check in breakage.checks if check.months_ahead == 1
    } | {one.month: one.points for one in breakage.coming}
    drawn = sorted({*expected, *broken})
    first_coming = breakage.coming[0].month
    return Chart(
        [f"{month:%b %Y}" for month in drawn],
        [
            Series("ran out", [broken.get(month, 0) if month < first_coming else 0 for month in drawn]),
            Series("expected", [expected.get(month, 0) for month in drawn], kind="line"),
        ],
        unit="points",
    )


def _curves(cohorts: list[CohortForecast]) -> Chart:
    """Percent of what each of the oldest months issued that had run out by each age, and what is expected of the
    newest that was seen for two ages.
    """
    shown = [one for one in cohorts if one.issued_points > one.other_points]
    series = [Series(f"{one.month:%b %Y}", _shares(one, one.by_age), kind="line") for one in shown[:CURVES]]
    expected = next((one for one in reversed(shown) if len(one.by_age) > 1), shown[0])
    curve = _shares(expected, [*expected.by_age, *expected.forecast_by_age])
    series.append(Series(f"{expected.month:%b %Y}, expected", curve, kind="line", is_quiet=True))
    unit = "% of what was issued, by age in months"
    return Chart([f"{age}" for age in range(len(curve))], series, unit=unit)


def _shares(one: CohortForecast, points: list[int]) -> list[float]:
    return [each * 100 / (one.issued_points - one.other_points) for each in points]


def _cohorts(breakage: Breakage) -> Table:
    return Table(
        [
            "Issued in",
            "Points",
            "Spent",
            "Ran out",
            "Taken back or moved",
            "Left",
            "Will run out",
            "In the end",
        ],
        [
            [
                f"{one.month:%b %Y}",
                f"{one.issued_points:,}",
                f"{one.spent_points:,}",
                f"{one.broken_points:,}",
                f"{one.other_points:,}",
                f"{one.left_points:,}",
                f"{one.expected_points:,}",
                f"{one.final_share_bp / 100:.1f} %",
            ]
            for one in breakage.cohorts
        ],
    )


def _error_words(breakage: Breakage) -> str:
    if not breakage.error_bp:
        return "Nothing has run out in whole months yet, so there is no past to measure the forecast by."
    told = [
        f"{error / 100:.1f} % {months} month{'s' if months > 1 else ''} ahead"
        for months, error in breakage.error_bp.items()
    ]
    final = [
        f"{error / 100:.1f} percentage points when it was {counted(months, 'month')} old"
        for months, error in breakage.final_error_bp.items()
    ]
    in_the_end = f" What a month came to in the end was missed by {listed(final)}." if final else ""
    return (
        "Measured on past months, each forecast from what was known then: the errors add up to "
        f"{' and '.join(told)} of what ran out.{in_the_end}"
    )


def _months(books: Books, months: list[BookMonthSum]) -> Table:
    return Table(
        ["Month", "Opening", "Issued", "Spent", "Ran out", "Corrected", "Closing", "Liability", "State"],
        [
            [
                _link(books, one.month),
                f"{one.opening_points:,}",
                *(f"{one.sides[side]:+,}" for side in ("issued", "spent", "broken", "corrected")),
                f"{one.closing_points:,}",
                money(one.liability_minor, books.home.currency),
                label(one.state, STATES[one.state]),
            ]
            for one in reversed(months)
        ],
    )


def _link(books: Books, month: date) -> SafeString:
    return format_html('<a class="text-link" href="{}">{}</a>', address_of(books, month), f"{month:%B %Y}")


def _amount(minor: int, currency: str) -> str:
    return money(minor, currency) if minor else ""
