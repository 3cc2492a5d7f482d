"""Wallets, entries, tier and offers, for the member's own app and for integrations."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import F
from django.test import Client

from loyalty.models import Lot, ProgrammeTerms
from loyalty.services.welcome import welcome
from members.models import Member
from omnichannel.services.keys import make_key
from tests.loyalty.conftest import Shop, basket
from tests.members.factories import bearer_of

pytestmark = pytest.mark.django_db


def app_of(member: Member) -> Client:
    return Client(headers={"authorization": bearer_of(member, now=datetime.now(UTC))})


def test_the_app_reads_the_wallet_in_one_statement(shop: Shop, django_assert_num_queries: Any) -> None:
    member = shop.enrol()
    shop.commit(basket(5_000, member=member))
    app = app_of(member)
    with django_assert_num_queries(1):
        wallet = app.get("/api/v1/me/wallet").json()
    assert (wallet["balance"], wallet["tier"]["code"]) == (500, "basic")
    assert wallet["next_expiry"]["points"] == 500


def test_a_wallet_is_shown_to_nobody_who_signed_out(shop: Shop) -> None:
    app = app_of(shop.enrol())
    assert app.get("/api/v1/me/wallet").status_code == 200
    app.post("/api/v1/auth/logout")
    refused = app.get("/api/v1/me/wallet")
    assert (refused.status_code, refused.json()["code"]) == (401, "token_not_known")


def test_a_programme_that_is_not_there_has_no_wallet(shop: Shop) -> None:
    refused = app_of(shop.enrol()).get("/api/v1/me/wallet", {"programme": "elsewhere"})
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")


def test_points_that_run_out_together_are_told_together(shop: Shop) -> None:
    member = shop.enrol()
    shop.commit(basket(5_000, member=member))
    shop.commit(basket(2_000, member=member))
    Lot.objects.filter(member=member).update(expires_at=F("expires_at") - timedelta(days=1))
    shop.commit(basket(1_000, member=member))
    expiry = app_of(member).get("/api/v1/me/wallet").json()["next_expiry"]
    assert expiry["points"] == 700


def test_a_member_who_never_bought_has_an_empty_wallet(shop: Shop) -> None:
    wallet = app_of(shop.enrol()).get("/api/v1/me/wallet").json()
    assert (wallet["balance"], wallet["next_expiry"], wallet["tier"]["code"]) == (0, None, "basic")


def test_a_wallet_that_is_known_is_not_sent_again(shop: Shop) -> None:
    app = app_of(shop.enrol())
    first = app.get("/api/v1/me/wallet")
    again = app.get("/api/v1/me/wallet", headers={"if-none-match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_entries_are_paged_newest_first(shop: Shop) -> None:
    member = shop.enrol()
    for _ in range(5):
        shop.commit(basket(100, member=member))
    app = app_of(member)
    seen: list[int] = []
    cursor = None
    while True:
        page = app.get("/api/v1/me/entries", {"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [entry["seq"] for entry in page["results"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [5, 4, 3, 2, 1]


def test_the_tier_page_shows_the_ladder_and_the_benefits_in_hand(shop: Shop) -> None:
    member = shop.enrol()
    shop.commit(basket(50_000, member=member))
    page = app_of(member).get("/api/v1/me/tier").json()
    assert page["tier"]["code"] == "gold"
    assert [(step["code"], step["is_held"]) for step in page["ladder"]] == [
        ("basic", True),
        ("silver", True),
        ("gold", True),
    ]
    assert [(benefit["title"], benefit["state"]) for benefit in page["benefits"]] == [
        ("Tea tasting", "granted")
    ]


def test_a_till_may_not_read_what_is_an_integrations(shop: Shop) -> None:
    member = shop.enrol()
    path = f"/api/v1/members/{member.ref}/wallet"
    assert shop.client.get(path, headers={"Authorization": f"Bearer {shop.key}"}).status_code == 403
    key = make_key(name="crm", scopes=["members"], programme_id=shop.programme.pk, now=datetime.now(UTC)).text
    answer = shop.client.get(path, headers={"Authorization": f"Bearer {key}"})
    assert (answer.status_code, answer.json()["balance"]) == (200, 0)


def test_a_web_shop_tells_its_orders_and_reads_them_again(shop: Shop) -> None:
    member = shop.enrol()
    key = make_key(name="web", scopes=["orders"], programme_id=shop.programme.pk, now=datetime.now(UTC)).text
    body = basket(2_000, member=member) | {"place": shop.place.code}
    body["order_number"] = body.pop("receipt_number")
    told = shop.post("orders", body, key)
    assert told.status_code == 201, told.content
    assert shop.post("orders", body, key).status_code == 200
    ref = told.json()["order"]["ref"]
    order = shop.client.get(f"/api/v1/orders/{ref}", headers={"Authorization": f"Bearer {key}"}).json()
    assert (order["member_ref"], order["source"], order["lines"][0]["paid_minor"]) == (
        member.ref,
        "web",
        2_000,
    )
    listed = shop.client.get("/api/v1/orders", headers={"Authorization": f"Bearer {key}"}).json()
    assert [one["ref"] for one in listed["results"]] == [ref]
    assert [one["ref"] for one in app_of(member).get("/api/v1/me/orders").json()["results"]] == [ref]


def test_welcome_points_are_given_once(shop: Shop) -> None:
    ProgrammeTerms.objects.filter(programme=shop.programme).update(welcome_points=200)
    member = shop.enrol()
    now = datetime.now(UTC)
    given = [
        welcome(member.pk, programme_code=shop.programme.code, happened_at=now, now=now) for _ in range(2)
    ]
    assert given == [True, False]
    assert app_of(member).get("/api/v1/me/wallet").json()["balance"] == 200


def test_a_key_of_one_programme_reaches_no_other(open_shop: Callable[..., Shop]) -> None:
    ours, theirs = open_shop(), open_shop()
    member = theirs.enrol()
    theirs.commit(basket(5_000, member=member))
    key = make_key(
        name="ours", scopes=["members"], programme_id=ours.programme.pk, made_by="test", now=datetime.now(UTC)
    )
    client = Client(headers={"authorization": f"Bearer {key.text}"})
    path = f"/api/v1/members/{member.ref}"
    assert client.get(f"{path}/wallet").json()["balance"] == 0
    assert client.get(f"{path}/entries").json()["results"] == []
    assert client.get(f"{path}/wallet?programme={ours.programme.code}").status_code == 200
    for door in ("wallet", "entries"):
        assert client.get(f"{path}/{door}?programme={theirs.programme.code}").status_code == 404
    assert ours.post("till/lookup", {"member": {"ref": member.ref}}).json()["last_contact"] is None
