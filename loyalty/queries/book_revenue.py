"""What a month sold, beside what points, discounts and vouchers of the same month gave away."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection

from loyalty.queries.vocabulary import Home
from loyalty.rules.books import month_after

_REVENUE = """
    SELECT
      (SELECT coalesce(sum(o.total_minor), 0) FROM omnichannel_order o
        WHERE o.programme_id = %(programme)s AND o.placed_at >= %(since)s AND o.placed_at < %(until)s)
      + (SELECT coalesce(sum(u.total_minor), 0) FROM omnichannel_unclaimedorder u
        WHERE u.programme_id = %(programme)s AND u.placed_at >= %(since)s AND u.placed_at < %(until)s),
      (SELECT coalesce(sum(r.refund_minor), 0) FROM omnichannel_orderreturn r
        JOIN omnichannel_order o ON o.id = r.order_id AND o.member_id = r.member_id
        WHERE o.programme_id = %(programme)s AND r.returned_at >= %(since)s AND r.returned_at < %(until)s)
      + (SELECT coalesce(sum((b->>'refund_minor')::bigint), 0) FROM omnichannel_unclaimedorder u
        CROSS JOIN LATERAL jsonb_array_elements(u.returns) b
        WHERE u.programme_id = %(programme)s AND u.placed_at < %(until)s AND u.returns <> '[]'
          AND (b->>'returned_at')::timestamptz >= %(since)s AND (b->>'returned_at')::timestamptz < %(until)s),
      (SELECT coalesce(sum(s.points_paid_minor), 0) FROM loyalty_settlement s
        JOIN omnichannel_order o ON o.ref = s.order_ref AND o.member_id = s.member_id
        WHERE o.programme_id = %(programme)s AND o.placed_at >= %(since)s AND o.placed_at < %(until)s
          AND s.points_paid_minor > 0),
      (SELECT coalesce(sum(o.discount_minor), 0) FROM omnichannel_order o
        WHERE o.programme_id = %(programme)s AND o.placed_at >= %(since)s AND o.placed_at < %(until)s),
      (SELECT coalesce(sum(v.amount_minor), 0) FROM loyalty_voucheruse v
        JOIN loyalty_voucherseries s ON s.id = v.series_id
        WHERE s.programme_id = %(programme)s AND v.happened_at >= %(since)s AND v.happened_at < %(until)s
          AND s.definition->'gives'->>'type' IS DISTINCT FROM 'gift_card')
"""


class BookRevenue(msgspec.Struct, frozen=True, kw_only=True):
    """Of one month, in minor units. Sales are less discounts, with tax, before points pay a part of them; refunds are
    what went back in the month. Vouchers are part of the discounts.
    """

    sales_minor: int
    refunds_minor: int
    paid_by_points_minor: int
    discounts_minor: int
    vouchers_minor: int

    @property
    def revenue_minor(self) -> int:
        return self.sales_minor - self.refunds_minor


def get_revenue(home: Home, month: date) -> BookRevenue:
    """Of the month that begins on this day, on the programme's calendar. It costs what the month holds."""
    zone = ZoneInfo(home.timezone)
    since, until = (datetime.combine(day, time(), zone) for day in (month, month_after(month)))
    with connection.cursor() as cursor:
        cursor.execute(_REVENUE, {"programme": home.id, "since": since, "until": until})
        sales, refunds, paid, discounts, vouchers = (int(figure) for figure in cursor.fetchone())
    return BookRevenue(
        sales_minor=sales,
        refunds_minor=refunds,
        paid_by_points_minor=paid,
        discounts_minor=discounts,
        vouchers_minor=vouchers,
    )
