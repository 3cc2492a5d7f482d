"""Steps of the state machines: points become a mug, a voucher or a seat, which are handed over, used, or come back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from loyalty.errors.rewards import RedemptionNotChanged, RewardNotRedeemable
from loyalty.models import RewardStock
from loyalty.services.redemption_steps import cancel_redemption, move_redemption
from loyalty.services.redemptions import Wish, redeem
from tests.loyalty.conftest import basket
from tests.loyalty.pencil import NEW_YORK, PlainOrder
from tests.loyalty.rewards import experience, gift, voucher_reward

STOCK = 3
PLAIN, VOUCHER, MONTHLY, EVENING = range(4)
KINDS = st.integers(PLAIN, EVENING)
PRICE = 500
"""What the voucher takes off: all of the one line that is bought with it."""


class RewardSteps:
    """What the machine's members redeem. Of each reward there are three; one is given once a month to each member.

    `of_refs`: what was redeemed and not cancelled, by whom, and in which month; `over`: what was handed over of it.
    """

    members: list[Any]
    plain: list[Any]
    shop: Any
    earn: Any
    is_voucher_good: Any
    vouchers_used: dict[str, str]

    def open_rewards(self) -> None:
        self.evening_at = datetime.now(UTC) + timedelta(days=40)
        self.rewards = [
            gift(self.shop, 40, stock=STOCK),
            voucher_reward(self.shop, 70, stock=STOCK),
            gift(self.shop, 50, stock=STOCK, most_per_period=1, period="month"),
            experience(self.shop, STOCK, points=60, happens_at=self.evening_at),
        ]
        self.of_refs: dict[str, tuple[int, int, str]] = {}
        self.over: dict[str, str] = {}
        self.reward_codes: dict[str, tuple[int, str]] = {}

    def taken(self, which: int) -> int:
        return sum(reward == which for _, reward, _ in self.of_refs.values())

    @rule(who=st.integers(0, 1), which=KINDS)
    def redeem_reward(self, who: int, which: int) -> None:
        now, plain, reward = datetime.now(UTC), self.plain[who], self.rewards[which]
        month = now.astimezone(NEW_YORK).strftime("%Y-%m")
        wish = Wish(
            member_id=self.members[who].pk,
            programme_id=self.shop.programme.pk,
            reward=reward.code,
            actor="test",
        )
        missing = reward.points > plain.spendable(now)
        reason = "points_missing" if missing else ""
        reason = "points_owed" if plain.debt else reason
        had = which == MONTHLY and (who, which, month) in self.of_refs.values()
        reason = "limit_reached" if had else reason
        reason = "sold_out" if self.taken(which) == STOCK else reason
        reason = "over" if which == EVENING and now >= self.evening_at else reason
        if reason:
            with pytest.raises(RewardNotRedeemable) as refused:
                redeem(wish, now=now)
            assert refused.value.facts["reason"] == reason
            return
        made = redeem(wish, now=now).redemption
        plain.redeemed[made.ref] = plain.spend(reward.points, now)
        plain.be_active(now, now=now)
        self.of_refs[made.ref] = who, which, month
        if made.voucher is not None:
            self.reward_codes[made.ref] = who, made.voucher.code

    @precondition(lambda self: getattr(self, "of_refs", None))
    @rule(number=st.integers(0, 50))
    def cancel_reward(self, number: int) -> None:
        now, refs = datetime.now(UTC), list(self.of_refs)
        ref = refs[number % len(refs)]
        reason = self.over.get(ref, "")
        if ref in self.reward_codes and not self.is_voucher_good(self.reward_codes[ref][1]):
            reason = "voucher_used"
        if reason:
            with pytest.raises(RedemptionNotChanged) as refused:
                cancel_redemption(ref, because="test", by="test", now=now)
            assert refused.value.facts["reason"] == reason
            return
        cancel_redemption(ref, because="test", by="test", now=now)
        self.plain[self.of_refs.pop(ref)[0]].cancel(ref, now)

    @precondition(lambda self: getattr(self, "of_refs", None))
    @rule(number=st.integers(0, 50))
    def hand_over(self, number: int) -> None:
        ref, (_, which, _) = list(self.of_refs.items())[number % len(self.of_refs)]
        if which != VOUCHER:
            self.over[ref] = "attended" if which == EVENING else "handed_over"
            move_redemption(ref, self.over[ref], by="test", now=datetime.now(UTC))

    @precondition(lambda self: getattr(self, "reward_codes", None))
    @rule(number=st.integers(0, 50))
    def buy_with_what_was_redeemed(self, number: int) -> None:
        """The voucher takes all off; a second time, and once the reward was cancelled, nothing."""
        ref = list(self.reward_codes)[number % len(self.reward_codes)]
        (who, code), now = self.reward_codes[ref], datetime.now(UTC)
        good = ref in self.of_refs and self.is_voucher_good(code)
        answer = self.shop.commit(basket(PRICE, member=self.members[who], voucher_codes=[code])).json()
        paid = 0 if good else PRICE
        assert answer["settlement"]["payable_minor"] == paid
        awards, lot = self.earn(who, [(1, paid)], None, now)
        self.plain[who].be_active(now, now=now)
        order = PlainOrder(answer["order"]["ref"], [(1, paid)], [0], now, ["SKU-0"], lot, awards)
        self.plain[who].orders.append(order)
        if good:
            self.vouchers_used[code] = order.ref

    def check_rewards(self) -> None:
        counted = RewardStock.objects.order_by("reward_id").values_list("taken", flat=True)
        assert list(counted) == [self.taken(which) for which in range(len(self.rewards))]
