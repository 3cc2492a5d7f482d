"""What the state machines of the ledger share: two members in one shop who buy and bring back, and what must hold."""

import itertools
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine
from django.db import transaction
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from loyalty.models import Wallet, WhenSpent
from loyalty.queries.wallets import get_wallet
from loyalty.rules.ladders import LadderDefinition
from loyalty.services.expiry import book_expired_lots
from loyalty.services.verification import verify_ledger
from members.models import Member
from tests.loyalty.booking_steps import BookSteps
from tests.loyalty.buying_steps import BuySteps
from tests.loyalty.conftest import LADDER, Shop
from tests.loyalty.pencil import EXPIRY_DAYS, MATURITY_DAYS, PlainMember
from tests.loyalty.playing_steps import PlaySteps
from tests.loyalty.reward_steps import RewardSteps
from tests.loyalty.tier_steps import TierSteps
from tests.loyalty.voucher_steps import VoucherSteps


class Machine(BookSteps, BuySteps, PlaySteps, RewardSteps, TierSteps, VoucherSteps, RuleBasedStateMachine):
    """Every step is compared with the plain model, and undone with the machine's transaction."""

    open_shop: Any

    @initialize(
        policy=st.sampled_from(WhenSpent.values),
        runs_out=st.sampled_from(["rolling", "inactivity"]),
        on_return=st.sampled_from(["keep", "take"]),
    )
    def open(self, policy: str, runs_out: str, on_return: str) -> None:
        self.policy = policy
        self.clock = time_machine.travel(datetime(2026, 2, 20, 17, tzinfo=UTC), tick=False)
        self.now = self.clock.start()
        self.shop: Shop = self.open_shop(
            expiry_kind=runs_out,
            expiry_days=EXPIRY_DAYS,
            maturity_days=MATURITY_DAYS,
            when_spent=policy,
            transfer_points_a_day=None,
            ladder=LadderDefinition(steps=LADDER.steps, on_return=on_return),
        )
        self.members: list[Member] = [self.shop.enrol(), self.shop.enrol()]
        self.plain = [PlainMember(is_kept_alive=runs_out == "inactivity") for _ in self.members]
        self.numbers = itertools.count(1)
        self.open_wine()
        self.open_rewards()
        self.open_tiers()
        self.open_vouchers()
        self.open_more()

    def open_more(self) -> None:
        """What a machine has beside."""

    def teardown(self) -> None:
        if hasattr(self, "clock"):
            self.clock.stop()

    @rule(who=st.integers(0, 1), which=st.integers(0, 50), is_cancelled=st.booleans(), data=st.data())
    def bring_back(self, who: int, which: int, is_cancelled: bool, data: st.DataObject) -> None:
        orders = [order for order in self.plain[who].orders if any(order.left())]
        if not orders:
            return
        order = orders[which % len(orders)]
        coming = [data.draw(st.integers(0, left)) for left in order.left()]
        if not is_cancelled and not any(coming):
            return
        body: dict[str, Any] = {"return_number": f"B-{next(self.numbers)}"}
        if is_cancelled:
            coming = order.left()
        else:
            body["lines"] = [{"line": line, "quantity": came} for line, came in enumerate(coming) if came]
        answer = self.tell(f"orders/{order.ref}/{'cancel' if is_cancelled else 'returns'}", body)
        after = deepcopy(self.plain[who])
        mine = after.orders[self.plain[who].orders.index(order)]
        if after.bring_back(mine, coming, datetime.now(UTC), self.policy):
            assert answer.status_code == 201
            mine.is_cancelled = is_cancelled
            self.plain[who] = after
        else:
            assert answer.json()["code"] == "points_already_spent"

    def tell(self, path: str, body: dict[str, Any]) -> Any:
        return self.shop.post(path, body, **{"Idempotency-Key": f"told-{next(self.numbers)}"})

    @rule(days=st.integers(1, 20), hours=st.integers(0, 23))
    def let_time_pass(self, days: int, hours: int) -> None:
        self.now.shift(timedelta(days=days, hours=hours))

    @rule()
    def book_expiry(self) -> None:
        now = datetime.now(UTC)
        book_expired_lots(until=now, now=now)
        for plain in self.plain:
            plain.book_expiry(now)

    @invariant()
    def it_balances(self) -> None:
        if not hasattr(self, "members"):
            return
        now = datetime.now(UTC)
        for who, (member, plain) in enumerate(zip(self.members, self.plain, strict=True)):
            wallet = get_wallet(member.pk, self.shop.programme.pk, now=now)
            assert (wallet.spendable, wallet.held) == (plain.spendable(now), plain.held(now))
            assert wallet.pending == plain.pending(now)
            assert wallet.balance == wallet.spendable + wallet.held + wallet.pending
            assert wallet.debt == plain.debt
            self.check_tier(who, plain, wallet.tier)
            assert plain.holds or not (wallet.debt and wallet.balance)
            assert (
                plain.issued == wallet.balance + plain.spent + plain.expired(now) + plain.taken - plain.debt
            )
        self.check_rewards()
        assert verify_ledger(now=now) == []
        assert Wallet.objects.count() <= 2


def run(machine: type[Machine], open_shop: Any, *, examples: int, steps: int) -> None:
    """Let a machine take so many ways of so many steps at most."""

    class Run(machine):  # type: ignore[misc, valid-type]  # it is known by now
        def __init__(self) -> None:
            super().__init__()
            self.atomic = transaction.atomic()
            self.atomic.__enter__()

        def teardown(self) -> None:
            super().teardown()
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    Run.open_shop = staticmethod(open_shop)
    run_state_machine_as_test(
        Run,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
