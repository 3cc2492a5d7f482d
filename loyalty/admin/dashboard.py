"""What the dashboard shows of points and tiers."""

from datetime import datetime, timedelta

from config.ground.amounts import money
from config.staff.dashboard import Card, Chart, Number, Series, add_card
from loyalty.queries.figures import (
    count_members_by_tier,
    count_offers,
    list_outstanding,
    sum_movements,
)

WEEKS = 12
OFFERS_OF = timedelta(weeks=4)


def points_outstanding(_now: datetime) -> Number:
    """Points in members' hands, and what they are worth."""
    programmes = list_outstanding()
    if not programmes:
        return Number("none", "No programme has declared its terms yet.")
    worth = ", ".join(
        f"{money(one.liability_minor, one.currency)} ({one.programme_name})" for one in programmes
    )
    return Number(f"{sum(one.points for one in programmes):,}", f"they pay for {worth}")


def offers_granted(now: datetime) -> Number:
    """Personal offers of the last four weeks, and how many were used."""
    offers = count_offers(since=now - OFFERS_OF)
    share = f", {offers.used * 100 // offers.granted} %" if offers.granted else ""
    return Number(f"{offers.granted:,}", f"granted in four weeks; {offers.used:,} used{share}")


def points_by_week(now: datetime) -> Chart:
    """Points issued, spent and expired in twelve weeks."""
    moved = sum_movements(now=now, weeks=WEEKS)
    series = [Series(side, points) for side, points in moved.points.items()]
    return Chart([f"{week:%-d %b}" for week in moved.weeks], series, unit="points")


def members_by_tier(now: datetime) -> Chart:
    """How many members stand on each tier."""
    tiers = count_members_by_tier(now=now)
    return Chart(
        [name for name, _ in tiers], [Series("members", [count for _, count in tiers])], is_horizontal=True
    )


add_card(Card("Points outstanding", 40, "loyalty.view_entry", points_outstanding))
add_card(Card("Personal offers", 45, "loyalty.view_grant", offers_granted))
add_card(Card("Points per week", 70, "loyalty.view_entry", points_by_week))
add_card(Card("Members by tier", 80, "loyalty.view_tierstanding", members_by_tier))
