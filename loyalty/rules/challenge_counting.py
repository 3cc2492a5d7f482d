"""What a purchase counts towards a challenge: a function of what was kept of it, whichever way it came to that."""

from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from loyalty.rules.amounts import Amounts
from loyalty.rules.basket import Basket, Line, LineKind, Shopper
from loyalty.rules.challenges import Acts, Goal, Purchases, StampCard, counted_of
from loyalty.rules.condition_words import Manner
from loyalty.rules.definition import Basis
from loyalty.rules.holding import Occasion, Test, tests_of

BASIS = Basis()
"""The money paid for goods, tax included."""


class LineNow(msgspec.Struct, frozen=True, kw_only=True):
    """A line as it was bought, and how many of it came back."""

    sku: str
    category: str
    department: str
    brand: str
    kind: LineKind
    quantity: int
    returned: int
    unit_price_minor: int
    discount_minor: int
    tax_minor: int
    paid_minor: int


class PurchaseNow(msgspec.Struct, frozen=True, kw_only=True):
    """A member's purchase, and what is left of it."""

    order_ref: str
    member_id: int
    programme_id: int
    place_code: str
    place_kind: str
    placed_at: datetime
    paid_by: list[str]
    lines: list[LineNow]


Units = Callable[[PurchaseNow], int]
"""How many units a purchase is."""


def units_of(goal: Goal, zone: ZoneInfo) -> Units:
    """How many units of a challenge a purchase is: 0 if it does not count."""
    of = counted_of(goal)
    if of is None or isinstance(of, Acts):
        return lambda _purchase: 0
    tests = tests_of(of.conditions, BASIS, Manner())
    return lambda purchase: _units(goal, of, tests, purchase, zone)


def paid_for_kept(purchase: PurchaseNow) -> int:
    """What was paid in money for what is left of a purchase, in minor units."""
    return sum(_left_of(line.paid_minor, line) for line in purchase.lines)


def _units(goal: Goal, of: Purchases, tests: Sequence[Test], purchase: PurchaseNow, zone: ZoneInfo) -> int:
    kept = [line for line in purchase.lines if line.quantity > line.returned]
    if not kept:
        return 0
    nets = [_left_of(_net(line), line) for line in kept]
    lines = [_line(line, net) for line, net in zip(kept, nets, strict=True)]
    amounts = Amounts(lines, nets, [_left_of(line.paid_minor, line) for line in kept])
    counting = [position for position in amounts.positions(of.scope, BASIS) if nets[position] > 0]
    if not counting or _is_unmet(tests, purchase, lines, amounts, zone):
        return 0
    if not isinstance(goal, StampCard) or goal.per == "purchase":
        return 1
    if goal.per == "piece":
        return amounts.pieces_of(counting)
    return amounts.sum_of(counting, BASIS) // (goal.amount_minor or 1)


def _is_unmet(
    tests: Sequence[Test], purchase: PurchaseNow, lines: list[Line], amounts: Amounts, zone: ZoneInfo
) -> bool:
    if not tests:
        return False
    occasion = Occasion(
        basket=Basket(
            lines=lines,
            place_code=purchase.place_code,
            placed_at=purchase.placed_at,
            place_kind=purchase.place_kind,
            paid_by=purchase.paid_by,
        ),
        shopper=Shopper(tier_code=""),
        tier_code="",
        local=purchase.placed_at.astimezone(zone),
        amounts=amounts,
    )
    return any(test(occasion) is not None for test in tests)


def _net(line: LineNow) -> int:
    return line.quantity * line.unit_price_minor - line.discount_minor


def _left_of(minor: int, line: LineNow) -> int:
    """What is left of a line's amount; what came back is rounded down, as returns do."""
    return minor - minor * line.returned // line.quantity if line.quantity else 0


def _line(line: LineNow, net: int) -> Line:
    quantity = line.quantity - line.returned
    return Line(
        sku=line.sku,
        quantity=quantity,
        unit_price_minor=line.unit_price_minor,
        category=line.category,
        department=line.department,
        brand=line.brand,
        discount_minor=max(quantity * line.unit_price_minor - net, 0),
        tax_minor=_left_of(line.tax_minor, line),
        kind=line.kind,
    )
