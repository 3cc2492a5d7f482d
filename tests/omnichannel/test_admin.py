"""The staff's pages of stores, products, orders and messages, at their doors."""

from datetime import timedelta
from typing import Any

import pytest

from config.staff.roles import ADMINISTRATOR, FINANCE, MARKETER, STORE_MANAGER
from omnichannel.models import Message, OrderLine, Place, Product, ProductPrice, Programme, Receipt
from omnichannel.services.messages import queue_messages
from tests.members.factories import MemberFactory
from tests.omnichannel.factories import (
    MADE_AT,
    PlaceFactory,
    ProductFactory,
    ProgrammeFactory,
    TillFactory,
    an_order,
    an_unclaimed_order,
    new_key,
)
from tests.omnichannel.test_messages import draft
from tests.omnichannel.visitors import rows_of, signed_in

pytestmark = pytest.mark.django_db


def test_a_store_manager_sees_what_belongs_to_their_stores() -> None:
    ours, theirs = TillFactory(), TillFactory()
    member = MemberFactory()
    for till in (ours, theirs):
        an_order(member, till.place, 450)
        an_unclaimed_order(till.place, 450)
        new_key("till", till_id=till.pk)
    new_key("orders")
    client = signed_in(STORE_MANAGER, at=ours.place)

    seen = {
        name: rows_of(client, f"/admin/omnichannel/{name}/")
        for name in ("place", "till", "order", "unclaimedorder", "apikey")
    }

    assert {name: len(rows) for name, rows in seen.items()} == dict.fromkeys(seen, 1)
    assert seen["place"] == {ours.place}
    assert {row.place for name in ("order", "unclaimedorder", "apikey") for row in seen[name]} == {ours.place}


def test_a_page_of_another_store_does_not_open_by_its_address() -> None:
    theirs = TillFactory()
    order = an_order(MemberFactory(), theirs.place, 450)
    key = new_key("till", till_id=theirs.pk)
    client = signed_in(STORE_MANAGER, at=PlaceFactory())

    paths = [f"order/{order.pk}", f"place/{theirs.place_id}", f"till/{theirs.pk}", f"apikey/{key.id}"]

    for path in paths:
        assert client.get(f"/admin/omnichannel/{path}/change/").status_code == 302
    found = client.get(
        "/admin/autocomplete/",
        {"app_label": "omnichannel", "model_name": "till", "field_name": "place", "term": theirs.place.code},
    )
    assert found.status_code == 403 or found.json()["results"] == []


def test_who_serves_no_store_in_particular_sees_all() -> None:
    PlaceFactory.create_batch(3)

    assert len(rows_of(signed_in(STORE_MANAGER), "/admin/omnichannel/place/")) == 3


@pytest.mark.parametrize("role", [ADMINISTRATOR, STORE_MANAGER])
def test_facts_are_read_and_never_changed(role: str) -> None:
    member, place = MemberFactory(), PlaceFactory()
    order = an_order(member, place, 450, 300)
    unclaimed = an_unclaimed_order(place, 450)
    queue_messages([draft(member.pk)], now=MADE_AT)
    message = Message.objects.get()
    client = signed_in(role)

    for name, row in (("order", order), ("unclaimedorder", unclaimed), ("message", message)):
        pages = f"/admin/omnichannel/{name}/"
        assert client.get(f"{pages}{row.pk}/change/").status_code == 200
        assert client.get(f"{pages}add/").status_code == 403
        assert (
            client.post(f"{pages}{row.pk}/change/", {"state": "cancelled", "number": "x"}).status_code == 403
        )
        assert client.post(f"{pages}{row.pk}/delete/", {"post": "yes"}).status_code == 403
        client.post(pages, {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
        row.refresh_from_db()
    assert (order.state, order.number != "x", message.state) == ("completed", True, "queued")
    assert OrderLine.objects.count() == 2


def test_an_order_shows_its_lines_by_the_clock_of_its_store() -> None:
    order = an_order(MemberFactory(given_name="Ada", family_name="Lovelace"), PlaceFactory(), 450, 300)

    page = signed_in(FINANCE).get(f"/admin/omnichannel/order/{order.pk}/change/").content.decode()

    assert "2025-12-31 19:00 (America/New_York)" in page
    assert "Ada Lovelace" in page
    assert all(words in page for words in ("Tea 0", "Tea 1", "4.50 USD", "3.00 USD", "7.50 USD"))


@pytest.mark.parametrize("rows", [1, 3])
def test_a_list_of_orders_costs_the_same_however_many_there_are(
    rows: int, django_assert_num_queries: Any
) -> None:
    client = signed_in(ADMINISTRATOR)
    for _ in range(rows):
        an_order(MemberFactory(), PlaceFactory(), 450)
    rows_of(client, "/admin/omnichannel/order/")

    with django_assert_num_queries(14):
        assert len(rows_of(client, "/admin/omnichannel/order/")) == rows


def test_an_order_is_found_by_number_ref_and_member() -> None:
    place, member = PlaceFactory(), MemberFactory(given_name="Grace", family_name="Hopper")
    order, _other = an_order(member, place, 450), an_order(MemberFactory(), place, 450)
    Receipt.objects.create(
        place=place, number=order.number, fingerprint=b"1", order_ref=order.ref, member_id=member.pk
    )
    client = signed_in(ADMINISTRATOR)

    for term in (order.number, order.ref, member.ref, "Grace Hopper"):
        assert rows_of(client, f"/admin/omnichannel/order/?q={term}") == {order}, term
    assert rows_of(client, "/admin/omnichannel/order/?q=nothing-such") == set()


def test_orders_are_filtered_by_store_and_day() -> None:
    place = PlaceFactory()
    order = an_order(MemberFactory(), place, 450)
    an_order(MemberFactory(), place, 450, placed_at=MADE_AT - timedelta(days=40))
    an_order(MemberFactory(), PlaceFactory(), 450)

    page = f"/admin/omnichannel/order/?place__id__exact={place.pk}&placed_at_from=2025-12-30&placed_at_to=2026-01-01"

    assert rows_of(signed_in(ADMINISTRATOR), page) == {order}


def test_a_price_is_typed_as_people_write_it_and_remembered() -> None:
    product = ProductFactory(price_minor=450)
    client = signed_in(ADMINISTRATOR)
    page = f"/admin/omnichannel/product/{product.pk}/change/"
    told = {"name": "Iced tea", "gtin": "4006381333931", "category": "drinks", "department": "", "brand": ""}
    prices = {"prices-TOTAL_FORMS": 0, "prices-INITIAL_FORMS": 0}

    assert client.post(page, told | prices | {"price": "4.75"}).status_code == 302

    product.refresh_from_db()
    assert (product.name, product.gtin, product.price_minor) == ("Iced tea", "4006381333931", 475)
    assert list(ProductPrice.objects.order_by("id").values_list("price_minor", flat=True)) == [450, 475]
    for wrong in ({"price": "4.755"}, {"price": "-1"}, {"gtin": "4006381333930"}):
        assert client.post(page, told | prices | {"price": "4.75"} | wrong).status_code == 200
    assert Product.objects.get().price_minor == 475


def test_a_store_is_opened_with_its_tills() -> None:
    programme = ProgrammeFactory()
    told = {
        "name": "Market Street",
        "programme": programme.pk,
        "code": "S1",
        "kind": "store",
        "is_open": "on",
    }
    tills = {"tills-TOTAL_FORMS": 1, "tills-INITIAL_FORMS": 0, "tills-0-code": "T1", "tills-0-name": "Left"}

    answer = signed_in(ADMINISTRATOR).post("/admin/omnichannel/place/add/", told | tills)

    assert answer.status_code == 302
    place = Place.objects.get()
    assert (place.code, [till.code for till in place.tills.all()]) == ("S1", ["T1"])


def test_a_programme_with_no_such_timezone_is_refused() -> None:
    told = {"name": "Tea", "code": "tea", "currency": "TWD", "region": "TW", "timezone": "Asia/Formosa"}

    answer = signed_in(ADMINISTRATOR).post("/admin/omnichannel/programme/add/", told)

    assert "is no timezone" in answer.content.decode()
    assert not Programme.objects.exists()


@pytest.mark.parametrize("name", ["programme", "place", "till", "product"])
def test_what_receipts_name_is_never_deleted(name: str) -> None:
    row = {
        "programme": ProgrammeFactory,
        "place": PlaceFactory,
        "till": TillFactory,
        "product": ProductFactory,
    }[name]()

    answer = signed_in(ADMINISTRATOR).post(f"/admin/omnichannel/{name}/{row.pk}/delete/", {"post": "yes"})

    assert answer.status_code == 403
    row.refresh_from_db()


def test_messages_are_found_by_member_and_state_and_say_what_comes_next() -> None:
    ada, bob = MemberFactory(given_name="Ada", family_name="Byron"), MemberFactory()
    queue_messages([draft(ada.pk), draft(bob.pk)], now=MADE_AT)
    Message.objects.filter(member_id=ada.pk).update(state="uncertain", last_error="no answer came")
    client = signed_in(MARKETER)
    of_ada = Message.objects.get(member_id=ada.pk)

    assert rows_of(client, "/admin/omnichannel/message/?q=Byron") == {of_ada}
    assert rows_of(client, "/admin/omnichannel/message/?state__exact=uncertain") == {of_ada}
    page = client.get(f"/admin/omnichannel/message/{of_ada.pk}/change/").content.decode()
    assert "no answer came" in page
    assert "not sent again" in page
