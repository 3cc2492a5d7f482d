"""Sums over all orders, for charts."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncDate

from omnichannel.models import Order, OrderState, Programme, UnclaimedOrder

Where = dict[str, list[int]]


@dataclass(frozen=True)
class DaySales:
    """What was sold on one day of the programme's calendar, in minor units, to members and to people unknown."""

    day: date
    to_members_minor: int
    to_others_minor: int
    orders: int


@dataclass(frozen=True)
class Sales:
    """The sales of a programme, day by day without gaps."""

    programme_name: str
    currency: str
    days: list[DaySales]


def find_sales(*, now: datetime, days: int, place_ids: Collection[int] = ()) -> Sales | None:
    """The sales of the first programme that has any: `days` days up to the last one with a sale, at the latest today.

    Cancelled orders are left out.

    :param place_ids: only of these stores and web shops; of all if it is empty.
    """
    where = {"place_id__in": list(place_ids)} if place_ids else {}
    for programme in Programme.objects.order_by("pk"):
        last = _last_sale(programme.pk, now, where)
        if last is not None:
            return Sales(programme.name, programme.currency, _by_day(programme, last, days, where))
    return None


def _last_sale(programme_id: int, now: datetime, where: Where) -> datetime | None:
    newest = [
        model.objects.filter(programme_id=programme_id, placed_at__lte=now, **where)
        .order_by("-placed_at")
        .values_list("placed_at", flat=True)
        .first()
        for model in (Order, UnclaimedOrder)
    ]
    return max((moment for moment in newest if moment), default=None)


def _by_day(programme: Programme, last: datetime, days: int, where: Where) -> list[DaySales]:
    zone = ZoneInfo(programme.timezone)
    last_day = last.astimezone(zone).date()
    first_day = last_day - timedelta(days=days - 1)
    since = datetime.combine(first_day, time.min, zone)
    until = datetime.combine(last_day + timedelta(days=1), time.min, zone)
    meant = {"programme": programme, "placed_at__gte": since, "placed_at__lt": until, **where}
    to_members = _sums(Order.objects.exclude(state=OrderState.CANCELLED).filter(**meant), zone)
    to_others = _sums(UnclaimedOrder.objects.filter(**meant), zone)
    nothing = (0, 0)
    return [
        DaySales(
            day,
            to_members.get(day, nothing)[0],
            to_others.get(day, nothing)[0],
            to_members.get(day, nothing)[1] + to_others.get(day, nothing)[1],
        )
        for day in (first_day + timedelta(days=offset) for offset in range(days))
    ]


def _sums(orders: QuerySet[Order] | QuerySet[UnclaimedOrder], zone: ZoneInfo) -> dict[date, tuple[int, int]]:
    """Minor units and number of orders of each day."""
    rows = (
        orders.annotate(day=TruncDate("placed_at", tzinfo=zone))
        .values_list("day")
        .annotate(total=Sum("total_minor"), count=Count("pk"))
    )
    return {day: (total, count) for day, total, count in rows}
