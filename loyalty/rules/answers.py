"""What a till is answered. The wallet is added by the statement that books, for only it knows the figures after it."""

from datetime import datetime
from typing import Literal

import msgspec

from loyalty.rules.awards import NotApplied
from loyalty.rules.settle import Settlement
from loyalty.rules.voucher_answers import VoucherUsedAnswer, used_answer


class BookedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """`ref` is empty in a quote, which is no order yet."""

    ref: str
    state: str
    number: str
    placed_at: datetime


class EarnedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Points and the rule behind them; `lines` are positions in the body's lines, from 0."""

    rule: str
    rule_version: int
    points: int
    because: str
    lines: list[int]


class SettlementAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Amounts in minor units of `currency`.

    `payable_minor`: what is still to be paid, after discounts, vouchers, points, and what gift cards pay
    (`gift_cards_paid_minor`).
    """

    currency: str
    subtotal_minor: int
    discount_minor: int
    points_paid_minor: int
    payable_minor: int
    earned: list[EarnedAnswer]
    not_applied: list[NotApplied]
    vouchers_used: list[VoucherUsedAnswer]
    points_earned: int
    points_spent: int
    gift_cards_paid_minor: int = 0


class NextExpiry(msgspec.Struct, frozen=True, kw_only=True):
    points: int
    at: datetime


class NextTier(msgspec.Struct, frozen=True, kw_only=True):
    """The next step, and what is missing to it: spend in minor units, points earned, visits; null where it does not
    ask for it. `needs`: any one of them is enough, or all are missing. `words`: for member and cashier.
    """

    code: str
    name: str
    missing_minor: int | None
    missing_points: int | None = None
    missing_visits: int | None = None
    needs: Literal["any", "all"] = "any"
    words: str | None = None


class KeptTier(msgspec.Struct, frozen=True, kw_only=True):
    """Until when the tier is kept (null: for good), and what is missing in the running window to keep it longer.

    `is_given`: a colleague gave it. `is_by_household`: it is somebody else's of the household, and lasts as long as
    theirs, and as the member is in it. `words`: for member and cashier.
    """

    until: datetime | None
    is_given: bool
    is_by_household: bool = False
    missing_minor: int | None
    missing_points: int | None
    missing_visits: int | None
    words: str


class TierAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`until`: the end of what is held now, null on the lowest tier and for what is held for good. `keep`: null on the
    lowest tier, and in answers of before it was known.
    """

    code: str
    name: str
    until: datetime | None
    next: NextTier | None
    keep: KeptTier | None = None


class WalletAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Points at this moment: `balance` is `spendable` plus `held` plus `pending`.

    `held`: set aside for purchases that are being paid. `debt`: points owed by the programme's terms; the next points
    pay them first. Both are 0 in answers of before they were known.
    """

    balance: int
    spendable: int
    pending: int
    held: int = 0
    debt: int = 0
    next_expiry: NextExpiry | None
    tier: TierAnswer | None


class PurchaseAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What quote and commit answer. `wallet` is null for a purchase nobody has put a member to."""

    order: BookedOrder
    settlement: SettlementAnswer
    wallet: WalletAnswer | None


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The answer without the wallet."""

    order: BookedOrder
    settlement: SettlementAnswer


def settlement_answer(settlement: Settlement, *, currency: str) -> SettlementAnswer:
    """A settlement as the till reads it."""
    return SettlementAnswer(
        currency=currency,
        subtotal_minor=settlement.subtotal_minor,
        discount_minor=settlement.discount_minor,
        points_paid_minor=settlement.points_paid_minor,
        payable_minor=settlement.payable_minor - settlement.gift_paid_minor,
        earned=[
            EarnedAnswer(
                rule=award.rule,
                rule_version=award.rule_version,
                points=award.points,
                because=award.because,
                lines=award.lines,
            )
            for award in settlement.awards
        ],
        not_applied=settlement.not_applied,
        vouchers_used=[used_answer(used) for used in settlement.vouchers],
        points_earned=settlement.points_earned,
        points_spent=settlement.points_spent,
        gift_cards_paid_minor=settlement.gift_paid_minor,
    )


def head_text(order: BookedOrder, settlement: SettlementAnswer) -> str:
    """The answer as JSON text, open at its end: `,"wallet":{...}}` is to follow."""
    return msgspec.json.encode(Head(order=order, settlement=settlement))[:-1].decode()
