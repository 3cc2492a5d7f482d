"""Purchases, transfers and returns against merges, by real threads on real PostgreSQL."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from loyalty.models import Entry, Wallet
from loyalty.services.merging import carry_what_came_since
from loyalty.services.verification import verify_ledger
from members.errors import MemberNotActive
from members.models import Member, Merge
from members.services.merging import finish_merges, merge_members, undo_merge
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.test_returns import bring_back, buy

pytestmark = pytest.mark.django_db(transaction=True)


def all_at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    def one(act: Callable[[], Any]) -> Any:
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [told.result() for told in [pool.submit(one, act) for act in acts]]


def purchase(shop: Shop, member: Member, number: int, **more: Any) -> Callable[[], int]:
    body = basket(1_000, member=member, **more)
    headers = {"Authorization": f"Bearer {shop.key}", "Idempotency-Key": f"race-{number}"}

    def commit() -> int:
        told = Client().post(
            "/api/v1/checkout/commit", body, content_type="application/json", headers=headers
        )
        return int(told.status_code)

    return commit


def merging(going: Member, staying: Member) -> Callable[[], Merge]:
    now = datetime.now(UTC)
    return lambda: merge_members(going_id=going.pk, staying_id=staying.pk, actor="staff:1", now=now)


def balances(*members: Member) -> list[int]:
    assert verify_ledger(now=datetime.now(UTC)) == []
    held = dict(Wallet.objects.values_list("member_id", "balance"))
    return [held.get(member.pk, 0) for member in members]


@pytest.mark.parametrize("has_wallet", [True, False])
def test_purchases_during_a_merge_end_with_who_stays(shop: Shop, has_wallet: bool) -> None:
    ada, grace = shop.enrol(), shop.enrol()
    if has_wallet:
        buy(shop, ada, 1_000)
    acts: list[Callable[[], Any]] = [purchase(shop, ada, number) for number in range(6)]
    told = all_at_once([*acts[:3], merging(ada, grace), *acts[3:]])
    assert [one for one in told if isinstance(one, int)] == [201] * 6
    assert balances(ada, grace) == [0, (6 + has_wallet) * 100]


def test_never_15_points_of_a_merge_are_never_spent_twice(shop: Shop) -> None:
    ada, grace = shop.enrol(), shop.enrol()
    buy(shop, ada, 5_000)
    before = balances(ada, grace)
    assert before == [500, 0]
    spends = [purchase(shop, who, n, spend_points=500) for n, who in enumerate([ada, grace, ada, grace])]
    told = all_at_once([merging(ada, grace), *spends])
    paid = told[1:].count(201)
    assert paid <= 1
    assert Entry.objects.filter(kind="spend").count() == paid
    carry_what_came_since(now=datetime.now(UTC))
    earned = sum(Entry.objects.filter(kind__in=["earn", "bonus"]).values_list("points", flat=True))
    assert sum(balances(ada, grace)) == earned - 500 * paid


def test_merges_crossing_each_other_leave_one_member(shop: Shop) -> None:
    ada, grace = shop.enrol(), shop.enrol()
    buy(shop, ada, 1_000)
    buy(shop, grace, 2_000)

    def tried(act: Callable[[], Merge]) -> bool:
        try:
            act()
        except MemberNotActive:
            return False
        return True

    both = [merging(ada, grace), merging(grace, ada)]
    told = all_at_once([lambda act=act: tried(act) for act in both])
    assert sorted(told) == [False, True]
    assert sorted(balances(ada, grace)) == [0, 300]


def test_a_return_during_a_merge_and_its_undoing_is_exact(shop: Shop) -> None:
    ada, grace = shop.enrol(), shop.enrol()
    order = buy(shop, ada, 1_000, 2_000)
    buy(shop, grace, 1_000)
    merged = merging(ada, grace)()

    def undo() -> Merge:
        return undo_merge(merged.pk, actor="staff:2", now=datetime.now(UTC))

    told = all_at_once(
        [lambda: bring_back(shop, order, {0: 1}), undo, lambda: bring_back(shop, order, {1: 1})]
    )
    assert [told[0].status_code, told[2].status_code] == [201, 201]
    finish_merges(now=datetime.now(UTC))
    assert balances(ada, grace) == [0, 100]
