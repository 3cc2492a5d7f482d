"""What the dashboard shows of members."""

from datetime import datetime

from config.staff.dashboard import Card, Chart, Number, Series, add_card
from members.models.members import EnrolledVia
from members.queries.figures import sum_arrivals

WEEKS = 12


def members(now: datetime) -> Number:
    """How many there are, and how many of them are new."""
    arrivals = sum_arrivals(now=now, weeks=1)
    new = sum(sum(counts) for counts in arrivals.by_way.values())
    return Number(f"{arrivals.members:,}", f"{new:,} of them came in the week of {arrivals.weeks[-1]}")


def new_members_by_week(now: datetime) -> Chart:
    """Arrivals of twelve weeks, by the way they came."""
    arrivals = sum_arrivals(now=now, weeks=WEEKS)
    series = [Series(EnrolledVia(way).label, counts) for way, counts in arrivals.by_way.items()]
    return Chart([f"{week:%-d %b}" for week in arrivals.weeks], series, unit="members", is_stacked=True)


add_card(Card("Members", 10, "members.view_member", members))
add_card(Card("New members per week", 60, "members.view_member", new_members_by_week))
