"""Merges and their undoing in any order with everything that moves points: nothing is made, and nothing lost."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from loyalty.models import Entry, Lot, TierDay, Wallet, WhenSpent
from loyalty.services.expiry import book_expired_lots
from loyalty.services.merging import carry_what_came_since
from loyalty.services.verification import verify_ledger
from members.models import Member, Merge, MergeState
from members.services.merging import merge_members, undo_merge
from tests.loyalty.conftest import Shop, basket

PEOPLE = 4


class MergeMachine(RuleBasedStateMachine):
    """Four members of one shop."""

    open_shop: Any

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()

    def teardown(self) -> None:
        if hasattr(self, "clock"):
            self.clock.stop()
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @initialize(policy=st.sampled_from(WhenSpent.values), runs_out=st.sampled_from(["rolling", "inactivity"]))
    def open(self, policy: str, runs_out: str) -> None:
        self.clock = time_machine.travel(datetime(2026, 2, 20, 17, tzinfo=UTC), tick=False)
        self.now = self.clock.start()
        self.shop: Shop = self.open_shop(
            expiry_kind=runs_out, expiry_days=60, maturity_days=7, when_spent=policy
        )
        self.members: list[Member] = [self.shop.enrol() for _ in range(PEOPLE)]
        self.orders: list[str] = []
        self.numbers = itertools.count(1)

    @rule(who=st.integers(0, PEOPLE - 1), minor=st.integers(100, 30_000), spends=st.integers(0, 400))
    def buy(self, who: int, minor: int, spends: int) -> None:
        body = basket(minor, minor, member=self.members[who], spend_points=spends)
        answer = self.shop.commit(body)
        if answer.status_code == 201:
            self.orders.append(answer.json()["order"]["ref"])
        assert answer.status_code in (201, 409), answer.content

    @rule(which=st.integers(0, 50), line=st.integers(0, 1))
    def bring_back(self, which: int, line: int) -> None:
        if not self.orders:
            return
        number = f"B-{next(self.numbers)}"
        body = {"return_number": number, "lines": [{"line": line, "quantity": 1}]}
        ref = self.orders[which % len(self.orders)]
        answer = self.shop.post(f"orders/{ref}/returns", body, **{"Idempotency-Key": number})
        assert answer.status_code in (201, 409, 422), answer.content

    @rule(going=st.integers(0, PEOPLE - 1), staying=st.integers(0, PEOPLE - 1))
    def merge(self, going: int, staying: int) -> None:
        one, other = (Member.objects.get(pk=self.members[who].pk) for who in (going, staying))
        if going == staying or {one.state, other.state} != {"active"}:
            return
        merge_members(going_id=one.pk, staying_id=other.pk, actor="staff:1", now=datetime.now(UTC))

    @rule(which=st.integers(0, 10))
    def part(self, which: int) -> None:
        standing = list(Merge.objects.filter(state=MergeState.MERGED).order_by("pk"))
        if standing:
            undo_merge(standing[which % len(standing)].pk, actor="staff:2", now=datetime.now(UTC))

    @rule(going=st.integers(0, PEOPLE - 1), staying=st.integers(0, PEOPLE - 1))
    def merge_and_part_at_once(self, going: int, staying: int) -> None:
        one, other = (Member.objects.get(pk=self.members[who].pk) for who in (going, staying))
        if going == staying or {one.state, other.state} != {"active"}:
            return
        carry_what_came_since(now=datetime.now(UTC))
        before = self.everything()
        now = datetime.now(UTC)
        merged = merge_members(going_id=one.pk, staying_id=other.pk, actor="staff:1", now=now)
        undo_merge(merged.pk, actor="staff:2", now=now)
        assert self.everything() == before

    def everything(self) -> list[Any]:
        """A wallet that a merge used and its undoing emptied is as one that was never used."""
        wallets = Wallet.objects.exclude(balance=0, debt=0, spendable=0, pending=0)
        figures = wallets.order_by("member_id").values_list(
            "member_id", "balance", "debt", "spendable", "pending"
        )
        lots = Lot.objects.filter(remaining__gt=0).order_by("pk").values_list("pk", "remaining", "expires_at")
        days = TierDay.objects.exclude(qualifying_minor=0, points=0, visits=0).order_by("pk")
        return [list(figures), list(lots), list(days.values_list("wallet", "spent_on", "points", "visits"))]

    @rule(days=st.integers(1, 20))
    def let_time_pass(self, days: int) -> None:
        self.now.shift(timedelta(days=days))

    @rule()
    def run_the_clock(self) -> None:
        book_expired_lots(until=datetime.now(UTC), now=datetime.now(UTC))
        carry_what_came_since(now=datetime.now(UTC))

    @invariant()
    def it_balances(self) -> None:
        if not hasattr(self, "members"):
            return
        assert verify_ledger(now=datetime.now(UTC)) == []
        moved = Entry.objects.filter(kind__startswith="merge").aggregate(points=Sum("points"))["points"]
        assert not moved
        gone = Wallet.objects.filter(member__state="merged")
        assert not gone.filter(spendable__gt=0).exists()
        assert not Member.objects.filter(merged_into__state="merged").exists()


def into_an_unused_wallet(machine: MergeMachine) -> None:
    """Few orders of things come to this by themselves."""
    try:
        machine.open(policy="clamp", runs_out="rolling")
        machine.buy(who=0, minor=100, spends=0)
        machine.merge_and_part_at_once(going=0, staying=1)
        machine.it_balances()
    finally:
        machine.teardown()


@pytest.mark.django_db
def test_merges_in_any_order_make_and_lose_nothing(open_shop: Any) -> None:
    class Machine(MergeMachine):
        pass

    Machine.open_shop = staticmethod(open_shop)
    into_an_unused_wallet(Machine())
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
