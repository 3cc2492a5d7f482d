"""Vouchers that are brought to a purchase, read just before it is settled: only where there are any."""

from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from loyalty.queries.vouchers import find_vouchers
from loyalty.rules.basket import Basket, Shopper
from loyalty.rules.compile import Programme
from loyalty.rules.purchase import Purchase
from loyalty.rules.settle import Settlement, settle, use_vouchers
from loyalty.rules.voucher_answers import VouchersOffered, offered_answer
from loyalty.rules.voucher_facts import VouchersNow

NOTHING = VouchersNow(brought=[], labels=[], place_kind="")


@dataclass(frozen=True, slots=True)
class Bringing:
    """A basket and its buyer, as vouchers see them: their conditions may ask what no rule asks."""

    basket: Basket
    shopper: Shopper | None
    vouchers: VouchersNow

    def settled(self, programme: Programme) -> Settlement:
        """Settle the purchase with the vouchers that were told.

        :raises Refusal: as `settle`.
        """
        return settle(self.basket, self.shopper, programme, self.vouchers.told)

    def offered(self, programme: Programme) -> VouchersOffered | None:
        """The best of what was told and what the member holds; None where there is nothing to choose from."""
        if not self.vouchers.brought:
            return None
        return offered_answer(use_vouchers(self.basket, self.shopper, programme, self.vouchers.brought))


def bring_vouchers(
    purchase: Purchase,
    basket: Basket,
    shopper: Shopper | None,
    *,
    member_id: int | None,
    asks_own: bool = False,
    now: datetime,
) -> Bringing:
    """The purchase with its vouchers. One statement where codes were told or the member's own are asked for, else none.

    :param asks_own: look at what the member holds too.
    """
    if not purchase.voucher_codes and not asks_own:
        return Bringing(basket, shopper, NOTHING)
    found = find_vouchers(
        purchase.voucher_codes,
        programme_id=purchase.programme_id,
        member_id=member_id,
        place_id=purchase.place_id,
        order_number=purchase.number,
        asks_own=asks_own,
        now=now,
    )
    return Bringing(
        replace(basket, place_kind=found.place_kind),
        replace(shopper, labels=found.labels) if shopper else None,
        found,
    )
