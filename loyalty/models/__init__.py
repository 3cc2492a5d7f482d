"""Tables of loyalty and the law that holds them, one file per subject."""

from loyalty.models.acts import ActCounted, ActSettlement
from loyalty.models.back_tests import BackTest, BackTestState
from loyalty.models.benefits import BenefitBooking, BenefitDate, BookingState
from loyalty.models.books import (
    BookedDay,
    BookLine,
    BookMonth,
    CohortLine,
    JournalAccount,
    JournalLine,
    MonthState,
    PointCost,
)
from loyalty.models.caps import MemberRuleUse, RuleUse
from loyalty.models.challenges import (
    Challenge,
    ChallengeProgress,
    ChallengeReward,
    ChallengeStep,
    RewardState,
)
from loyalty.models.corrections import Correction, CorrectionLimit, CorrectionReason, CorrectionState
from loyalty.models.drafts import DraftState
from loyalty.models.expiry import ExpiryWarning
from loyalty.models.fraud import FlagState, FraudFlag, FraudRule
from loyalty.models.grants import Grant
from loyalty.models.holds import Hold, HoldShare, HoldState
from loyalty.models.labels import Label, MemberLabel
from loyalty.models.ladders import Ladder, LadderDraft, TierNotice, TierReview
from loyalty.models.ledger import Entry, EntryKind, Lot, LotMove, Seal, Settlement, Wallet
from loyalty.models.merges import MergedDay, MergedLot, MergedWallet
from loyalty.models.pools import PooledLot
from loyalty.models.programme import ExpiryKind, KeptAliveBy, ProgrammeTerms, WhenSpent
from loyalty.models.programme_drafts import ProgrammeDraft
from loyalty.models.redemptions import Redemption, RedemptionState, RedemptionStep
from loyalty.models.referrals import ReferralCode, ReferredFriend
from loyalty.models.returns import Forgiven, Reversal
from loyalty.models.rewards import Reward, RewardKind, RewardPeriod, RewardStock, RewardWords
from loyalty.models.rule_drafts import RuleDraft
from loyalty.models.rules import Rule, RuleVersion
from loyalty.models.tiers import Benefit, BenefitGrant, BenefitKind, Tier, TierDay, TierStanding
from loyalty.models.transfers import Transfer
from loyalty.models.vouchers import (
    CodeBatch,
    CodeBatchState,
    GoodwillLimit,
    ReservationState,
    Voucher,
    VoucherReservation,
    VoucherSeries,
    VoucherTally,
    VoucherUse,
)

__all__ = [
    "ActCounted",
    "ActSettlement",
    "BackTest",
    "BackTestState",
    "Benefit",
    "BenefitBooking",
    "BenefitDate",
    "BenefitGrant",
    "BenefitKind",
    "BookLine",
    "BookMonth",
    "BookedDay",
    "BookingState",
    "Challenge",
    "ChallengeProgress",
    "ChallengeReward",
    "ChallengeStep",
    "CodeBatch",
    "CodeBatchState",
    "CohortLine",
    "Correction",
    "CorrectionLimit",
    "CorrectionReason",
    "CorrectionState",
    "DraftState",
    "Entry",
    "EntryKind",
    "ExpiryKind",
    "ExpiryWarning",
    "FlagState",
    "Forgiven",
    "FraudFlag",
    "FraudRule",
    "GoodwillLimit",
    "Grant",
    "Hold",
    "HoldShare",
    "HoldState",
    "JournalAccount",
    "JournalLine",
    "KeptAliveBy",
    "Label",
    "Ladder",
    "LadderDraft",
    "Lot",
    "LotMove",
    "MemberLabel",
    "MemberRuleUse",
    "MergedDay",
    "MergedLot",
    "MergedWallet",
    "MonthState",
    "PointCost",
    "PooledLot",
    "ProgrammeDraft",
    "ProgrammeTerms",
    "Redemption",
    "RedemptionState",
    "RedemptionStep",
    "ReferralCode",
    "ReferredFriend",
    "ReservationState",
    "Reversal",
    "Reward",
    "RewardKind",
    "RewardPeriod",
    "RewardState",
    "RewardStock",
    "RewardWords",
    "Rule",
    "RuleDraft",
    "RuleUse",
    "RuleVersion",
    "Seal",
    "Settlement",
    "Tier",
    "TierDay",
    "TierNotice",
    "TierReview",
    "TierStanding",
    "Transfer",
    "Voucher",
    "VoucherReservation",
    "VoucherSeries",
    "VoucherTally",
    "VoucherUse",
    "Wallet",
    "WhenSpent",
]
