"""The books as they stand: days, months and the journal of a programme, from its lines."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cached_property

from django.db import connection
from django.db.models import Max, Min, Sum

from loyalty.models import (
    BookedDay,
    BookLine,
    BookMonth,
    JournalAccount,
    JournalLine,
    MonthState,
    PointCost,
    ProgrammeTerms,
)
from loyalty.queries.vocabulary import Home
from loyalty.rules.books import (
    BookDay,
    BookMonthSum,
    Cost,
    Costs,
    Posting,
    days_of,
    journal_of,
    month_after,
    month_sum,
    months_between,
)

FIRST_DAY = date(1, 1, 1)


class Books:
    """One programme's books. Each look reads what it needs once."""

    def __init__(self, home: Home) -> None:
        self.home = home

    @cached_property
    def costs(self) -> Costs:
        """Costs per point; before the first of them, and as long as there is none, what points pay."""
        rows = PointCost.objects.filter(programme_id=self.home.id)
        terms = ProgrammeTerms.objects.filter(programme_id=self.home.id).first()
        otherwise = Cost(FIRST_DAY, terms.burn_points, terms.burn_minor) if terms else Cost(FIRST_DAY, 1, 0)
        return Costs((Cost(row.from_on, row.per_points, row.cost_minor) for row in rows), otherwise=otherwise)

    @cached_property
    def accounts(self) -> dict[str, tuple[str, str]]:
        """Side -> debit and credit account, where the programme has its own."""
        rows = JournalAccount.objects.filter(programme_id=self.home.id)
        return {row.side: (row.debit, row.credit) for row in rows}

    @cached_property
    def closed(self) -> dict[date, BookMonth]:
        """The closed months by their first day."""
        rows = BookMonth.objects.filter(programme_id=self.home.id, state=MonthState.CLOSED)
        return {row.month_on: row for row in rows.order_by("month_on")}

    @cached_property
    def span(self) -> tuple[date, date] | None:
        """The first and the last day on which anything was booked."""
        found = BookLine.objects.filter(programme_id=self.home.id).aggregate(
            first=Min("booked_on"), last=Max("booked_on")
        )
        return (found["first"], found["last"]) if found["first"] else None

    @property
    def next_to_close(self) -> date | None:
        """The first month that is open: the only one that can be closed now."""
        if self.closed:
            return month_after(max(self.closed))
        return self.span[0].replace(day=1) if self.span else None

    @cached_property
    def final_until(self) -> date | None:
        """The last day of recording that is sealed and summed for good."""
        days = BookedDay.objects.filter(programme_id=self.home.id, is_final=True)
        found: date | None = days.aggregate(last=Max("recorded_on"))["last"]
        return found

    def days(self, since: date, until: date) -> list[BookDay]:
        """The days from `since` to before `until`."""
        lines = BookLine.objects.filter(programme_id=self.home.id)
        before = lines.filter(booked_on__lt=since).aggregate(points=Sum("points"), debt=Sum("debt_change"))
        changes = (
            lines.filter(booked_on__gte=since, booked_on__lt=until)
            .values_list("booked_on", "kind")
            .annotate(points=Sum("points"), debt_changes=Sum("debt_change"))
        )
        owed = before["debt"] or 0
        opening = (before["points"] or 0) + owed
        return days_of(changes, since=since, until=until, opening=opening, owed=owed, costs=self.costs)

    def months(self, *, most: int) -> list[BookMonthSum]:
        """The last months in which anything was booked, at most so many, the oldest first. Read in one statement."""
        if self.span is None:
            return []
        starts = months_between(*self.span)[-most:]
        states = dict(BookMonth.objects.filter(programme_id=self.home.id).values_list("month_on", "state"))
        by_month: dict[date, list[BookDay]] = {start: [] for start in starts}
        for day in self.days(starts[0], month_after(starts[-1])):
            by_month[day.day.replace(day=1)].append(day)
        return [month_sum(days, state=states.get(month, "open")) for month, days in by_month.items()]

    def opening_minor(self, month: date, opening_points: int) -> int:
        """The liability before a month begins; of a closed one before it what was closed."""
        before = month - timedelta(days=1)
        closed = self.closed.get(before.replace(day=1))
        if closed is not None and closed.liability_minor is not None:
            return closed.liability_minor
        return self.costs.liability_minor(opening_points, before)

    def journal(self, month: date) -> list[Posting]:
        """A month's journal: as it was closed, else as it would be closed now."""
        if month in self.closed:
            return list_postings(self.closed[month])
        days = self.days(month, month_after(month))
        opening = self.opening_minor(month, days[0].opening_points)
        return journal_of(days, costs=self.costs, opening_minor=opening, accounts=self.accounts)


def list_postings(month: BookMonth) -> list[Posting]:
    """The journal of a closed month as it was closed."""
    rows = JournalLine.objects.filter(month=month).order_by("pk")
    return [
        Posting(
            side=row.side,
            debit=row.debit,
            credit=row.credit,
            points=row.points,
            amount_minor=row.amount_minor,
        )
        for row in rows
    ]


def lock_books(programme_id: int) -> None:
    """Nobody else sums or closes this programme's books until commit. Tills never wait for it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('loyalty.books'), %s)", [programme_id])


def count_entries(programme_id: int, days: Sequence[date]) -> dict[date, int]:
    """How many entries were recorded on each of some UTC days; read by the index of programme and moment."""
    counts = {}
    with connection.cursor() as cursor:
        for day in days:
            cursor.execute(
                "SELECT count(*) FROM loyalty_entry WHERE programme_id = %s"
                " AND recorded_at >= %s::date::timestamp AT TIME ZONE 'UTC'"
                " AND recorded_at < (%s::date + 1)::timestamp AT TIME ZONE 'UTC'",
                [programme_id, day, day],
            )
            counts[day] = cursor.fetchone()[0]
    return counts
