"""Goods of a purchase without a member come back: money and vouchers, once for a number, and nobody claims it later."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from config.staff.roles import ADMINISTRATOR
from loyalty.models import Voucher
from loyalty.queries.book_revenue import get_revenue
from loyalty.rules.vouchers import GiftCard
from loyalty.services.verification import verify_ledger
from omnichannel.models import UnclaimedOrder
from omnichannel.queries.figures import find_sales
from tests.config.staff import in_role
from tests.loyalty.bookkeeping import home_of
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.test_returns import bring_back
from tests.loyalty.vouchers import public, series

pytestmark = pytest.mark.django_db


def test_a_gift_card_that_paid_for_nobodys_purchase_gets_its_money_back(shop: Shop) -> None:
    code = public(series(shop, GiftCard(minor=1_500)))
    ref = shop.commit(basket(1_000, 1_000, voucher_codes=[code])).json()["order"]["ref"]
    assert Voucher.objects.get().left_minor == 0
    first = bring_back(shop, ref, {0: 1}, number="A-1")
    assert (first.status_code, first.json()["wallet"]) == (201, None)
    assert first.json()["return"]["order_state"] == "partially_returned"
    rest = bring_back(shop, ref, None)
    told = [
        (each.json()["undone"]["refund_minor"], each.json()["undone"]["gift_cards_refund_minor"])
        for each in (first, rest)
    ]
    assert told == [(0, 1_000), (500, 500)]
    card = Voucher.objects.get()
    assert (card.left_minor, card.uses) == (1_500, 0)
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_a_single_use_code_of_nobodys_purchase_can_be_used_again(shop: Shop) -> None:
    body = basket(1_000, voucher_codes=[public(series(shop, uses_in_all=1))])
    ref = shop.commit(body).json()["order"]["ref"]
    undone = bring_back(shop, ref, None).json()["undone"]
    assert (undone["refund_minor"], len(undone["vouchers_back"])) == (500, 1)
    again = shop.quote(body | {"receipt_number": "another"})
    assert again.json()["settlement"]["discount_minor"] == 500
    seen = shop.client.get(f"/api/v1/orders/{ref}", headers={"Authorization": f"Bearer {shop.key}"})
    assert seen.json()["state"] == "cancelled"


def test_a_return_of_nobodys_purchase_counts_once(shop: Shop) -> None:
    ref = shop.commit(basket(1_000, 500)).json()["order"]["ref"]
    first, again = (bring_back(shop, ref, {0: 1}, number="A-1") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    other = bring_back(shop, ref, {1: 1}, number="A-1")
    assert (other.status_code, other.json()["code"]) == (409, "return_content_differs")
    more = bring_back(shop, ref, {0: 1})
    assert (more.status_code, more.json()["code"]) == (422, "return_exceeds_purchase")
    early = bring_back(shop, ref, None, returned_at=(datetime.now(UTC) - timedelta(days=1)).isoformat())
    assert early.json()["code"] == "returned_at_not_possible"
    assert bring_back(shop, ref, None).json()["undone"]["refund_minor"] == 500
    assert bring_back(shop, ref, None).json()["code"] == "nothing_left_to_return"
    today = datetime.now(UTC).astimezone(ZoneInfo(shop.programme.timezone)).date()
    assert get_revenue(home_of(shop), today.replace(day=1)).revenue_minor == 0


def test_nobody_claims_what_came_back(shop: Shop) -> None:
    member = shop.enrol()
    ref = shop.commit(basket(1_000, 500, receipt_number="R-77")).json()["order"]["ref"]
    bring_back(shop, ref, {0: 1})
    refused = shop.post("orders/claim", {"member": {"ref": member.ref}, "receipt_number": "R-77"})
    assert (refused.status_code, refused.json()["code"]) == (409, "purchase_came_back")
    assert bring_back(shop, ref, None).status_code == 201


def test_the_page_of_nobodys_purchase_says_what_came_back(shop: Shop) -> None:
    ref = shop.commit(basket(1_000, 500)).json()["order"]["ref"]
    client = Client()
    client.force_login(in_role(ADMINISTRATOR))
    address = f"/admin/omnichannel/unclaimedorder/{UnclaimedOrder.objects.get(ref=ref).pk}/change/"
    assert "Handed back" not in client.get(address).content.decode()
    bring_back(shop, ref, {1: 1}, number="A-7")
    page = client.get(address).content.decode()
    told = "".join(page[page.index("Handed back") :].split())
    for cell in ("A-7", "1x", shop.place.name, "5.00"):
        assert "".join(cell.split()) in told


def test_what_came_back_is_not_sold(shop: Shop) -> None:
    def sold() -> tuple[int, int, int]:
        found = find_sales(now=datetime.now(UTC), days=1, place_ids=[shop.place.pk])
        assert found is not None
        (day,) = found.days
        return day.to_members_minor, day.to_others_minor, day.orders

    member = shop.enrol()
    ours = shop.commit(basket(2_000, 300, member=member)).json()["order"]["ref"]
    nobodys, cancelled = (shop.commit(basket(1_000, 500)).json()["order"]["ref"] for _ in range(2))
    assert sold() == (2_300, 3_000, 3)
    bring_back(shop, ours, {1: 1})
    bring_back(shop, nobodys, {1: 1})
    assert sold() == (2_000, 2_500, 3)
    bring_back(shop, cancelled, None)
    assert sold() == (2_000, 1_000, 2)
