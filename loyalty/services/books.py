"""Keeping the books: each day's entries summed, again and again until the day is sealed, then once for good."""

from datetime import UTC, date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Max, Min

from config.ground.jobs import run_job
from loyalty.models import BookedDay, Entry, PointCost, ProgrammeTerms, Seal
from loyalty.queries.books import count_entries, lock_books

JOB = "loyalty.keep_books"


def say_cost(programme_id: int, *, from_on: date, per_points: int, cost_minor: int) -> None:
    """Say what points cost from a day on. A day that has its cost keeps it."""
    PointCost.objects.get_or_create(
        programme_id=programme_id,
        from_on=from_on,
        defaults={"per_points": per_points, "cost_minor": cost_minor},
    )


def keep_books(*, now: datetime) -> int:
    """Sum what was recorded since the last time, of every programme. Safe to repeat, any number at once.

    Each day is a transaction of its own: whoever is interrupted goes on behind the last one. Sealed days are a run
    that the admin shows; the day that still runs is summed again whenever entries came.

    :return: how many days were summed.
    """
    programmes = list(ProgrammeTerms.objects.order_by("programme_id").values_list("programme_id", flat=True))
    sealed = {programme_id: _sealed_days(programme_id) for programme_id in programmes}
    booked = 0
    if total := sum(len(days) for days in sealed.values()):
        with run_job(JOB, now) as progress:
            progress.expect(total)
            for programme_id, days in sealed.items():
                for day in days:
                    booked += _book(programme_id, day, is_final=True, now=now)
                    progress.advance(1)
    for programme_id in programmes:
        booked += sum(
            _book(programme_id, day, is_final=False, now=now) for day in _changed_days(programme_id, now)
        )
    return booked


def _book(programme_id: int, day: date, *, is_final: bool, now: datetime) -> bool:
    """Sum one day of recording; False if it is final already."""
    with transaction.atomic(), connection.cursor() as cursor:
        lock_books(programme_id)
        if BookedDay.objects.filter(programme_id=programme_id, recorded_on__gte=day, is_final=True).exists():
            return False
        cursor.execute("SELECT loyalty_book_day(%s, %s, %s, %s)", [programme_id, day, is_final, now])
    return True


def _sealed_days(programme_id: int) -> list[date]:
    """The days that are sealed and not summed for good yet, the oldest first."""
    booked = _last_final(programme_id)
    seals = Seal.objects.filter(programme_id=programme_id)
    if booked is not None:
        seals = seals.filter(sealed_on__gt=booked)
    return list(seals.order_by("sealed_on").values_list("sealed_on", flat=True))


def _changed_days(programme_id: int, now: datetime) -> list[date]:
    """The days after the last sealed one, to this one, whose entries are not those that were summed."""
    today = now.astimezone(UTC).date()
    final = _last_final(programme_id)
    first = final + timedelta(days=1) if final else _first_day(programme_id, today)
    days = [first + timedelta(days=n) for n in range((today - first).days + 1)]
    known = dict(
        BookedDay.objects.filter(programme_id=programme_id, recorded_on__in=days).values_list(
            "recorded_on", "entries"
        )
    )
    return [day for day, count in count_entries(programme_id, days).items() if count != known.get(day, 0)]


def _last_final(programme_id: int) -> date | None:
    days = BookedDay.objects.filter(programme_id=programme_id, is_final=True)
    found: date | None = days.aggregate(last=Max("recorded_on"))["last"]
    return found


def _first_day(programme_id: int, today: date) -> date:
    """That of the first entry."""
    found = Entry.objects.filter(programme_id=programme_id).aggregate(at=Min("recorded_at"))["at"]
    return found.astimezone(UTC).date() if found else today
