"""What doors answer of rewards and redemptions."""

from datetime import datetime
from typing import Any

import msgspec

from loyalty.rules.rewards import Obstacle, RewardNow


class TierNamed(msgspec.Struct, frozen=True):
    code: str
    name: str


class StoreStock(msgspec.Struct, frozen=True):
    """How many a store has left; null: no limit."""

    place: str
    name: str
    left: int | None


class RewardAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A reward of the catalogue. Amounts in minor units of `currency`.

    `kind`: voucher, gift or experience. `tier`: the lowest that may have it. `left`: null where there is no limit.
    `stores`: where it has to be fetched, if not everywhere. `cancel_hours`: members may give it back for so long,
    an experience up to so long before it begins.
    """

    code: str
    kind: str
    title: str
    description: str
    picture_url: str
    points: int
    cash_minor: int
    currency: str
    tier: TierNamed | None
    left: int | None
    stores: list[StoreStock]
    most_per_member: int | None
    most_per_period: int | None
    period: str
    starts_at: datetime | None
    ends_at: datetime | None
    happens_at: datetime | None
    cancel_hours: int


class MyRewardAnswer(RewardAnswer, frozen=True, kw_only=True):
    """A reward as it stands for the member who asks.

    `reach` is `now` where it can be had, `near` where only `missing_points` are missing, else `not`. `reason` is
    not_yet, over, not_for_member, tier_needed, sold_out, limit_reached, points_owed or points_missing, and `because`
    says it in words.
    """

    reach: str
    missing_points: int
    reason: str
    because: str


class VoucherGot(msgspec.Struct, frozen=True):
    """The voucher that the member got: the code as people read it. `valid_until` is null where it is good for ever."""

    code: str
    valid_until: datetime | None


class RedemptionStepAnswer(msgspec.Struct, frozen=True):
    """A state that the redemption came to; the note says why it was cancelled."""

    state: str
    at: datetime
    note: str


class RedemptionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A reward in a member's hands.

    `state`: issued; ordered, packed, ready, handed_over; booked, attended; cancelled. `place`: where it is fetched.
    `cash_minor` is paid by the sale `cash_receipt`, empty as long as it is not paid. `cancel_until`: as long as the
    member may give it back by the app, null where they may not (any more). Amounts in minor units of `currency`.
    """

    ref: str
    state: str
    member: str
    reward: str
    kind: str
    title: str
    points: int
    cash_minor: int
    currency: str
    cash_receipt: str
    place: str
    place_name: str
    voucher: VoucherGot | None
    happens_at: datetime | None
    redeemed_at: datetime
    cancel_until: datetime | None
    steps: list[RedemptionStepAnswer]


def reward_answer(reward: RewardNow, currency: str) -> RewardAnswer:
    """A reward as the catalogue shows it."""
    return RewardAnswer(**_shown(reward, currency))


def my_reward_answer(reward: RewardNow, currency: str, obstacle: Obstacle | None) -> MyRewardAnswer:
    """A reward as a member sees it, with what stands between them and it."""
    shown, found = _shown(reward, currency), obstacle or Obstacle("", "")
    reach = "now" if obstacle is None else "near" if obstacle.missing_points else "not"
    return MyRewardAnswer(
        **shown, reach=reach, missing_points=found.missing_points, reason=found.code, because=found.because
    )


def _shown(reward: RewardNow, currency: str) -> dict[str, Any]:
    return {name: getattr(reward, name) for name in _AS_THEY_ARE} | {
        "currency": currency,
        "tier": TierNamed(reward.gate.code, reward.gate.name) if reward.gate else None,
        "stores": [StoreStock(store.place, store.place_name, store.left) for store in reward.stores],
    }


_AS_THEY_ARE = set(RewardAnswer.__struct_fields__) - {"currency", "tier", "stores"}
