"""Sums over all members, for charts."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count
from django.db.models.functions import TruncWeek

from members.models import Member
from members.models.members import MemberState


@dataclass(frozen=True)
class Arrivals:
    """How many members there are, and how many came in each week (its Monday, UTC) and by which way."""

    members: int
    weeks: list[date]
    by_way: dict[str, list[int]]


def sum_arrivals(*, now: datetime, weeks: int) -> Arrivals:
    """Active members, and the arrivals of the `weeks` weeks up to the last one in which somebody came."""
    enrolled = Member.objects.filter(state=MemberState.ACTIVE, enrolled_at__lte=now)
    rows = (
        enrolled.annotate(week=TruncWeek("enrolled_at"))
        .values_list("week", "enrolled_via")
        .annotate(members=Count("pk"))
        .order_by("week")
    )
    counts: Counter[tuple[date, str]] = Counter()
    for week, way, members in rows:
        counts[week.date(), way] += members
    last = max((week for week, _ in counts), default=now.date() - timedelta(days=now.weekday()))
    mondays = [last - timedelta(weeks=back) for back in reversed(range(weeks))]
    ways = sorted({way for week, way in counts if week in mondays})
    return Arrivals(counts.total(), mondays, {way: [counts[week, way] for week in mondays] for way in ways})
