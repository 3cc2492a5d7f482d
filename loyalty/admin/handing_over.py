"""The step beside a purchase whose goods wait to be collected: a colleague says that they were handed over."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse

from config.ground import clock
from config.ground.refusals import Refusal
from config.staff.admin.readonly import ReadOnlyAdmin
from config.staff.links import Link, add_link
from loyalty.services.collections import collect_order
from omnichannel.admin.own_stores import of_own_stores
from omnichannel.models import Order, UnclaimedOrder
from omnichannel.services.collections import TO_COLLECT, find_collectable

MAY_HAND_OVER = "omnichannel.hand_over_order"


class HandsOver(ReadOnlyAdmin):
    """The page of settlements with the step beside them, named `admin:loyalty_settlement_collected`."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self._hand_over)
        return [
            path("of/<str:ref>/collected/", view, name="loyalty_settlement_collected"),
            *super().get_urls(),
        ]

    def _hand_over(self, request: HttpRequest, ref: str) -> HttpResponse:
        """Ask, then write down that the goods were handed over now.

        :raises Http404: this person sees no such purchase.
        """
        if not request.user.has_perm(MAY_HAND_OVER):
            raise PermissionDenied
        purchase = _find_seen(request, ref)
        if purchase is None:
            raise Http404
        if request.method != "POST":
            question = "Were the goods of this purchase handed over just now?"
            page = {**self.admin_site.each_context(request), "title": question, "question": question}
            return render(request, "staff/confirm.html", {**page, "row": purchase, "opts": purchase._meta})
        try:
            collect_order(ref, programme_id=purchase.programme_id, now=clock.now())
        except Refusal as refused:
            messages.error(request, f"{refused.title}. {refused.detail}".strip())
        else:
            self.log_change(request, purchase, "The goods were handed over.")
            messages.success(request, f"{purchase.number}: handed over. Its points wait no longer for that.")
        return HttpResponseRedirect(
            reverse(f"admin:{purchase._meta.label_lower.replace('.', '_')}_change", args=[purchase.pk])
        )


def _find_seen(request: HttpRequest, ref: str) -> Order | UnclaimedOrder | None:
    """A purchase of the stores that this person serves."""
    kinds: tuple[QuerySet[Any], ...] = (Order.objects.all(), UnclaimedOrder.objects.all())
    found = (of_own_stores(request, rows.filter(ref=ref)).first() for rows in kinds)
    return next((row for row in found if row is not None), None)


def _address_of(purchase: Order | UnclaimedOrder) -> str | None:
    """Of the step; None where nothing waits to be handed over."""
    if purchase.fulfilment != TO_COLLECT or purchase.collected_at is not None:
        return None
    found = find_collectable(purchase.ref, programme_id=purchase.programme_id)
    if found is None or found.is_cancelled:
        return None
    return reverse("admin:loyalty_settlement_collected", args=[purchase.ref])


for _page in ("omnichannel.order", "omnichannel.unclaimedorder"):
    add_link(_page, Link("Handed over", MAY_HAND_OVER, _address_of))
