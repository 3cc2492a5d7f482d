"""What must be so with a purchase that is told, one or a thousand, before it is settled and booked."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from config.ground.amounts import money
from loyalty.errors import PaymentsDoNotAddUp, PlacedInTheFuture, WrongCurrency
from loyalty.queries.checkout import ProductNow
from loyalty.rules.basket import Line
from loyalty.rules.compile import Programme
from loyalty.rules.purchase import Purchase
from loyalty.rules.settle import Settlement
from members.errors import CardCodeNotValid

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""Moments between these can be reckoned with: there is a year before and after them in every timezone."""

CLOCK_SKEW = timedelta(minutes=5)
"""How far tills' clocks may be ahead."""


def ensure_placed(purchase: Purchase, now: datetime) -> None:
    """
    :raises PlacedInTheFuture: the purchase lies ahead by more than tills' clocks may be wrong.
    """
    if purchase.placed_at > now + CLOCK_SKEW:
        raise PlacedInTheFuture(
            "placed_at is more than five minutes ahead; set the till's clock.", pointer="/placed_at"
        )


def ensure_code_fresh(purchase: Purchase) -> None:
    """
    :raises CardCodeNotValid: the rotating code that names the member is over.
    """
    if purchase.code_over_because:
        raise CardCodeNotValid(purchase.code_over_because, pointer="/member/qr")


def ensure_currency(purchase: Purchase, programme: Programme) -> None:
    """
    :raises WrongCurrency: the programme runs in another one.
    """
    if purchase.currency != programme.terms.currency:
        raise WrongCurrency(f"This programme runs in {programme.terms.currency}.", pointer="/currency")


def ensure_payments(purchase: Purchase, settlement: Settlement) -> None:
    """
    :raises PaymentsDoNotAddUp: payments were named and are not what is to be paid.
    """
    if not purchase.payments:
        return
    paid = sum(payment.amount_minor for payment in purchase.payments)
    payable = settlement.payable_minor - settlement.gift_paid_minor
    if paid != payable:
        left_out = [each.because for each in settlement.not_applied if each.what.startswith("voucher ")]
        raise PaymentsDoNotAddUp(
            " ".join(
                [
                    f"{money(payable, purchase.currency)} is to be paid, "
                    f"the payments sum to {money(paid, purchase.currency)}.",
                    *left_out,
                ]
            ),
            pointer="/payments",
            payable_minor=payable,
        )


def known_lines(lines: list[Line], known: Mapping[str, ProductNow]) -> list[Line]:
    """The lines with what the catalogue knows of them: it goes before what the till says."""
    if not known:
        return lines
    return [
        msgspec.structs.replace(
            line,
            name=line.name or product.name,
            category=product.category or line.category,
            department=product.department or line.department,
            brand=product.brand or line.brand,
        )
        if (product := known.get(line.sku))
        else line
        for line in lines
    ]
