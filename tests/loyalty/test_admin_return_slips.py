"""Returns without a receipt on the staff's pages."""

import pytest
from django.test import Client

from config.staff.roles import ADMINISTRATOR, STORE_MANAGER
from omnichannel.models import Order, ReturnSlip
from tests.loyalty.conftest import Shop
from tests.loyalty.test_admin_ledger import signed_in
from tests.loyalty.test_return_slips import bring
from tests.loyalty.test_returns import buy
from tests.omnichannel.factories import PlaceFactory
from tests.omnichannel.visitors import signed_in as colleague

pytestmark = pytest.mark.django_db
PAGES = "/admin/omnichannel/returnslip/"


@pytest.fixture
def slip(shop: Shop) -> ReturnSlip:
    member = shop.enrol()
    buy(shop, member, 1_000)
    assert bring(shop, member, ("SKU-0", 1), ("UNKNOWN", 2)).status_code == 201
    return ReturnSlip.objects.get()


def page_of(client: Client, slip: ReturnSlip) -> str:
    return str(client.get(f"{PAGES}{slip.pk}/change/").content.decode())


def test_a_slip_says_line_by_line_what_became_of_it(slip: ReturnSlip) -> None:
    client = signed_in(ADMINISTRATOR)
    order = Order.objects.get()
    page = page_of(client, slip)
    assert f"/admin/omnichannel/order/{order.pk}/change/" in page
    assert ("UNKNOWN" in page, "no purchase" in page, "returned in part" in page) == (True, True, True)
    assert "10.00" in page


def test_slips_are_found_by_number_and_outcome(slip: ReturnSlip) -> None:
    client = signed_in(ADMINISTRATOR)
    found = {
        query: len(client.get(f"{PAGES}?{query}").context["cl"].result_list)
        for query in ("", f"q={slip.number}", "q=nothing", "outcome__exact=partly", "outcome__exact=returned")
    }
    assert list(found.values()) == [1, 1, 0, 1, 0]


def test_a_store_manager_sees_the_slips_of_their_stores_and_nobody_changes_one(slip: ReturnSlip) -> None:
    ours = colleague(STORE_MANAGER, at=slip.place)
    assert ours.get(f"{PAGES}{slip.pk}/change/").status_code == 200
    assert ours.get(f"{PAGES}add/").status_code == 403
    assert signed_in(ADMINISTRATOR).post(f"{PAGES}{slip.pk}/delete/", {"post": "yes"}).status_code == 403
    elsewhere = colleague(STORE_MANAGER, at=PlaceFactory())
    assert elsewhere.get(f"{PAGES}{slip.pk}/change/").status_code == 302
