"""Races, by real threads with connections of their own on real PostgreSQL."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from loyalty.models import Entry, Wallet
from loyalty.queries.batches import lock_wallets
from loyalty.rules.definition import FixedPoints, RuleDefinition, TierIs
from loyalty.services.expiry import book_expired_lots
from loyalty.services.grants import GrantDraft, grant_to
from loyalty.services.rules import publish_rule
from loyalty.services.verification import verify_ledger
from members.models import Member
from omnichannel.models import Order
from tests.loyalty.conftest import LONG_AGO, Shop, basket
from tests.loyalty.test_batches import send
from tests.loyalty.test_orders import statuses, upload
from tests.slowly import others_at_it, wait_for_waiting

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 16


def at_once(shop: Shop, bodies: list[dict[str, Any]], keys: list[str] | None = None) -> list[Any]:
    """Commit them all at once, each over a connection of its own."""

    def one(index: int) -> Any:
        try:
            key = keys[index] if keys else f"race-{index}"
            return Client().post(
                "/api/v1/checkout/commit",
                bodies[index],
                content_type="application/json",
                headers={"Authorization": f"Bearer {shop.key}", "Idempotency-Key": key},
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(len(bodies))))


def wallet_of(member: Member) -> Wallet:
    assert verify_ledger(now=datetime.now(UTC)) == []
    return Wallet.objects.get(member=member)


def test_fifty_purchases_of_one_member_at_once_all_count_once(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    member = shop.enrol()
    answers = at_once(shop, [basket(250, member=member) for _ in range(50)])
    assert Counter(answer.status_code for answer in answers) == {201: 50}
    wallet = wallet_of(member)
    assert (wallet.balance, wallet.seq) == (50 * 20, 50)
    assert sorted(answer.json()["wallet"]["balance"] for answer in answers) == [20 * n for n in range(1, 51)]


def test_a_tier_reached_by_many_purchases_at_once_is_reached(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    member = shop.enrol()
    answers = at_once(shop, [basket(1_000, member=member) for _ in range(20)])
    assert {answer.status_code for answer in answers} == {201}
    tiers = Counter(answer.json()["wallet"]["tier"]["code"] for answer in answers)
    assert tiers == {"basic": 9, "silver": 11}


def test_never_1_points_are_never_spent_twice(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    member = shop.enrol()
    shop.commit(basket(5_000, member=member))
    answers = at_once(shop, [basket(90, member=member, spend_points=300) for _ in range(8)])
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 7}
    assert Entry.objects.filter(kind="spend").count() == 1
    assert wallet_of(member).balance == 200


def test_a_receipt_told_by_many_at_once_is_booked_once(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    member = shop.enrol()
    body = basket(5_000, member=member)
    answers = at_once(shop, [body] * 12)
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 11}
    assert len({answer.content for answer in answers}) == 1
    assert wallet_of(member).balance == 500


def test_a_key_sent_many_times_at_once_is_carried_out_once(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    member = shop.enrol()
    body = basket(5_000, member=member)
    answers = at_once(shop, [body] * 12, ["one key"] * 12)
    assert {answer.status_code for answer in answers} == {201}
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 11
    assert Order.objects.count() == 1


def test_an_offer_is_honoured_once_however_many_tills_try(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    member = shop.enrol()
    now = datetime.now(UTC)
    grant_to(
        [
            GrantDraft(
                member_id=member.pk,
                programme_id=shop.programme.pk,
                cause="test",
                title="A present",
                effect=FixedPoints(points=1_000),
                valid_from=now - timedelta(days=1),
                valid_until=now + timedelta(days=1),
            )
        ],
        now=now,
    )
    answers = at_once(shop, [basket(50, member=member) for _ in range(10)])
    assert {answer.status_code for answer in answers} == {201}
    assert sorted(answer.json()["settlement"]["points_earned"] for answer in answers) == [0] * 9 + [1_000]
    assert wallet_of(member).balance == 1_000


def test_a_batch_and_a_commit_that_wait_for_each_other_both_end(open_shop: Callable[..., Shop]) -> None:
    """The batch holds the wallet and wants the receipt, the commit holds the receipt and wants the wallet."""
    shop = open_shop()
    member = shop.enrol()
    shop.commit(basket(100, member=member))
    body = basket(500, member=member)

    def upload_it() -> Any:
        try:
            return send(shop, [body])
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            lock_wallets([member.pk], shop.programme.pk, now=datetime.now(UTC))
            batch = pool.submit(upload_it)
            wait_for_waiting(1)
            commit = pool.submit(at_once, shop, [body])
            wait_for_waiting(2)
        (line,), (answer,) = batch.result(), commit.result()
    assert sorted([line["status"], answer.status_code]) == [200, 201]
    assert answer.json()["order"] == line["answer"]["order"]
    assert wallet_of(member).balance == 60


def test_eight_tills_cannot_take_the_same_goods_back_twice(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    member = shop.enrol()
    ref = shop.commit(basket(1_000, 500, member=member)).json()["order"]["ref"]

    def one(number: int) -> Any:
        try:
            return Client().post(
                f"/api/v1/orders/{ref}/returns",
                {"return_number": f"B-{number}", "lines": [{"line": number % 2, "quantity": 1}]},
                content_type="application/json",
                headers={"Authorization": f"Bearer {shop.key}", "Idempotency-Key": f"back-{number}"},
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(one, range(8)))
    assert Counter(answer.status_code for answer in answers)[201] == 2
    assert {answer.json()["code"] for answer in answers if answer.status_code != 201} <= {
        "return_exceeds_purchase",
        "nothing_left_to_return",
    }
    assert wallet_of(member).balance == 0


def test_a_batch_that_others_come_into_is_carried_out_line_by_line(open_shop: Callable[..., Shop]) -> None:
    """The batch's idempotency key stands for the whole of it, not for its lines."""
    shop = open_shop()
    member = shop.enrol()
    shop.commit(basket(100, member=member))
    bodies = [basket(300), basket(400, member=member), basket(500, member=member)]
    with others_at_it([lambda: shop.commit(bodies[0])]):
        answer = upload(shop, bodies)
    assert statuses(answer) == [200, 201, 201]
    assert upload(shop, bodies).content == answer.content
    assert wallet_of(member).balance == 100


def test_lines_of_a_batch_that_others_come_into_count_in_the_order_in_which_they_were_placed(
    open_shop: Callable[..., Shop],
) -> None:
    """A tier that the earlier purchase reaches counts for the later one, which was sent first."""
    shop = open_shop()
    member = shop.enrol()
    publish_rule(
        programme_id=shop.programme.pk,
        code="silver",
        name="Silver",
        definition=RuleDefinition(effect=FixedPoints(points=7), conditions=[TierIs(tiers=["silver"])]),
        live_from=LONG_AGO,
        made_by="test",
        now=datetime.now(UTC),
    )
    noon = datetime(2026, 3, 4, 17, tzinfo=UTC)
    late, early = (
        basket(price, member=member, placed_at=(noon + timedelta(hours=hour)).isoformat())
        for price, hour in ((400, 2), (10_000, 0))
    )
    other = basket(300)
    shop.commit(basket(100))
    with others_at_it([lambda: shop.commit(other)]):
        lines = send(shop, [other, late, early])
    assert [line["status"] for line in lines] == [200, 201, 201]
    assert [line["answer"]["settlement"]["points_earned"] for line in lines[1:]] == [47, 1_000]


def test_several_hands_book_expiry_of_every_wallet_once(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(expiry_days=1)
    members = [shop.enrol() for _ in range(7)]
    long_ago = (datetime.now(UTC) - timedelta(days=5)).isoformat()
    for member in members:
        shop.commit(basket(500, member=member, placed_at=long_ago))
    now = datetime.now(UTC)
    assert book_expired_lots(until=now, now=now, hands=3) == 7
    assert book_expired_lots(until=now, now=now, hands=3) == 0
    assert Entry.objects.filter(kind="expire", points=-50).count() == 7
    assert verify_ledger(now=now) == []
