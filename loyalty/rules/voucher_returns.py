"""What comes back of the vouchers that a purchase used, when goods of it come back.

A discount is in the price of its lines, so a part of the goods comes back at what was paid for it; the use comes back
with the last piece, unless the series says that it stays used. What a gift card paid goes back onto it before any
money is handed out, up to what it paid, at every return.
"""

from collections.abc import Sequence

import msgspec

from loyalty.rules.voucher_codes import shown_form


class UsedBefore(msgspec.Struct, frozen=True, kw_only=True):
    """A voucher that the purchase used. `back_minor` of its amount came back before."""

    id: int
    code: str
    shown: str
    is_gift_card: bool
    amount_minor: int
    back_minor: int
    is_kept: bool


class ComesBack(msgspec.Struct, frozen=True, kw_only=True):
    """What one return gives back of a voucher."""

    id: int
    code: str
    uses: int
    amount_minor: int
    is_gift_card: bool


def vouchers_back(used: Sequence[UsedBefore], refund_minor: int, *, is_whole: bool) -> list[ComesBack]:
    """
    :param refund_minor: the worth of what comes back now, points aside.
    :param is_whole: nothing of the purchase is left after it.
    """
    back = []
    for each in used:
        uses, amount = int(is_whole and not each.is_kept), 0
        if each.is_gift_card:
            amount = min(each.amount_minor - each.back_minor, refund_minor)
            refund_minor -= amount
        elif uses:
            amount = each.amount_minor - each.back_minor
        if uses or amount:
            back.append(
                ComesBack(
                    id=each.id,
                    code=each.shown or shown_form(each.code),
                    uses=uses,
                    amount_minor=amount,
                    is_gift_card=each.is_gift_card,
                )
            )
    return back
