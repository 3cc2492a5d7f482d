"""What the dashboard shows of sales."""

from datetime import datetime

from config.ground.amounts import decimals
from config.staff.dashboard import (
    Card,
    Chart,
    Number,
    Places,
    Series,
    Served,
    add_card,
    ask_who_serves_where,
)
from omnichannel.queries.figures import Sales, find_sales
from omnichannel.queries.places import list_codes_served

DAYS = 30
NO_SALES = Number("none", "No sales have been recorded yet.")


def sales(now: datetime, places: Places = ()) -> Number:
    """What was sold in thirty days."""
    found = _sales_of(now, places)
    if found is None:
        return NO_SALES
    total = sum(day.to_members_minor + day.to_others_minor for day in found.days)
    orders = sum(day.orders for day in found.days)
    unit = 10 ** decimals(found.currency)
    return Number(
        f"{(total + unit // 2) // unit:,}",
        f"in {orders:,} orders, {DAYS} days to {found.days[-1].day}",
        unit=found.currency,
    )


def share_of_members(now: datetime, places: Places = ()) -> Number:
    """How much of the sales was to people we know."""
    found = _sales_of(now, places)
    if found is None:
        return NO_SALES
    to_members = sum(day.to_members_minor for day in found.days)
    total = to_members + sum(day.to_others_minor for day in found.days)
    return Number(f"{100 * to_members // max(total, 1)} %", "of these sales were to members")


def sales_by_day(now: datetime, places: Places = ()) -> Chart:
    """Sales of thirty days, to members and to others."""
    found = _sales_of(now, places)
    if found is None:
        return Chart([], [])
    unit = 10 ** decimals(found.currency)
    return Chart(
        [f"{day.day:%-d %b}" for day in found.days],
        [
            Series("to members", [day.to_members_minor / unit for day in found.days]),
            Series("to others", [day.to_others_minor / unit for day in found.days]),
        ],
        unit=f"{found.currency}, {found.programme_name}",
        is_stacked=True,
    )


def _sales_of(now: datetime, places: Places) -> Sales | None:
    return find_sales(now=now, days=DAYS, place_ids=[place.place_id for place in places])


def _places_of(staff_id: int) -> Places:
    return tuple(Served(place_id, code) for place_id, code in list_codes_served(staff_id))


ask_who_serves_where(_places_of)
add_card(Card(f"Sales of {DAYS} days", 20, "omnichannel.view_order", sales, build_for=sales))
add_card(Card("Members' share", 30, "omnichannel.view_order", share_of_members, build_for=share_of_members))
add_card(
    Card("Sales per day", 50, "omnichannel.view_order", sales_by_day, is_wide=True, build_for=sales_by_day)
)
