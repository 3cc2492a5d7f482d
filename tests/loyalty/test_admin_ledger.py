"""The ledger on the staff's pages: found, read, never changed."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.staff.roles import ADMINISTRATOR, CASHIER, FINANCE, MARKETER
from loyalty.models import Entry, Lot, Settlement, Wallet
from tests.config.staff import in_role
from tests.loyalty.conftest import Shop, basket
from tests.omnichannel.factories import serves

pytestmark = pytest.mark.django_db
LEDGER = ["entry", "lot", "seal", "settlement", "wallet", "grant"]


def signed_in(role: str) -> Client:
    client = Client()
    client.force_login(in_role(role))
    return client


@pytest.fixture
def wallet(shop: Shop) -> Wallet:
    member = shop.enrol("+12125550142")
    assert shop.commit(basket(5_000, 90, member=member)).status_code == 201
    return Wallet.objects.get(member=member)


@pytest.mark.parametrize("model", LEDGER)
def test_nobody_adds_changes_or_deletes_a_row_of_the_ledger(wallet: Wallet, model: str) -> None:
    client = signed_in(ADMINISTRATOR)
    rows = {"entry": Entry, "lot": Lot, "settlement": Settlement, "wallet": Wallet}
    pk = rows[model].objects.values_list("pk", flat=True).get() if model in rows else 1
    before = [list(one.objects.values()) for one in rows.values()]

    assert client.get(f"/admin/loyalty/{model}/").status_code == 200
    assert client.get(f"/admin/loyalty/{model}/add/").status_code == 403
    assert client.post(f"/admin/loyalty/{model}/add/", {"points": 1}).status_code == 403
    if model in rows:
        assert client.post(f"/admin/loyalty/{model}/{pk}/change/", {"points": 1}).status_code == 403
        assert client.post(f"/admin/loyalty/{model}/{pk}/delete/", {"post": "yes"}).status_code == 403

    assert [list(one.objects.values()) for one in rows.values()] == before


def test_the_wallet_page_says_why(wallet: Wallet) -> None:
    page = signed_in(CASHIER).get(f"/admin/loyalty/wallet/{wallet.pk}/change/").content.decode()

    assert "10 points for each full 1.00 USD paid" in page
    assert "500" in page


@pytest.mark.parametrize("term", ["+1 212 555 0142", "mem_"])
def test_a_wallet_is_found_by_phone_and_by_ref(shop: Shop, wallet: Wallet, term: str) -> None:
    other = shop.enrol()
    shop.commit(basket(1_00, member=other))
    term = wallet.member.ref if term == "mem_" else term

    page = signed_in(CASHIER).get("/admin/loyalty/wallet/", {"q": term}).content.decode()

    assert wallet.member.ref in page
    assert other.ref not in page


@pytest.mark.parametrize("model", ["wallet", "entry", "lot", "settlement"])
def test_a_list_costs_the_same_with_one_row_and_with_three(
    shop: Shop, wallet: Wallet, model: str, django_assert_num_queries: Any
) -> None:
    client = signed_in(FINANCE)
    with CaptureQueriesContext(connection) as counted:
        client.get(f"/admin/loyalty/{model}/")
    statements = len(counted)
    for _ in range(2):
        shop.commit(basket(7_00, member=shop.enrol()))

    with django_assert_num_queries(statements):
        client.get(f"/admin/loyalty/{model}/")


@pytest.mark.parametrize("model", [Wallet, Entry, Lot, Settlement])
def test_who_serves_a_store_sees_the_ledger_of_its_programme_alone(
    open_shop: Callable[..., Shop], wallet: Wallet, model: type[Model]
) -> None:
    other, client, person = open_shop(), Client(), in_role(FINANCE)
    member = other.enrol()
    other.commit(basket(7_00, member=member))
    client.force_login(person)
    path = f"/admin/loyalty/{model._meta.model_name}/"
    foreign = model._default_manager.latest("pk").pk

    assert len(client.get(path).context["cl"].result_list) == 2
    serves(person, wallet.programme.places.get())

    shown = client.get(path).context["cl"].result_list
    assert len(shown) == 1
    assert shown[0].pk != foreign
    assert client.get(f"{path}{foreign}/change/").status_code in (302, 404)
    theirs = client.get(f"/admin/members/member/{member.pk}/change/").content.decode()
    assert "No points yet" in theirs


def test_the_members_page_shows_what_loyalty_holds(wallet: Wallet) -> None:
    page = signed_in(MARKETER).get(f"/admin/members/member/{wallet.member_id}/change/").content.decode()

    for words in (
        "Wallet",
        "Tier and benefits",
        "Lots",
        "Latest entries",
        "500 points",
        "49.10 USD more to Silver",
    ):
        assert words in page
