"""What the dashboard shows of members."""

from datetime import datetime

from config.staff.dashboard import Card, Chart, Number, Places, Series, add_card
from members.models.members import EnrolledVia
from members.queries.figures import Arrivals, sum_arrivals

MONTHS = 12


def members(now: datetime, places: Places = ()) -> Number:
    """How many there are, and how many of them are new."""
    arrivals = _arrivals_of(now, places, months=1)
    new = sum(sum(counts) for counts in arrivals.by_way.values())
    note = f"{new:,} of them came since {arrivals.months[-1]}"
    return Number(f"{arrivals.members:,}", f"enrolled at your stores; {note}" if places else note)


def new_members_by_month(now: datetime, places: Places = ()) -> Chart:
    """Arrivals of twelve months, by the way they came."""
    arrivals = _arrivals_of(now, places, months=MONTHS)
    series = [Series(EnrolledVia(way).label, counts) for way, counts in arrivals.by_way.items()]
    return Chart([f"{month:%b %Y}" for month in arrivals.months], series, unit="members", is_stacked=True)


def _arrivals_of(now: datetime, places: Places, *, months: int) -> Arrivals:
    return sum_arrivals(now=now, months=months, place_codes=[place.code for place in places])


add_card(Card("Members", 10, "members.view_member", members, build_for=members))
add_card(
    Card(
        "New members per month",
        60,
        "members.view_member",
        new_members_by_month,
        build_for=new_members_by_month,
    )
)
