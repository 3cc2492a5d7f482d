"""Sums over all members, for charts."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.db.models import Count
from django.db.models.functions import TruncMonth

from members.models import Member
from members.models.members import MemberState


@dataclass(frozen=True)
class Arrivals:
    """How many members there are, and how many came in each month (its first day, UTC) and by which way."""

    members: int
    months: list[date]
    by_way: dict[str, list[int]]


def sum_arrivals(*, now: datetime, months: int, place_codes: Collection[str] = ()) -> Arrivals:
    """Active members, and the arrivals of the `months` months up to this one.

    :param place_codes: only of who enrolled at these stores and web shops; of all if it is empty.
    """
    enrolled = Member.objects.filter(state=MemberState.ACTIVE, enrolled_at__lte=now)
    if place_codes:
        enrolled = enrolled.filter(enrolled_at_place__in=list(place_codes))
    rows = (
        enrolled.annotate(month=TruncMonth("enrolled_at", tzinfo=UTC))
        .values_list("month", "enrolled_via")
        .annotate(members=Count("pk"))
        .order_by("month")
    )
    counts: Counter[tuple[date, str]] = Counter()
    for month, way, members in rows:
        counts[month.date(), way] += members
    this = now.year * 12 + now.month - 1
    firsts = [date(at // 12, at % 12 + 1, 1) for at in range(this - months + 1, this + 1)]
    ways = sorted({way for month, way in counts if month in firsts})
    return Arrivals(counts.total(), firsts, {way: [counts[month, way] for month in firsts] for way in ways})
