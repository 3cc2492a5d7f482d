"""The ledger against a plain model, in any order: earn, act, play, climb, spend, redeem, hold, return, give, expire."""

import itertools
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from loyalty.errors import InsufficientPoints, TransferExceeds
from loyalty.models import Wallet, WhenSpent
from loyalty.queries.programmes import get_current_programme
from loyalty.queries.wallets import get_wallet
from loyalty.services.expiry import book_expired_lots
from loyalty.services.ledger import Credit, Debit, post_credit, post_debit
from loyalty.services.transfers import TransferDraft, transfer_points
from loyalty.services.verification import verify_ledger
from members.models import Member
from tests.loyalty.acting_steps import ActSteps
from tests.loyalty.booking_steps import BookSteps
from tests.loyalty.buying_steps import BuySteps
from tests.loyalty.conftest import Shop
from tests.loyalty.pencil import EXPIRY_DAYS, MATURITY_DAYS, PlainMember
from tests.loyalty.playing_steps import PlaySteps
from tests.loyalty.reward_steps import RewardSteps
from tests.loyalty.tier_steps import TierSteps
from tests.loyalty.voucher_steps import VoucherSteps

SKUS = st.sampled_from(["SKU-0", "SKU-1", "SKU-2", "H"])


class LedgerMachine(
    ActSteps, BookSteps, BuySteps, PlaySteps, RewardSteps, TierSteps, VoucherSteps, RuleBasedStateMachine
):
    """Two members in one shop. Every step is compared with the plain model."""

    open_shop: Any

    @initialize(policy=st.sampled_from(WhenSpent.values), runs_out=st.sampled_from(["rolling", "inactivity"]))
    def open(self, policy: str, runs_out: str) -> None:
        self.policy = policy
        self.clock = time_machine.travel(datetime(2026, 2, 20, 17, tzinfo=UTC), tick=False)
        self.now = self.clock.start()
        self.shop: Shop = self.open_shop(
            expiry_kind=runs_out,
            expiry_days=EXPIRY_DAYS,
            maturity_days=MATURITY_DAYS,
            when_spent=policy,
            transfer_points_a_day=None,
        )
        self.members: list[Member] = [self.shop.enrol(), self.shop.enrol()]
        self.plain = [PlainMember(is_kept_alive=runs_out == "inactivity") for _ in self.members]
        self.numbers = itertools.count(1)
        self.open_wine()
        self.open_rewards()
        self.open_tiers()
        self.open_vouchers()

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
            self.plain[who] = after
        else:
            assert answer.json()["code"] == "points_already_spent"

    @rule(who=st.integers(0, 1), wanted=st.dictionaries(SKUS, st.integers(1, 6), min_size=1, max_size=2))
    def bring_without_a_receipt(self, who: int, wanted: dict[str, int]) -> None:
        lines = [{"sku": sku, "quantity": count} for sku, count in wanted.items()]
        body = {"return_number": f"N-{next(self.numbers)}", "lines": lines}
        answer = self.tell("returns", body | {"member": {"ref": self.members[who].ref}})
        after = deepcopy(self.plain[who])
        found = after.bring(wanted, datetime.now(UTC), self.policy)
        if found is None:
            assert answer.json()["code"] == "points_already_spent"
        elif not found:
            assert answer.json()["code"] == "return_unexplained"
        else:
            assert answer.status_code == 201
            missing = {each["sku"]: each["quantity"] for each in answer.json()["unexplained"]}
            asked = {sku: count - found.get(sku, 0) for sku, count in wanted.items()}
            assert missing == {sku: count for sku, count in asked.items() if count}
            self.plain[who] = after

    @rule(who=st.integers(0, 1), points=st.integers(-200, 200).filter(bool))
    def correct(self, who: int, points: int) -> None:
        now, plain = datetime.now(UTC), self.plain[who]
        cause = {"cause": f"correct:{next(self.numbers)}", "reason": "test", "actor": "test"}
        programme = get_current_programme(self.shop.programme.pk)
        if points > 0:
            credit = Credit(
                member_id=self.members[who].pk, points=points, kind="adjust", happened_at=now, **cause
            )
            assert post_credit(credit, programme=programme, now=now)
            plain.earn(points, now)
            return
        wallet = Wallet.objects.filter(member=self.members[who]).first()
        if wallet is None:
            return
        debit = Debit(wallet_id=wallet.pk, points=-points, kind="adjust", **cause)
        if -points > plain.spendable(now):
            with pytest.raises(InsufficientPoints):
                post_debit(debit, now=now)
        else:
            post_debit(debit, now=now)
            plain.draw(-points, now, matured_by=now)
            plain.taken -= points

    @rule(
        who=st.integers(0, 1),
        points=st.integers(1, 300),
        seconds=st.sampled_from([60, 2 * 86_400, 7 * 86_400]),
    )
    def hold(self, who: int, points: int, seconds: int) -> None:
        now, plain = datetime.now(UTC), self.plain[who]
        wanted = {"member": {"ref": self.members[who].ref}, "points": points, "seconds": seconds}
        answer = self.tell("holds", wanted)
        if points > plain.spendable(now):
            assert answer.json()["code"] == "insufficient_points"
            return
        told = answer.json()["hold"]
        held = plain.hold(told["ref"], points, now + timedelta(seconds=seconds), now)
        assert datetime.fromisoformat(told["expires_at"]) == held.until

    @rule(who=st.integers(0, 1), which=st.integers(0, 50), part=st.integers(0, 100))
    def settle_hold(self, who: int, which: int, part: int) -> None:
        """Capture so many percent of a hold; 0 releases it."""
        now, plain = datetime.now(UTC), self.plain[who]
        holds = [hold for hold in plain.holds if hold.is_open]
        if not holds:
            return
        held = holds[which % len(holds)]
        captured = held.points * part // 100
        if captured:
            answer = self.tell(f"holds/{held.ref}/capture", {"points": captured})
        else:
            answer = self.tell(f"holds/{held.ref}/release", {})
        assert answer.status_code == (409 if captured and held.until <= now else 200)
        if held.until > now:
            held.is_open = False
            plain.draw(captured, now, matured_by=now)
            plain.spent += captured
            if captured:
                plain.be_active(now, now=now)

    @rule(who=st.integers(0, 1), points=st.integers(1, 200))
    def give(self, who: int, points: int) -> None:
        now, plain, other = datetime.now(UTC), self.plain[who], self.plain[1 - who]
        draft = TransferDraft(
            member_id=self.members[who].pk,
            to_member_id=self.members[1 - who].pk,
            programme_id=self.shop.programme.pk,
            points=points,
            actor="test",
        )
        if points > plain.spendable(now) or plain.debt:
            with pytest.raises(TransferExceeds):
                transfer_points(draft, now=now)
            return
        transfer_points(draft, now=now)
        other.receive(plain.draw(points, now, matured_by=now))
        plain.issued -= points
        other.issued += points

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


@pytest.mark.django_db
def test_the_ledger_agrees_with_pencil_and_paper(open_shop: Any) -> None:
    """issued = spendable + held + pending + spent + expired + taken back - debt, at every step and by every policy."""
    from django.db import transaction

    class Machine(LedgerMachine):
        def __init__(self) -> None:
            super().__init__()
            self.atomic = transaction.atomic()
            self.atomic.__enter__()

        def teardown(self) -> None:
            super().teardown()
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    Machine.open_shop = staticmethod(open_shop)
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
