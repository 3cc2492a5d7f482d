"""Seals: each closed day's entries, digested and chained to the day before, so that tampering shows."""

from datetime import UTC, date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Min

from config.ground.jobs import run_job
from loyalty.models import Entry, ProgrammeTerms, Seal

CLOSES_AFTER = timedelta(hours=1)
"""A day is closed so long after its midnight (UTC): by then every transaction that began in it has ended."""
DIGEST_VERSION = 2
"""What a new seal's digest covers, as `loyalty_digest_of_day` says."""


def seal_closed_days(*, now: datetime) -> int:
    """Seal every closed day that has none yet, of every programme, oldest first. Safe to repeat.

    :return: how many days were sealed.
    """
    last = (now - CLOSES_AFTER).astimezone(UTC).date() - timedelta(days=1)
    due = [
        (programme_id, first) for programme_id in _programmes() if (first := _first_day(programme_id)) <= last
    ]
    if not due:
        return 0
    sealed = 0
    with run_job("loyalty.seal_days", now) as progress:
        for programme_id, first in due:
            for day in (first + timedelta(days=n) for n in range((last - first).days + 1)):
                sealed += seal_day(programme_id, day, now=now)
                progress.advance(1)
    return sealed


def seal_day(programme_id: int, day: date, *, now: datetime) -> bool:
    """Seal one day, whose predecessors are sealed.

    :return: False if it is sealed already.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        previous = Seal.objects.filter(programme_id=programme_id).order_by("-sealed_on").first()
        if previous is not None and previous.sealed_on >= day:
            return False
        cursor.execute(
            "INSERT INTO loyalty_seal (programme_id, sealed_on, entries, points, digest, digest_version, made_at)"
            " SELECT %s, %s::date, d.entries, d.points, d.digest, %s, %s"
            " FROM loyalty_digest_of_day(%s, %s::date, %s::bytea, %s) d ON CONFLICT DO NOTHING",
            [
                *(programme_id, day, DIGEST_VERSION, now),
                *(programme_id, day, bytes(previous.digest) if previous else b"", DIGEST_VERSION),
            ],
        )
        return bool(cursor.rowcount)


def _programmes() -> list[int]:
    return list(ProgrammeTerms.objects.order_by("programme_id").values_list("programme_id", flat=True))


def _first_day(programme_id: int) -> date:
    """The first day without a seal: after the last one sealed, or that of the first entry."""
    last = Seal.objects.filter(programme_id=programme_id).order_by("-sealed_on").first()
    if last is not None:
        return last.sealed_on + timedelta(days=1)
    first: datetime | None = Entry.objects.filter(programme_id=programme_id).aggregate(at=Min("recorded_at"))[
        "at"
    ]
    return first.astimezone(UTC).date() if first else date.max
