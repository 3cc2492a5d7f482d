"""Steps of the ledger's state machine: points become a mug or a voucher, and come back."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from loyalty.errors.rewards import RewardNotRedeemable
from loyalty.models import RewardStock
from loyalty.services.redemption_steps import cancel_redemption
from loyalty.services.redemptions import Wish, redeem
from tests.loyalty.rewards import gift, voucher_reward

STOCK = 3


class RewardSteps:
    """What the machine's members redeem. Of each reward there are three."""

    members: list[Any]
    plain: list[Any]
    shop: Any

    def open_rewards(self) -> None:
        self.rewards = [gift(self.shop, 40, stock=STOCK), voucher_reward(self.shop, 70, stock=STOCK)]
        self.of_refs: dict[str, tuple[int, int]] = {}

    def taken(self, which: int) -> int:
        return sum(reward == which for _, reward in self.of_refs.values())

    @rule(who=st.integers(0, 1), which=st.integers(0, 1))
    def redeem_reward(self, who: int, which: int) -> None:
        now, plain, reward = datetime.now(UTC), self.plain[who], self.rewards[which]
        wish = Wish(
            member_id=self.members[who].pk,
            programme_id=self.shop.programme.pk,
            reward=reward.code,
            actor="test",
        )
        missing = reward.points > plain.spendable(now)
        reason = "points_missing" if missing else ""
        reason = "points_owed" if plain.debt else reason
        reason = "sold_out" if self.taken(which) == STOCK else reason
        if reason:
            with pytest.raises(RewardNotRedeemable) as refused:
                redeem(wish, now=now)
            assert refused.value.facts["reason"] == reason
            return
        made = redeem(wish, now=now)
        plain.redeemed[made.redemption.ref] = plain.spend(reward.points, now)
        plain.be_active(now, now=now)
        self.of_refs[made.redemption.ref] = who, which

    @precondition(lambda self: getattr(self, "of_refs", None))
    @rule(number=st.integers(0, 50))
    def cancel_reward(self, number: int) -> None:
        now, refs = datetime.now(UTC), list(self.of_refs)
        ref = refs[number % len(refs)]
        cancel_redemption(ref, because="test", by="test", now=now)
        who, _ = self.of_refs.pop(ref)
        self.plain[who].cancel(ref, now)

    def check_rewards(self) -> None:
        counted = RewardStock.objects.order_by("reward_id").values_list("taken", flat=True)
        assert list(counted) == [self.taken(0), self.taken(1)]
