"""Tiers in the state machines: what was paid and kept in a year lifts at once, and colleagues give some by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule

from loyalty.errors.tiers import TierNotGiven
from loyalty.models import Tier, TierStanding, Wallet
from loyalty.rules.answers import TierAnswer
from loyalty.services.corrections import Colleague
from loyalty.services.given_tiers import end_given_tier, give_tier
from loyalty.services.tier_reviews import review_tiers, tell_of_ends
from tests.loyalty.conftest import LADDER
from tests.loyalty.pencil import NEW_YORK, PlainMember, PlainOrder

STEPS = {step.tier: step.threshold_minor or 0 for step in LADDER.steps}
RANKS = list(STEPS)
WINDOW = timedelta(days=364)
BY = Colleague(id=1, name="staff:1", email="", roles=[])
ABOVE = st.sampled_from(RANKS[1:])


class TierSteps:
    """Nobody goes up who has not paid for it or been given it, and nobody who has paid stands lower, reviewed or not.

    `gifts`: of each member, tier -> until when it is given.
    """

    members: list[Any]
    shop: Any

    def open_tiers(self) -> None:
        self.most_counted = [0 for _ in self.members]
        self.gifts: list[dict[str, datetime]] = [{} for _ in self.members]

    @rule()
    def review_tiers(self) -> None:
        review_tiers(now=datetime.now(UTC))
        tell_of_ends(now=datetime.now(UTC))

    @rule(who=st.integers(0, 1), tier=ABOVE, days=st.integers(1, 90))
    def give_tier(self, who: int, tier: str, days: int) -> None:
        now, wallet = datetime.now(UTC), Wallet.objects.filter(member=self.members[who]).first()
        if wallet is None:
            return
        step, until = Tier.objects.get(code=tier), now + timedelta(days=days)
        own = {"given_by": "", "tier": step} if self.given(who, tier) else {}
        as_long = TierStanding.objects.filter(
            wallet=wallet, tier__rank__gte=step.rank, from_at__lte=now, until_at__gte=until
        )
        if own:
            as_long = as_long.exclude(tier=step) | as_long.filter(**own)
        if as_long.exists():
            with pytest.raises(TierNotGiven, match="already"):
                give_tier(wallet, step.pk, until=until, reason="test", by=BY, now=now)
        else:
            give_tier(wallet, step.pk, until=until, reason="test", by=BY, now=now)
            self.gifts[who][tier] = until

    @rule(who=st.integers(0, 1), tier=ABOVE)
    def end_tier(self, who: int, tier: str) -> None:
        now, wallet = datetime.now(UTC), Wallet.objects.filter(member=self.members[who]).first()
        if wallet is None:
            return
        step = Tier.objects.get(code=tier)
        if self.given(who, tier):
            end_given_tier(wallet, step.pk, reason="test", by=BY, now=now)
            del self.gifts[who][tier]
        else:
            with pytest.raises(TierNotGiven):
                end_given_tier(wallet, step.pk, reason="test", by=BY, now=now)

    def given(self, who: int, tier: str) -> bool:
        until = self.gifts[who].get(tier)
        return until is not None and until > datetime.now(UTC)

    def check_tier(self, who: int, plain: PlainMember, tier: TierAnswer | None) -> None:
        assert tier is not None
        counted = counted_by(plain, datetime.now(UTC))
        self.most_counted[who] = max(self.most_counted[who], counted)
        given = max(RANKS.index(tier) for tier in RANKS if tier == RANKS[0] or self.given(who, tier))
        most = max(given, rank_of(self.most_counted[who]))
        assert max(given, rank_of(counted)) <= RANKS.index(tier.code) <= most
        if tier.next is None:
            assert tier.code == RANKS[-1]
        else:
            assert tier.next.code == RANKS[RANKS.index(tier.code) + 1]
            assert tier.next.missing_minor == max(0, STEPS[tier.next.code] - counted)


def rank_of(counted: int) -> int:
    """How far up so much spend leads."""
    return max(rank for rank, tier in enumerate(RANKS) if STEPS[tier] <= counted)


def counted_by(plain: PlainMember, now: datetime) -> int:
    """What was paid within the year until today, without what came back."""
    today = now.astimezone(NEW_YORK).date()
    return sum(
        kept(order)
        for order in plain.orders
        if today - WINDOW <= order.at.astimezone(NEW_YORK).date() <= today
    )


def kept(order: PlainOrder) -> int:
    """The money paid for what stayed; points pay for single pieces alone."""
    paid = sum(left * price for left, (_, price) in zip(order.left(), order.lines, strict=True))
    return max(0, paid - order.by_points)
