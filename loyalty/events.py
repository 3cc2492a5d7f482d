"""What loyalty announces."""

from datetime import datetime
from typing import ClassVar

import msgspec

from config.outbox.events import Event


class ProgrammeEvent(Event, frozen=True, kw_only=True):
    """What happened in a programme."""

    programme_code: str


class ChallengeEvent(ProgrammeEvent, frozen=True, kw_only=True):
    """What became of a member's challenge, called `title`."""

    challenge_code: str
    title: str


class TierEndEvent(ProgrammeEvent, frozen=True, kw_only=True):
    """A member's time on a tier ends at `until`; `next_code` is the tier after it."""

    tier_code: str
    next_code: str
    until: datetime


class RedemptionEvent(ProgrammeEvent, frozen=True, kw_only=True):
    """What became of a reward, called `title`, that a member redeemed."""

    redemption_ref: str
    reward_code: str
    title: str


class LineBought(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a committed purchase. `paid_minor` is what was paid for it in money."""

    sku: str
    category: str
    department: str
    quantity: int
    paid_minor: int


class PurchaseCommitted(ProgrammeEvent, frozen=True, kw_only=True):
    """A member's purchase is booked. Amounts in minor units of the programme's currency."""

    name: ClassVar[str] = "loyalty.purchase_committed"
    order_ref: str
    place_code: str
    placed_at: datetime
    total_minor: int
    paid_minor: int
    points_earned: int
    points_spent: int
    tier_code: str
    lines: list[LineBought]


class PurchaseReturned(ProgrammeEvent, frozen=True, kw_only=True):
    """Goods of a member's purchase came back. Amounts in minor units of the programme's currency.

    `is_whole`: nothing is left of the purchase.
    """

    name: ClassVar[str] = "loyalty.purchase_returned"
    return_ref: str
    order_ref: str
    placed_at: datetime
    returned_at: datetime
    refund_minor: int
    points_taken: int
    points_given: int
    is_whole: bool


class HistoryImported(ProgrammeEvent, frozen=True, kw_only=True):
    """Orders of a programme came from files, any number of them, without news of their own."""

    name: ClassVar[str] = "loyalty.history_imported"


class PointsExpiring(ProgrammeEvent, frozen=True, kw_only=True):
    """Points of a member run out at `expires_at` unless they are spent, or kept alive. Said 30 and 7 days before."""

    name: ClassVar[str] = "loyalty.points_expiring"
    points: int
    expires_at: datetime
    days_before: int


class TierReached(ProgrammeEvent, frozen=True, kw_only=True):
    """A member stands on a higher tier than before."""

    name: ClassVar[str] = "loyalty.tier_reached"
    tier_code: str
    previous_code: str


class VoucherIssued(ProgrammeEvent, frozen=True, kw_only=True):
    """A member got a voucher. `valid_until` is null where it is good for ever."""

    name: ClassVar[str] = "loyalty.voucher_issued"
    series_code: str
    title: str
    voucher_code: str
    valid_until: datetime | None
    cause: str


class ChallengeProgressed(ChallengeEvent, frozen=True, kw_only=True):
    """A member is near the end of a challenge: `missing` units of `needed`. Said once for each completion."""

    name: ClassVar[str] = "loyalty.challenge_progressed"
    missing: int
    needed: int


class ChallengeCompleted(ChallengeEvent, frozen=True, kw_only=True):
    """A member completed a challenge, for the `number`th time, and got what it gives.

    `number` is 0 where the member is the friend of a referral. `points` were given, a voucher of `series_code`, or
    `badge`; empty where there is none.
    """

    name: ClassVar[str] = "loyalty.challenge_completed"
    number: int
    points: int
    series_code: str
    badge: str


class ChallengeFellBack(ChallengeEvent, frozen=True, kw_only=True):
    """A completed challenge is not complete any more, for goods came back; `points` of its reward were taken back.

    `voucher` says what became of one: none, revoked, or used before.
    """

    name: ClassVar[str] = "loyalty.challenge_fell_back"
    number: int
    points: int
    points_missing: int
    voucher: str


class TierFalling(TierEndEvent, frozen=True, kw_only=True):
    """A member goes down to `next_code` at `until` unless they reach their tier again. Said 30 and 7 days before."""

    name: ClassVar[str] = "loyalty.tier_falling"
    days_before: int


class TierLeft(TierEndEvent, frozen=True, kw_only=True):
    """A member went down from a tier to `next_code` at `until`. `days_before` is 0."""

    name: ClassVar[str] = "loyalty.tier_left"
    days_before: int = 0


class RewardRedeemed(RedemptionEvent, frozen=True, kw_only=True):
    """A member got a reward for points. `voucher_code` is empty unless it is a voucher, `place_code` unless fetched."""

    name: ClassVar[str] = "loyalty.reward_redeemed"
    kind: str
    points: int
    cash_minor: int
    place_code: str
    voucher_code: str


class RedemptionMoved(RedemptionEvent, frozen=True, kw_only=True):
    """A redemption came to another state: packed, ready, handed over, attended."""

    name: ClassVar[str] = "loyalty.redemption_moved"
    state: str
    place_code: str


class RedemptionCancelled(RedemptionEvent, frozen=True, kw_only=True):
    """A redemption was cancelled, and its points are back. `cash_minor` was paid and is to be handed back."""

    name: ClassVar[str] = "loyalty.redemption_cancelled"
    points: int
    cash_minor: int
    because: str


class BenefitBooked(ProgrammeEvent, frozen=True, kw_only=True):
    """A member booked a date of a benefit, waits for a seat, or got one that was left. `state`: booked or waiting."""

    name: ClassVar[str] = "loyalty.benefit_booked"
    benefit_code: str
    booking_ref: str
    state: str
    starts_at: datetime | None
