"""The rows by which a booked purchase uses vouchers, as `loyalty_use_vouchers` takes them."""

from typing import Any

from loyalty.rules.purchase import Purchase
from loyalty.rules.settle import Settlement


def voucher_rows(
    ref: str, purchase: Purchase, settlement: Settlement, member_id: int | None, actor: str
) -> list[dict[str, Any]]:
    """
    :param ref: of the order; a voucher is used for it once.
    :param member_id: None for a purchase nobody has put a member to.
    """
    return [
        {
            "id": used.now.id,
            "series_id": used.series.id,
            "member_id": member_id,
            "amount_minor": used.amount_minor,
            "reservation_id": used.now.reservation_id,
            "cause": f"use:{ref}",
            "order_ref": ref,
            "place_id": purchase.place_id,
            "actor": actor,
            "happened_at": purchase.placed_at,
            "uses_per_member": used.series.definition.uses_per_member,
            "uses_in_all": used.series.definition.uses_in_all,
            "budget_minor": used.series.definition.budget_minor,
        }
        for used in settlement.vouchers
    ]
