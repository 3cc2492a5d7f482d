"""Closing a month of the books: by whoever may, with a second person where the terms ask for one, and for good."""

from datetime import date, datetime, timedelta

from django.db import transaction

from loyalty.errors import AlreadyDecided, MonthCannotClose, NeedsAnotherPerson
from loyalty.models import BookLine, BookMonth, JournalLine, MonthState, ProgrammeTerms
from loyalty.queries.books import Books, lock_books
from loyalty.queries.closing import preview_close
from loyalty.queries.vocabulary import Home
from loyalty.rules.books import month_after


@transaction.atomic
def ask_to_close(home: Home, month: date, *, by: str, now: datetime) -> BookMonth:
    """Close a month, or let it wait for another person where the programme's terms ask for one.

    :param month: its first day.
    :param by: who asks, e.g. `staff:3`.
    :raises MonthCannotClose: something is missing; the detail says what.
    :raises AlreadyDecided: it is closed, or somebody asked for it before.
    """
    lock_books(home.id)
    if BookMonth.objects.filter(programme_id=home.id, month_on=month).exists():
        raise AlreadyDecided
    _ensure_nothing_is_missing(home, month, now)
    row = BookMonth(
        programme_id=home.id,
        month_on=month,
        last_on=month_after(month) - timedelta(days=1),
        state=MonthState.WAITING,
        asked_by=by,
        asked_at=now,
    )
    if ProgrammeTerms.objects.filter(programme_id=home.id, rules_need_approval=True).exists():
        row.save()
    else:
        _close(home, row, now)
    return row


@transaction.atomic
def agree_to_close(home: Home, month: date, *, by: str, now: datetime) -> BookMonth:
    """Close a month that a colleague asked to close.

    :raises AlreadyDecided: nobody asks for it, or it is closed.
    :raises NeedsAnotherPerson: it is this very colleague who asked.
    :raises MonthCannotClose: something came to be missing since.
    """
    row = _lock_waiting(home, month)
    if row.asked_by == by:
        raise NeedsAnotherPerson
    _ensure_nothing_is_missing(home, month, now)
    row.decided_by = by
    _close(home, row, now)
    return row


@transaction.atomic
def leave_open(home: Home, month: date) -> None:
    """Take back that a month shall be closed.

    :raises AlreadyDecided: nobody asks for it, or it is closed.
    """
    _lock_waiting(home, month).delete()


def _lock_waiting(home: Home, month: date) -> BookMonth:
    lock_books(home.id)
    row = BookMonth.objects.filter(programme_id=home.id, month_on=month, state=MonthState.WAITING).first()
    if row is None:
        raise AlreadyDecided
    return row


def _ensure_nothing_is_missing(home: Home, month: date, now: datetime) -> None:
    if missing := preview_close(home, month, now=now).missing:
        raise MonthCannotClose(" ".join(missing))


def _close(home: Home, row: BookMonth, now: datetime) -> None:
    """Write down what the month came to. What was recorded behind the last final day moves on to the open month."""
    books, following = Books(home), month_after(row.month_on)
    later = BookLine.objects.filter(programme_id=home.id, recorded_on__gt=books.final_until)
    later.filter(booked_on__lt=following).update(booked_on=following)

    postings = books.journal(row.month_on)
    end = books.days(row.last_on, following)[0]

    row.state, row.closed_at, row.recorded_until = MonthState.CLOSED, now, books.final_until
    row.closing_points, row.debt_points = end.closing_points, end.debt_points
    row.liability_minor = end.liability_minor
    row.save()
    JournalLine.objects.bulk_create(
        JournalLine(
            month=row,
            side=one.side,
            debit=one.debit,
            credit=one.credit,
            points=one.points,
            amount_minor=one.amount_minor,
        )
        for one in postings
    )
