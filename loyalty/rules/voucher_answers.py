"""Vouchers as tills, web shops and apps read them."""

from datetime import datetime
from typing import Literal

import msgspec

from loyalty.rules.awards import NotApplied
from loyalty.rules.vouchers import AmountOff, FreeShipping, GiftCard, PercentOff, ProductFor, Series
from loyalty.rules.vouchers_used import Cut, VoucherUsed

Kind = Literal["amount", "percent", "product", "shipping", "gift_card"]
KINDS: dict[type, Kind] = {
    AmountOff: "amount",
    PercentOff: "percent",
    ProductFor: "product",
    FreeShipping: "shipping",
    GiftCard: "gift_card",
}
"""What a voucher gives -> how the API calls it."""


class VoucherUsedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A voucher that is used. `discount_minor`: taken off the `lines` (from 0); `paid_minor`: paid by a gift card.

    `left_minor`: what stays in the gift card; null for other kinds.
    """

    code: str
    series: str
    title: str
    kind: Kind
    discount_minor: int
    paid_minor: int
    left_minor: int | None
    because: str
    lines: list[int]


class VouchersOffered(msgspec.Struct, frozen=True, kw_only=True):
    """The best legal combination of the vouchers that were told and those that the member holds.

    Name the codes of `best` to use them. `discount_minor` is what they take off together; gift cards that could pay
    are in `gift_cards`. `left_out`: the others, each with the reason.
    """

    discount_minor: int
    best: list[VoucherUsedAnswer]
    gift_cards: list[str]
    left_out: list[NotApplied]


VoucherState = Literal["issued", "reserved", "redeemed", "rolled_back", "expired", "revoked"]


class VoucherAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A voucher that a member holds, or that somebody asks about.

    `says`: what it gives and when, in a sentence. `uses_left`: null where there is no limit. `rolled_back`: a use came
    back, and it can be used again. `valid_until`: null for ever.
    """

    code: str
    series: str
    title: str
    says: str
    kind: Kind
    state: VoucherState
    uses_left: int | None
    left_minor: int | None
    valid_from: datetime
    valid_until: datetime | None


class VoucherVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a code may be used; `because` is what a cashier can read out, `code` names the reason, empty if it may.

    `missing`: as in a settlement's `not_applied`. `voucher`: null for one that is unknown or another member's.
    """

    is_valid: bool
    code: str
    because: str
    missing: int | None
    discount_minor: int
    gift_card_pays_minor: int
    voucher: VoucherAnswer | None


def kind_of(series: Series) -> Kind:
    """What a series gives, as the API calls it."""
    return KINDS[type(series.definition.gives)]


def used_answer(used: VoucherUsed) -> VoucherUsedAnswer:
    """A used voucher as it is answered."""
    is_card = used.series.is_gift_card
    return VoucherUsedAnswer(
        code=used.now.spelled,
        series=used.series.code,
        title=used.series.name,
        kind=kind_of(used.series),
        discount_minor=0 if is_card else used.amount_minor,
        paid_minor=used.amount_minor if is_card else 0,
        left_minor=(used.now.left_minor or 0) - used.amount_minor if is_card else None,
        because=used.because,
        lines=used.lines,
    )


def offered_answer(cut: Cut) -> VouchersOffered:
    """The best combination as a quote tells it."""
    return VouchersOffered(
        discount_minor=sum(used.amount_minor for used in cut.used),
        best=[used_answer(used) for used in cut.used],
        gift_cards=[card.spelled for card in cut.gift_cards],
        left_out=cut.left_out,
    )
