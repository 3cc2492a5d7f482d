"""Orders told by integrations: where they were bought, and how they are told twice."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from config.ground.api.schema import document
from loyalty.models import Entry
from loyalty.rules.conditions import ChannelIs
from omnichannel.models import Order, Place, Receipt
from omnichannel.services.keys import make_key
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.test_batches import send
from tests.loyalty.vouchers import issued, series

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain(shop: Shop) -> Shop:
    """A shop told of by a key of its whole programme, with a web shop beside the store."""
    Place.objects.create(programme=shop.programme, code="WEB", name="Web shop", kind="web_shop")
    shop.key = orders_key(programme_id=shop.programme.pk)
    return shop


def orders_key(**whose: int) -> str:
    """A new key that may tell of orders."""
    return make_key(name="orders", scopes=["orders"], made_by="test", now=datetime.now(UTC), **whose).text


def where(number: str) -> str:
    """The code of the place at which a receipt counts."""
    return Receipt.objects.get(number=number).place.code


def test_a_key_of_a_programme_names_the_place_of_each_purchase_of_a_batch(
    chain: Shop, django_assert_num_queries: Any
) -> None:
    member = chain.enrol()
    bodies = [basket(700, member=member, place=place) for place in (chain.place.code, "WEB", "WEB")]
    results = send(chain, bodies)
    assert [result["status"] for result in results] == [201, 201, 201]
    assert [where(body["receipt_number"]) for body in bodies] == [chain.place.code, "WEB", "WEB"]
    for codes in (["WEB"], [chain.place.code, "WEB", chain.place.code]):
        with django_assert_num_queries(11):
            send(chain, [basket(100, member=member, place=code) for code in codes])


@pytest.mark.parametrize(
    ("place", "status", "code"),
    [(None, 422, "place_missing"), ("NOWHERE", 404, "store_not_found"), ("", 422, "invalid_input")],
)
def test_a_purchase_at_no_place_we_know_is_refused(
    chain: Shop, place: str | None, status: int, code: str
) -> None:
    body = basket(700, member=chain.enrol(), place=place)
    single = chain.post("orders", body)
    (line,) = send(chain, [body])
    assert (single.status_code, single.json()["code"]) == (status, code)
    assert (line["status"], line["problem"]["code"]) == (status, code)
    assert single.json()["errors"][0]["pointer"] == line["problem"]["errors"][0]["pointer"] == "/place"
    assert Order.objects.count() == 0


def test_a_place_of_another_programme_is_not_found(chain: Shop, open_shop: Callable[..., Shop]) -> None:
    body = basket(700, member=chain.enrol(), place=open_shop().place.code)
    single = chain.post("orders", body)
    (line,) = send(chain, [body])
    assert single.json()["code"] == line["problem"]["code"] == "store_not_found"
    assert Order.objects.count() == 0


def test_a_key_of_one_place_tells_of_no_other(chain: Shop) -> None:
    chain.key = orders_key(place_id=chain.place.pk)
    member = chain.enrol()
    own, other = (basket(700, member=member, place=code) for code in (chain.place.code, "WEB"))
    assert chain.post("orders", own).status_code == 201
    refused = chain.post("orders", other)
    taken, line = send(chain, [own, other])
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    assert (taken["status"], line["status"], line["problem"]["code"]) == (200, 403, "not_allowed")
    assert Order.objects.count() == 1


def test_a_key_of_the_whole_house_tells_of_no_purchase(chain: Shop) -> None:
    chain.key = orders_key()
    answer = chain.post("orders", basket(700, place="WEB"))
    assert (answer.status_code, answer.json()["code"]) == (403, "key_without_place")


def test_an_order_needs_no_idempotency_key_and_honours_one(chain: Shop) -> None:
    member = chain.enrol()
    assert chain.post("orders", basket(700, member=member, place="WEB")).status_code == 201
    body = basket(800, member=member, place="WEB")
    first, again = (chain.post("orders", body, **{"Idempotency-Key": "once"}) for _ in range(2))
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert Order.objects.count() == 2


def test_the_document_requires_a_key_where_the_door_does() -> None:
    paths = json.loads(document())["paths"]
    says = {
        path: header["required"]
        for path in ("/api/v1/checkout/commit", "/api/v1/orders", "/api/v1/orders/batch")
        for header in paths[path]["post"]["parameters"]
        if header["name"] == "Idempotency-Key"
    }
    assert says == {"/api/v1/checkout/commit": True, "/api/v1/orders": False, "/api/v1/orders/batch": False}


def test_a_batch_sent_twice_under_one_key_is_answered_the_same(shop: Shop) -> None:
    member = shop.enrol()
    bodies = [basket(700, member=member), basket(800, member=member)]
    first, again = (upload(shop, bodies) for _ in range(2))
    assert (again.status_code, again.content, again["Content-Type"]) == (
        200,
        first.content,
        "application/x-ndjson",
    )
    assert again.headers["Idempotent-Replayed"] == "true"
    other = upload(shop, bodies[:1])
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert Order.objects.count() == Entry.objects.count() == 2


def test_a_batch_with_a_refused_line_may_be_sent_again_when_it_is_mended(shop: Shop) -> None:
    bodies = [basket(700, member=shop.enrol()), basket(800) | {"member": {"phone": "+12125557777"}}]
    assert statuses(upload(shop, bodies)) == [201, 404]
    shop.enrol("+12125557777")
    assert statuses(upload(shop, bodies)) == [200, 201]


def upload(shop: Shop, bodies: list[dict[str, Any]]) -> Any:
    """Send a batch under one and the same idempotency key."""
    return shop.client.post(
        "/api/v1/orders/batch",
        "\n".join(json.dumps(body) for body in bodies),
        content_type="application/x-ndjson",
        headers={"Authorization": f"Bearer {shop.key}", "Idempotency-Key": "evening"},
    )


def statuses(answer: Any) -> list[int]:
    return [json.loads(line)["status"] for line in answer.content.splitlines()]


def test_a_web_shop_quotes_with_its_own_key_what_it_then_orders(chain: Shop) -> None:
    member = chain.enrol()
    code = issued(series(chain, name="Five off", conditions=[ChannelIs(channel="web_shop")]), member)
    body = basket(2_000, member=member, place="WEB", voucher_codes=[code])

    quoted = chain.quote(body)
    ordered = chain.post("orders", body)

    assert (quoted.status_code, ordered.status_code) == (200, 201), quoted.content
    for answer in (quoted, ordered):
        told = answer.json()["settlement"]
        assert (told["payable_minor"], [one["code"] for one in told["vouchers_used"]]) == (1_500, [code])
    again = chain.quote(basket(2_000, member=member, place="WEB", voucher_codes=[code])).json()["settlement"]
    told = next(one for one in again["not_applied"] if one["code"] == "voucher_used")
    assert told["because"].startswith("Five off: It was used on ")
    assert told["because"].endswith(" at Web shop.")
    assert chain.quote(basket(2_000, member=member)).json()["code"] == "place_missing"
