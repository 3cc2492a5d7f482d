"""What a month still lacks before it can be closed, and what whoever closes it should know."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec
from django.db.models import Count, Sum

from config.ground.models import JobRun
from config.ground.words import counted
from loyalty.models import BookLine, Correction, CorrectionState, Lot, PointCost, Wallet
from loyalty.queries.books import Books
from loyalty.queries.vocabulary import Home
from loyalty.rules.books import month_after

PROOF = "loyalty.verify_ledger"


class ClosePreview(msgspec.Struct, frozen=True):
    """`missing`: why it cannot be closed yet. `notes`: what is open beside it, and stops nobody."""

    missing: list[str]
    notes: list[str]


def preview_close(home: Home, month: date, *, now: datetime) -> ClosePreview:
    """What closing the month that begins on this day would run into."""
    books = Books(home)
    end = datetime.combine(month_after(month), time(), ZoneInfo(home.timezone))
    missing = [] if end <= now else [f"The month lasts until the end of {_day(end)}."]
    if books.next_to_close is None:
        missing.append("Nothing is booked yet.")
    elif month in books.closed:
        missing.append("It is closed.")
    elif books.next_to_close < month:
        missing.append(f"{books.next_to_close:%B %Y} comes first.")
    elif books.next_to_close > month:
        missing.append(f"The books begin with {books.next_to_close:%B %Y}.")
    needed = (end - timedelta(microseconds=1)).astimezone(UTC).date()
    if books.final_until is None or books.final_until < needed:
        missing.append(f"The day of recording {needed} (UTC) is not sealed and summed yet.")
    if not PointCost.objects.filter(programme_id=home.id, from_on__lte=month).exists():
        missing.append(f"Nobody has said what a point costs on {month}.")
    missing += _not_booked(home, end) + _not_proven()
    return ClosePreview(missing, _too_late(books, month) + _notes(home))


def _not_booked(home: Home, end: datetime) -> list[str]:
    lots = Lot.objects.filter(wallet__programme_id=home.id, remaining__gt=0, expires_at__lte=end)
    found = lots.aggregate(lots=Count("pk"), points=Sum("remaining"))
    if not found["lots"]:
        return []
    return [f"{found['points']:,} points ran out and are not booked yet; the clock does it within minutes."]


def _not_proven() -> list[str]:
    last = JobRun.objects.filter(name=PROOF).order_by("-started_at").first()
    return ["The last proof of the ledger failed."] if last and last.state == JobRun.State.FAILED else []


def _too_late(books: Books, month: date) -> list[str]:
    """What would count in the month, and was recorded on days that are not final."""
    if books.final_until is None:
        return []
    lines = BookLine.objects.filter(programme_id=books.home.id, recorded_on__gt=books.final_until)
    points = lines.filter(booked_on__lt=month_after(month)).aggregate(points=Sum("points"))["points"]
    if not points:
        return []
    until = books.final_until
    return [f"{points:,} points of this month were recorded after {until} (UTC) and count in the next."]


def _notes(home: Home) -> list[str]:
    waiting = Correction.objects.filter(wallet__programme_id=home.id, state=CorrectionState.WAITING)
    corrections = waiting.aggregate(count=Count("pk"), points=Sum("points"))
    wallets = Wallet.objects.filter(programme_id=home.id)
    sums = wallets.aggregate(pending=Sum("pending"), debt=Sum("debt"))
    notes = []
    if corrections["count"]:
        asked = counted(corrections["count"], "correction")
        notes.append(f"{asked} ({corrections['points']:+,} points) wait for a second person.")
    if sums["debt"]:
        notes.append(f"Members owe {sums['debt']:,} points.")
    if sums["pending"]:
        notes.append(f"{sums['pending']:,} of the points outstanding have not matured.")
    return notes


def _day(end: datetime) -> str:
    return f"{(end - timedelta(days=1)).date()}"
