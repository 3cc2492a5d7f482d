"""Batches: many purchases at once, each answered for itself, the same ledger as one by one."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from loyalty.models import Entry, Grant, Lot, TierDay, TierStanding, Wallet
from loyalty.rules.definition import FixedPoints
from loyalty.services.grants import GrantDraft, grant_to
from loyalty.services.verification import verify_ledger
from omnichannel.models import Order
from tests.loyalty.conftest import Shop, basket

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def send(shop: Shop, bodies: list[Any]) -> list[dict[str, Any]]:
    """Upload the bodies as an offline till would."""
    lines = "\n".join(body if isinstance(body, str) else json.dumps(body) for body in bodies)
    answer = shop.client.post(
        "/api/v1/orders/batch",
        lines,
        content_type="application/x-ndjson",
        headers={"Authorization": f"Bearer {shop.key}"},
    )
    assert answer.status_code == 200, answer.content
    return [json.loads(line) for line in answer.content.splitlines()]


def story(shop: Shop) -> list[dict[str, Any]]:
    """A day of two members and somebody unknown: tiers are climbed, points are spent."""
    first, second = shop.enrol(), shop.enrol()
    moments = [NOON + timedelta(hours=hour) for hour in range(7)]
    bodies = [
        basket(9_900, member=first),
        basket(300, member=second),
        basket(150),
        basket(200, member=first),
        basket(45_000, member=first),
        basket(2_000, member=first, spend_points=990),
        basket(80, member=second),
    ]
    return [body | {"placed_at": at.isoformat()} for body, at in zip(bodies, moments, strict=True)]


def ledger() -> list[tuple[Any, ...]]:
    """What the books say, without what differs between two tellings (ids, refs, when we heard of it)."""
    return [
        *Entry.objects.order_by("wallet_id", "seq").values_list(
            "seq", "kind", "points", "balance_after", "happened_at"
        ),
        *Lot.objects.order_by("wallet_id", "available_from", "id").values_list(
            "credited", "remaining", "expires_at"
        ),
        *TierDay.objects.order_by("wallet_id", "spent_on").values_list("spent_on", "qualifying_minor"),
        *TierStanding.objects.order_by("wallet_id", "from_at", "tier__rank").values_list(
            "tier__code", "from_at", "until_at"
        ),
        *Wallet.objects.order_by("id").values_list("seq", "balance", "spendable", "pending"),
    ]


def test_a_batch_gives_the_same_ledger_as_single_commits(open_shop: Callable[..., Shop]) -> None:
    one_by_one, at_once = open_shop(), open_shop()
    for body in story(one_by_one):
        assert one_by_one.commit(body).status_code == 201
    expected = ledger()
    before = len(expected)
    results = send(at_once, story(at_once))
    assert [result["status"] for result in results] == [201] * 7
    both = ledger()
    assert len(both) == 2 * before
    for table_row in expected:
        assert both.count(table_row) == 2 * expected.count(table_row)
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_never_16_offline_sales_sent_in_any_order_and_twice_count_once(shop: Shop) -> None:
    bodies = story(shop)
    results = send(shop, list(reversed(bodies)))
    assert {result["status"] for result in results} == {201}
    again = send(shop, bodies)
    assert {result["status"] for result in again} == {200}
    assert [result["answer"]["order"]["ref"] for result in again] == [
        result["answer"]["order"]["ref"] for result in reversed(results)
    ]
    assert Order.objects.count() == 6
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_a_line_that_is_refused_leaves_the_others_alone(shop: Shop) -> None:
    member = shop.enrol()
    good = basket(1_000, member=member)
    bodies = [
        good,
        "this is not json",
        basket(500) | {"member": {"phone": "+12125550000"}},
        good,
        good | {"lines": basket(7)["lines"]},
        basket(500, member=member, spend_points=10_000),
        basket(100, member=member),
    ]
    results = send(shop, bodies)
    assert [result["status"] for result in results] == [201, 400, 404, 200, 409, 409, 201]
    assert [result["line"] for result in results] == list(range(7))
    assert results[4]["problem"]["code"] == "receipt_content_differs"
    assert Order.objects.count() == 2


def test_a_purchase_told_by_a_batch_and_by_a_commit_counts_once(shop: Shop) -> None:
    body = basket(1_000, member=shop.enrol())
    assert shop.commit(body).status_code == 201
    assert send(shop, [body])[0]["status"] == 200
    assert Entry.objects.count() == 1


def test_a_batch_needs_no_more_statements_for_more_purchases(
    shop: Shop, django_assert_num_queries: Any
) -> None:
    members = [shop.enrol() for _ in range(3)]
    send(shop, [basket(100, member=members[0])])
    for size in (1, 3):
        with django_assert_num_queries(10):
            send(shop, [basket(100, member=member) for member in members[:size]])


def test_a_batch_honours_an_offer_as_often_as_it_was_promised(
    shop: Shop, django_assert_num_queries: Any
) -> None:
    member, now = shop.enrol(), datetime.now(UTC)
    offer = GrantDraft(
        member_id=member.pk,
        programme_id=shop.programme.pk,
        cause="test",
        title="Three presents",
        effect=FixedPoints(points=1_000),
        valid_from=now - timedelta(days=1),
        valid_until=now + timedelta(days=1),
        max_uses=3,
    )
    grant_to([offer], now=now)
    send(shop, [basket(100)])
    with django_assert_num_queries(10):
        results = send(shop, [basket(50, member=member) for _ in range(4)])
    earned = [result["answer"]["settlement"]["points_earned"] for result in results]
    assert earned == [1_000, 1_000, 1_000, 0]
    assert Grant.objects.get().uses == 3
