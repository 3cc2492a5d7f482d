"""Tiers in the state machine of the ledger: what was paid and kept in a year is what counts, and lifts at once."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis.stateful import rule

from loyalty.rules.answers import TierAnswer
from loyalty.services.tier_reviews import review_tiers, tell_of_ends
from tests.loyalty.conftest import LADDER
from tests.loyalty.pencil import NEW_YORK, PlainMember, PlainOrder

STEPS = {step.tier: step.threshold_minor or 0 for step in LADDER.steps}
RANKS = list(STEPS)
WINDOW = timedelta(days=364)


class TierSteps:
    """Nobody goes up without having paid for it, and nobody who has paid stands lower, reviewed or not."""

    members: list[Any]

    def open_tiers(self) -> None:
        self.most_counted = [0 for _ in self.members]

    @rule()
    def review_tiers(self) -> None:
        review_tiers(now=datetime.now(UTC))
        tell_of_ends(now=datetime.now(UTC))

    def check_tier(self, who: int, plain: PlainMember, tier: TierAnswer | None) -> None:
        assert tier is not None
        counted = counted_by(plain, datetime.now(UTC))
        self.most_counted[who] = max(self.most_counted[who], counted)
        assert rank_of(counted) <= RANKS.index(tier.code) <= rank_of(self.most_counted[who])
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
