"""The till: quote and commit."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from loyalty.models import Entry, Lot, Settlement
from loyalty.rules.definition import PerStep, RuleDefinition
from loyalty.services.rules import publish_rule
from omnichannel.models import ApiKey, Order, Place, Till, UnclaimedOrder
from omnichannel.services.keys import make_key
from tests.loyalty.conftest import LONG_AGO, Shop, basket, till_key

pytestmark = pytest.mark.django_db


def test_a_purchase_earns_points_for_each_full_step(shop: Shop) -> None:
    member = shop.enrol()
    answer = shop.commit(basket(1_999, member=member))
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert body["settlement"]["earned"] == [
        {
            "rule": "base",
            "rule_version": 1,
            "points": 190,
            "because": "10 points for each full 1.00 USD paid",
            "lines": [0],
        }
    ]
    assert body["wallet"]["balance"] == body["wallet"]["spendable"] == 190
    assert body["order"]["state"] == "completed"
    assert Order.objects.get(ref=body["order"]["ref"]).total_minor == 1_999


@pytest.mark.parametrize(
    ("paid_minor", "points"), [(0, 0), (99, 0), (100, 10), (101, 10), (199, 10), (200, 20)]
)
def test_a_step_is_tested_below_at_above_and_at_zero(shop: Shop, paid_minor: int, points: int) -> None:
    member = shop.enrol()
    body = shop.commit(basket(paid_minor, member=member)).json()
    assert body["settlement"]["points_earned"] == points
    assert body["wallet"]["balance"] == points


def test_what_is_shown_is_booked(shop: Shop) -> None:
    member = shop.enrol()
    shop.commit(basket(5_000, member=member))
    purchase = basket(1_234, 5_678, member=member, spend_points=400)
    quoted = shop.quote(purchase).json()
    assert Order.objects.count() == 1
    booked = shop.commit(purchase).json()
    assert quoted["settlement"] == booked["settlement"]
    assert quoted["wallet"]["balance"] == 500
    assert quoted["spendable_points"] == 500


def test_points_pay_a_part_and_the_rest_earns(shop: Shop) -> None:
    member = shop.enrol()
    shop.commit(basket(5_000, member=member))
    body = shop.commit(basket(1_000, 1_000, member=member, spend_points=405)).json()
    settlement = body["settlement"]
    assert settlement["points_spent"] == 400
    assert settlement["points_paid_minor"] == 40
    assert settlement["payable_minor"] == 1_960
    assert settlement["points_earned"] == 190
    assert body["wallet"]["balance"] == 500 - 400 + 190
    assert [entry.points for entry in Entry.objects.order_by("seq")] == [500, -400, 190]
    assert sum(lot.remaining for lot in Lot.objects.all()) == body["wallet"]["balance"]


def test_more_points_than_can_be_spent_are_refused_and_nothing_is_written(shop: Shop) -> None:
    member = shop.enrol()
    shop.commit(basket(5_000, member=member))
    answer = shop.commit(basket(9_000, member=member, spend_points=501))
    assert answer.status_code == 409
    assert answer.json()["code"] == "insufficient_points"
    assert answer.json()["spendable"] == 500
    assert Order.objects.count() == 1
    assert Entry.objects.count() == 1


def test_points_cannot_pay_more_than_the_purchase_costs(shop: Shop) -> None:
    member = shop.enrol()
    shop.commit(basket(5_000, member=member))
    answer = shop.commit(basket(20, member=member, spend_points=300))
    assert (answer.status_code, answer.json()["code"]) == (409, "points_exceed_payable")
    assert answer.json()["most"] == 200


def test_the_same_key_and_body_answer_the_same(shop: Shop) -> None:
    purchase = basket(700, member=shop.enrol())
    first = shop.commit(purchase, "once")
    again = shop.commit(purchase, "once")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["Idempotent-Replayed"] == "true"
    assert Order.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(shop: Shop) -> None:
    member = shop.enrol()
    shop.commit(basket(700, member=member), "once")
    answer = shop.commit(basket(800, member=member), "once")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert Order.objects.count() == 1


def test_never_3_a_receipt_counts_once_under_any_key(shop: Shop) -> None:
    purchase = basket(700, member=shop.enrol())
    first = shop.commit(purchase)
    again = shop.commit(purchase)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.content == first.content
    assert Entry.objects.count() == Settlement.objects.count() == 1


def test_a_receipt_told_again_with_other_content_is_refused(shop: Shop) -> None:
    purchase = basket(700, member=shop.enrol())
    shop.commit(purchase)
    answer = shop.commit(purchase | {"lines": [{"sku": "X", "quantity": 1, "unit_price_minor": 900}]})
    assert (answer.status_code, answer.json()["code"]) == (409, "receipt_content_differs")
    assert Order.objects.count() == 1


def test_an_anonymous_purchase_is_recorded_and_earns_nothing(shop: Shop) -> None:
    purchase = basket(2_500)
    first = shop.commit(purchase, "anonymous")
    body = first.json()
    assert first.status_code == 201
    assert body["wallet"] is None
    assert body["settlement"]["points_earned"] == 0
    assert "250 points" in body["settlement"]["not_applied"][0]["because"]
    assert UnclaimedOrder.objects.get(ref=body["order"]["ref"]).total_minor == 2_500
    assert shop.commit(purchase, "anonymous").content == first.content
    assert shop.commit(purchase).status_code == 200


def _with(body: dict[str, Any], **changes: Any) -> dict[str, Any]:
    body["lines"][0] |= changes
    return body


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"currency": "EUR"}, 422, "wrong_currency"),
        ({"member": {"phone": "+12125550000"}}, 404, "member_not_found"),
        ({"receipt_number": None}, 422, "number_missing"),
        ({"lines": []}, 422, "invalid_input"),
        ({"surprise": 1}, 422, "invalid_input"),
        ({"placed_at": "2999-01-01T00:00:00Z"}, 422, "placed_in_the_future"),
        ({"placed_at": "0001-01-01T00:00:00Z"}, 422, "invalid_input"),
        ({"payments": [{"kind": "card", "amount_minor": 1}]}, 422, "payments_do_not_add_up"),
        ({"spend_points": -1}, 422, "invalid_input"),
    ],
)
def test_a_purchase_that_cannot_be_is_refused_in_words(
    shop: Shop, changes: dict[str, Any], status: int, code: str
) -> None:
    answer = shop.commit(basket(1_000, member=shop.enrol()) | changes)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert Order.objects.count() == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": -1},
        {"quantity": 0},
        {"quantity": 10**9},
        {"unit_price_minor": -5},
        {"discount_minor": 2_000},
    ],
)
def test_a_line_that_cannot_be_is_refused_with_a_pointer(shop: Shop, changes: dict[str, int]) -> None:
    answer = shop.commit(_with(basket(1_000, member=shop.enrol()), **changes))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith("/lines/0/")
    assert Order.objects.count() == 0


def test_a_whole_that_no_shop_could_sell_is_refused(shop: Shop) -> None:
    line = {"quantity": 100_000, "unit_price_minor": 10_000_000_000}
    answer = shop.commit(_with(basket(1, member=shop.enrol()), **line))
    assert (answer.status_code, answer.json()["code"]) == (422, "lines_do_not_add_up")
    assert Order.objects.count() == 0


def test_rules_beyond_all_reason_are_refused_in_words_and_nothing_is_written(shop: Shop) -> None:
    publish_rule(
        programme_id=shop.programme.pk,
        code="absurd",
        name="Absurd",
        definition=RuleDefinition(effect=PerStep(points=1_000_000, step_minor=1)),
        live_from=LONG_AGO,
        made_by="test",
        now=datetime.now(UTC),
    )
    body = _with(basket(1, member=shop.enrol()), quantity=100, unit_price_minor=10_000_000_000)
    for answer in (shop.quote(body), shop.commit(body)):
        assert (answer.status_code, answer.json()["code"]) == (422, "too_many_points")
    assert Order.objects.count() == 0


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_quote_at_a_moment_beyond_the_calendar_is_refused(shop: Shop, at: str) -> None:
    answer = shop.quote(basket(1_000, member=shop.enrol(), at=at))
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/at")


def test_a_key_stands_for_a_purchase_at_one_place(shop: Shop) -> None:
    Place.objects.create(programme=shop.programme, code="WEB", name="Web shop", kind="web_shop")
    scopes, now = ["orders"], timezone.now()
    key = make_key(name="orders", scopes=scopes, programme_id=shop.programme.pk, made_by="test", now=now).text
    body = basket(700, member=shop.enrol())
    first, other = (
        shop.post("orders", body | {"place": place}, key=key, **{"Idempotency-Key": "once"})
        for place in (shop.place.code, "WEB")
    )
    assert (first.status_code, other.status_code) == (201, 422)
    assert other.json()["code"] == "idempotency_key_reused"
    assert Order.objects.count() == 1


def test_tiers_rise_at_once_and_the_next_purchase_feels_it(shop: Shop) -> None:
    member = shop.enrol()
    below = shop.commit(basket(9_999, member=member)).json()["wallet"]["tier"]
    assert (below["code"], below["next"]["missing_minor"]) == ("basic", 1)
    reached = shop.commit(basket(1, member=member)).json()["wallet"]["tier"]
    assert reached["code"] == "silver"
    assert reached["next"] == {
        "code": "gold",
        "name": "Gold",
        "missing_minor": 40_000,
        "missing_points": None,
        "missing_visits": None,
        "needs": "any",
        "words": "400.00 USD more to Gold",
    }
    top = shop.commit(basket(40_000, member=member)).json()["wallet"]["tier"]
    assert (top["code"], top["next"]) == ("gold", None)


def test_an_old_purchase_told_late_earns_by_its_own_day(shop: Shop) -> None:
    member = shop.enrol()
    long_ago = timezone.now() - timedelta(days=500)
    body = shop.commit(basket(60_000, member=member, placed_at=long_ago.isoformat())).json()
    assert body["settlement"]["points_earned"] == 6_000
    assert body["wallet"]["balance"] == 0
    assert body["wallet"]["tier"]["code"] == "basic"


@pytest.mark.parametrize("lines", [1, 30])
def test_a_commit_is_two_statements(shop: Shop, lines: int, django_assert_num_queries: Any) -> None:
    member = shop.enrol()
    shop.commit(basket(100, member=member))
    with django_assert_num_queries(2):
        assert shop.commit(basket(*[100] * lines, member=member)).status_code == 201


def test_the_very_same_purchase_counts_once_in_a_store_whichever_till_tells_it(shop: Shop) -> None:
    purchase = basket(700, member=shop.enrol(), placed_at=timezone.now().isoformat())
    assert shop.commit(purchase).status_code == 201
    other = till_key(Till.objects.create(place=shop.place, code="T2", name="Till 2"))
    answer = shop.post("checkout/commit", purchase, other, **{"Idempotency-Key": "other till"})
    assert (answer.status_code, answer.json()["code"]) == (409, "receipt_of_another_till")
    assert Order.objects.count() == 1


def test_tills_that_number_alike_may_sell_alike(shop: Shop) -> None:
    purchase = basket(700, member=shop.enrol())
    other = till_key(Till.objects.create(place=shop.place, code="T2", name="Till 2"))
    assert shop.commit(purchase).status_code == 201
    assert shop.post("checkout/commit", purchase, other, **{"Idempotency-Key": "other"}).status_code == 201
    assert Order.objects.count() == 2


def test_a_revoked_key_is_refused_at_once_and_nothing_is_written(shop: Shop) -> None:
    purchase = basket(700, member=shop.enrol())
    assert shop.quote(purchase).status_code == 200
    ApiKey.objects.update(revoked_at=timezone.now())
    answer = shop.commit(purchase)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    assert Order.objects.count() == 0
