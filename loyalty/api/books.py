"""The books for other systems: days, months, the journal and breakage of a programme."""

from datetime import date, datetime, timedelta
from typing import Annotated, ClassVar
from zoneinfo import ZoneInfo

from django.http import StreamingHttpResponse
from msgspec import Meta
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.caller import caller_of
from config.ground.api.door import Answer, Door
from config.ground.refusals import InvalidInput, NotFound
from config.ground.spreadsheets import csv_lines
from loyalty.queries.book_revenue import BookRevenue, get_revenue
from loyalty.queries.books import Books
from loyalty.queries.breakage import get_breakage
from loyalty.queries.vocabulary import Home, find_home
from loyalty.rules.books import JOURNAL_HEADERS, BookDay, BookMonthSum, Posting, journal_rows
from loyalty.rules.breakage import Breakage
from omnichannel.api.programmes import ProgrammeParams, programme_id_for

LONGEST = 400
USUAL = 30
MOST_MONTHS = 120


class DaysParams(ProgrammeParams, frozen=True, kw_only=True):
    """From `since_on` to the end of `until_on`, days of the programme's calendar, at most 400 of them; the last thirty
    unless said otherwise.
    """

    since_on: date | None = None
    until_on: date | None = None


class JournalParams(ProgrammeParams, frozen=True, kw_only=True):
    month: Annotated[str, Meta(pattern=r"^[12][0-9]{3}-(0[1-9]|1[0-2])$", description="Such as 2026-01.")]


class BookDays(Body, frozen=True, kw_only=True):
    programme: str
    currency: str
    days: list[BookDay]


class BookMonths(Body, frozen=True, kw_only=True):
    programme: str
    currency: str
    months: list[BookMonthSum]


class JournalAnswer(Body, frozen=True, kw_only=True):
    """A month's journal and what the month sold; `is_closed`: it never changes again."""

    programme: str
    currency: str
    month: str
    is_closed: bool
    postings: list[Posting]
    revenue: BookRevenue


class BookDaysDoor(Door):
    """What was issued, spent, ran out, was corrected, moved and owed on each day, and the liability at its end."""

    scope = "reports"
    params: ClassVar = {"get": DaysParams}
    answers: ClassVar = {"get": {200: BookDays}}

    def get(self, request: Request) -> Answer:
        asked: DaysParams = self.query(request)
        home = _home(request, asked)
        until = asked.until_on or _today(home)
        since = asked.since_on or until - timedelta(days=USUAL - 1)
        if not 0 <= (until - since).days < LONGEST:
            raise InvalidInput(f"Ask for 1 to {LONGEST} days.", pointer="/until_on")
        days = Books(home).days(since, until + timedelta(days=1))
        return Answer(BookDays(programme=home.code, currency=home.currency, days=days))


class BookMonthsDoor(Door):
    """The months in which anything was booked, the oldest first: sums, liability, and whether they are closed."""

    scope = "reports"
    params: ClassVar = {"get": ProgrammeParams}
    answers: ClassVar = {"get": {200: BookMonths}}

    def get(self, request: Request) -> Answer:
        home = _home(request, self.query(request))
        months = Books(home).months(most=MOST_MONTHS)
        return Answer(BookMonths(programme=home.code, currency=home.currency, months=months))


class Journal(Door):
    """A month's journal: of a closed month as it was closed, else as it would be closed now."""

    scope = "reports"
    params: ClassVar = {"get": JournalParams}
    answers: ClassVar = {"get": {200: JournalAnswer}}

    def get(self, request: Request) -> Answer:
        asked: JournalParams = self.query(request)
        books, month = Books(_home(request, asked)), _first(asked.month)
        answer = JournalAnswer(
            programme=books.home.code,
            currency=books.home.currency,
            month=asked.month,
            is_closed=month in books.closed,
            postings=books.journal(month),
            revenue=get_revenue(books.home, month),
        )
        return Answer(answer)


class JournalFile(Door):
    """The same journal as CSV, two lines for each posting."""

    scope = "reports"
    params: ClassVar = {"get": JournalParams}
    answers: ClassVar = {"get": {200: "text/csv"}}

    def get(self, request: Request) -> StreamingHttpResponse:
        asked: JournalParams = self.query(request)
        home, month = _home(request, asked), _first(asked.month)
        rows = journal_rows(
            Books(home).journal(month), month=month, programme=home.code, currency=home.currency
        )
        return StreamingHttpResponse(csv_lines(JOURNAL_HEADERS, rows), content_type="text/csv; charset=utf-8")


class BreakageDoor(Door):
    """Cohorts by month of issue, how many of their points will run out, and how wrong such forecasts were."""

    scope = "reports"
    params: ClassVar = {"get": ProgrammeParams}
    answers: ClassVar = {"get": {200: Breakage}}

    def get(self, request: Request) -> Answer:
        home = _home(request, self.query(request))
        return Answer(get_breakage(home, now=clock.now()))


def _home(request: Request, asked: ProgrammeParams) -> Home:
    home = find_home(programme_id_for(caller_of(request), asked.programme))
    if home is None:
        raise NotFound
    return home


def _today(home: Home) -> date:
    now: datetime = clock.now()
    return now.astimezone(ZoneInfo(home.timezone)).date()


def _first(month: str) -> date:
    return date.fromisoformat(f"{month}-01")
