"""What is announced of a booked purchase."""

from config.outbox.events import Event
from loyalty.events import LineBought, PurchaseCommitted, TierReached
from loyalty.rules.basket import Line
from loyalty.rules.purchase import Climb, Purchase
from loyalty.rules.settle import Settlement


def news_of(
    ref: str, purchase: Purchase, lines: list[Line], settlement: Settlement, climb: Climb, *, tier_code: str
) -> list[Event]:
    """The purchase, and the tier that it lifts the member to.

    :param tier_code: the tier that the member stood on.
    """
    news: list[Event] = [_committed(ref, purchase, lines, settlement, tier_code)]
    if climb.lifts_to is not None:
        news.append(
            TierReached(
                programme_code=purchase.programme_code,
                tier_code=climb.lifts_to.code,
                previous_code=tier_code,
            )
        )
    return news


def _committed(
    ref: str, purchase: Purchase, lines: list[Line], settlement: Settlement, tier_code: str
) -> PurchaseCommitted:
    return PurchaseCommitted(
        order_ref=ref,
        programme_code=purchase.programme_code,
        place_code=purchase.place_code,
        placed_at=purchase.placed_at,
        total_minor=settlement.total_minor,
        paid_minor=settlement.payable_minor,
        points_earned=settlement.points_earned,
        points_spent=settlement.points_spent,
        tier_code=tier_code,
        lines=[
            LineBought(
                sku=line.sku,
                category=line.category,
                department=line.department,
                quantity=line.quantity,
                paid_minor=paid_minor,
            )
            for line, paid_minor in zip(lines, settlement.line_paid_minor, strict=True)
        ],
    )
