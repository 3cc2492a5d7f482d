"""May a code be used: asked by a till before it is named in a purchase. Nothing is written."""

from datetime import datetime

from msgspec.structs import replace

from loyalty.queries.voucher_lists import answers_of, find_voucher
from loyalty.rules.amounts import Amounts
from loyalty.rules.basket import Basket, Shopper
from loyalty.rules.compile import Programme
from loyalty.rules.conditions import Buys, PaidBy, Spends
from loyalty.rules.holding import Unmet
from loyalty.rules.purchase import Purchase
from loyalty.rules.settle import UNKNOWN_SHOPPER, occasion_of
from loyalty.rules.voucher_answers import VoucherVerdict
from loyalty.rules.voucher_facts import Brought
from loyalty.rules.voucher_holding import first_unmet, unusable
from loyalty.services.checkout import read_for_vouchers
from loyalty.services.purchase_facts import Teller

OF_THE_BASKET = (Spends, Buys, PaidBy)
"""Conditions that cannot be asked before anything is bought."""


def judge_voucher(code: str, purchase: Purchase, *, teller: Teller, now: datetime) -> VoucherVerdict:
    """Whether a code may be used on a basket, or at all where there is none yet; and if not, why.

    :raises MemberNotFound: nobody is known by the key that is named.
    :raises Refusal: as `settle`, and for a wrong currency or a programme without terms.
    """
    purchase = replace(purchase, voucher_codes=[code], spend_points=0)
    programme, bringing = read_for_vouchers(purchase, teller, now=now)
    (brought,) = bringing.vouchers.told
    row = find_voucher(code, purchase.programme_id, now=now) if brought.now else None
    voucher = answers_of([row])[0] if row and (brought.is_of_buyer or not brought.is_personal) else None
    if purchase.lines:
        settlement = bringing.settled(programme)
        left_out = next((each for each in settlement.not_applied if each.what.startswith("voucher ")), None)
        return VoucherVerdict(
            is_valid=bool(settlement.vouchers),
            code=left_out.code if left_out else "",
            because=left_out.because if left_out else settlement.vouchers[0].because,
            missing=left_out.missing if left_out else None,
            discount_minor=settlement.discount_minor - _discounts_of_till(bringing.basket),
            gift_card_pays_minor=settlement.gift_paid_minor,
            voucher=voucher,
        )
    unmet = _unmet(brought, bringing.basket, bringing.shopper, programme)
    return VoucherVerdict(
        is_valid=unmet is None,
        code=unmet.code if unmet else "",
        because=unmet.because if unmet else (voucher.says if voucher else ""),
        missing=unmet.missing if unmet else None,
        discount_minor=0,
        gift_card_pays_minor=0,
        voucher=voucher,
    )


def _unmet(brought: Brought, basket: Basket, shopper: Shopper | None, programme: Programme) -> Unmet | None:
    local = basket.placed_at.astimezone(programme.terms.zone)
    unmet = unusable(brought, basket.placed_at, local.tzinfo, is_named=shopper is not None)
    if unmet is not None or brought.series is None:
        return unmet
    who = shopper or UNKNOWN_SHOPPER
    occasion = occasion_of(basket, who, who.tier_code, programme.terms, Amounts([], [], []))
    return first_unmet(brought.series, occasion, undecided=OF_THE_BASKET)


def _discounts_of_till(basket: Basket) -> int:
    return sum(line.discount_minor for line in basket.lines)
