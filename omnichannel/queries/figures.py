"""Sums over all orders, for charts."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncDate

from omnichannel.models import Order, OrderReturn, OrderState, Programme, UnclaimedOrder

Where = dict[str, list[int]]
Sums = dict[date, tuple[int, int]]
"""Minor units and number of orders of each day."""

_CAME_BACK_UNCLAIMED = """
SELECT x.day, sum(CASE WHEN x.is_cancelled THEN x.total_minor ELSE x.refund_minor END)::bigint,
  count(*) FILTER (WHERE x.is_cancelled)
FROM (
  SELECT (u.placed_at AT TIME ZONE %(zone)s)::date AS day, u.total_minor,
    u.returns->-1->>'state' = 'cancelled' AS is_cancelled,
    (SELECT sum((b->>'refund_minor')::bigint) FROM jsonb_array_elements(u.returns) b) AS refund_minor
  FROM omnichannel_unclaimedorder u
  WHERE u.programme_id = %(programme)s AND u.placed_at >= %(since)s AND u.placed_at < %(until)s
    AND u.returns <> '[]' AND (%(places)s::bigint[] IS NULL OR u.place_id = ANY (%(places)s::bigint[]))) x
GROUP BY x.day
"""


@dataclass(frozen=True)
class DaySales:
    """What was sold on one day of the programme's calendar, in minor units, to members and to people unknown, less the
    money that was handed back for goods of it, whenever they came back.
    """

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
    to_members = _less(
        _sums(Order.objects.exclude(state=OrderState.CANCELLED).filter(**meant), zone),
        _came_back(programme, since, until, where),
    )
    to_others = _less(
        _sums(UnclaimedOrder.objects.filter(**meant), zone),
        _came_back_unclaimed(programme, since, until, where),
    )
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


def _sums(orders: QuerySet[Order] | QuerySet[UnclaimedOrder], zone: ZoneInfo) -> Sums:
    rows = (
        orders.annotate(day=TruncDate("placed_at", tzinfo=zone))
        .values_list("day")
        .annotate(total=Sum("total_minor"), count=Count("pk"))
    )
    return {day: (total, count) for day, total, count in rows}


def _came_back(programme: Programme, since: datetime, until: datetime, where: Where) -> Sums:
    """What was handed back for members' purchases of these days that were not cancelled whole."""
    meant = {"programme": programme, "placed_at__gte": since, "placed_at__lt": until, **where}
    rows = (
        OrderReturn.objects.filter(**{f"order__{name}": value for name, value in meant.items()})
        .exclude(order__state=OrderState.CANCELLED)
        .annotate(day=TruncDate("order__placed_at", tzinfo=ZoneInfo(programme.timezone)))
        .values_list("day")
        .annotate(total=Sum("refund_minor"))
    )
    return {day: (total, 0) for day, total in rows}


def _came_back_unclaimed(programme: Programme, since: datetime, until: datetime, where: Where) -> Sums:
    """The same of nobody's purchases, and those that were cancelled whole."""
    with connection.cursor() as cursor:
        cursor.execute(
            _CAME_BACK_UNCLAIMED,
            {
                "programme": programme.pk,
                "zone": programme.timezone,
                "since": since,
                "until": until,
                "places": where.get("place_id__in"),
            },
        )
        return {day: (total, count) for day, total, count in cursor.fetchall()}


def _less(sold: Sums, back: Sums) -> Sums:
    nothing = (0, 0)
    return {
        day: (minor - back.get(day, nothing)[0], count - back.get(day, nothing)[1])
        for day, (minor, count) in sold.items()
    }
