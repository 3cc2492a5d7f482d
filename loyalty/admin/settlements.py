"""Why these points: the page of a settlement, told from what was written down."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import display

from config.ground import clock
from config.ground.amounts import money
from config.ground.reader import reader_of
from config.staff.links import Link, add_link
from config.staff.list_exports import ExportsList
from config.staff.site import site
from loyalty.admin.cells import code
from loyalty.admin.handing_over import HandsOver
from loyalty.admin.why_page import WhyAdmin
from loyalty.errors import OrderNotFound
from loyalty.models import Settlement
from loyalty.queries.reasons import LOCALES
from loyalty.queries.voucher_lists import list_voucher_ids
from loyalty.queries.why import get_why
from loyalty.rules.voucher_codes import normal_form
from loyalty.rules.why import Why, goods_of, told_to_cashier, told_to_member

MOST_GOODS = 12
"""So many lines are named beside the points that they got."""


@admin.register(Settlement, site=site)
class SettlementAdmin(ExportsList, HandsOver, WhyAdmin):
    """What each purchase was worth; its page says why."""

    export_columns = {
        "member": "member__ref",
        **{name: name for name in ("order_ref", "points_earned", "points_spent")},
        **{name: name for name in ("points_paid_minor", "qualifying_minor")},
    }
    list_display = ("of_order", "of_member", "points_earned", "points_spent")
    named_by = "order_ref"

    def why(self, request: HttpRequest, ref: str) -> HttpResponse:
        """The page of any purchase, claimed or not, in the time of its programme."""
        with reader_of(request, LOCALES):
            try:
                why = get_why(ref)
            except OrderNotFound as refused:
                raise Http404 from refused
            now = clock.now()
            page = {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": f"Why {why.points_earned:,} points?",
                "why": why,
                "total": money(why.total_minor, why.currency),
                "for_cashier": told_to_cashier(why, now=now),
                "for_member": told_to_member(why, now=now),
                "earned": _rows(why),
                "vouchers": _vouchers(why, may_see=request.user.has_perm("loyalty.view_voucher")),
            }
        with timezone.override(why.zone):
            return render(request, "loyalty/admin/why.html", page)

    @display(description="order")
    def of_order(self, settlement: Settlement) -> SafeString:
        return code(settlement.order_ref)


def _rows(why: Why) -> list[dict[str, Any]]:
    """The points with the names of the lines that they were given for."""
    return [
        {"points": points, "goods": goods_of(why.lines, points.lines, named=MOST_GOODS)}
        for points in why.earned
    ]


def _vouchers(why: Why, *, may_see: bool) -> list[dict[str, Any]]:
    """The vouchers that were used, with code and page for whoever may see vouchers, the end of the code for others."""
    ids = list_voucher_ids(why.order_ref) if may_see and why.vouchers_used else {}
    pages = {code: reverse("admin:loyalty_voucher_change", args=[voucher]) for code, voucher in ids.items()}
    return [
        {
            "used": one,
            "end": one.code[-4:],
            "page": pages.get(normal_form(one.code), ""),
            "goods": goods_of(why.lines, one.lines, named=MOST_GOODS) if one.lines else "",
            "off": money(one.discount_minor, why.currency) if one.discount_minor else "",
            "paid": money(one.paid_minor, why.currency) if one.paid_minor else "",
        }
        for one in why.vouchers_used
    ]


_WHY = Link(
    "Why these points?",
    "loyalty.view_settlement",
    lambda purchase: reverse("admin:loyalty_settlement_of", args=[purchase.ref]),
)
for _page in ("omnichannel.order", "omnichannel.unclaimedorder"):
    add_link(_page, _WHY)
