"""What a till is answered. The wallet is added by the statement that books, for only it knows the figures after it."""

from datetime import datetime

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
    code: str
    name: str
    missing_minor: int


class TierAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`until`: the end of what is held now, null on the lowest tier."""

    code: str
    name: str
    until: datetime | None
    next: NextTier | None


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
