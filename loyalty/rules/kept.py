"""What is left of a settled purchase once some of it came back, as returns reckon it."""

from collections.abc import Sequence

from msgspec.structs import replace

from loyalty.rules.bought import Bought, BoughtLine, Earned
from loyalty.rules.return_shares import undone_by
from loyalty.rules.settle import Settlement


def kept_of(settlement: Settlement, back: Sequence[int]) -> Settlement:
    """The settlement with the points of each award that stay.

    :param back: how many of each line came back in all; empty where nothing did.
    """
    if not any(back):
        return settlement
    undone = undone_by(_bought(settlement), dict(enumerate(back)))
    awards = [
        replace(award, points=award.points - taken)
        for award, taken in zip(settlement.awards, undone.taken, strict=True)
    ]
    return replace(settlement, awards=awards, points_earned=sum(award.points for award in awards))


def _bought(settlement: Settlement) -> Bought:
    """As it was bought, with nothing returned yet and no points but those it earns."""
    lines = [
        BoughtLine(
            position=position,
            sku=line.sku,
            name=line.name,
            category=line.category,
            department=line.department,
            quantity=line.quantity,
            total_minor=line.quantity * line.unit_price_minor - line.discount_minor,
            paid_minor=paid,
            returned=0,
        )
        for position, (line, paid) in enumerate(
            zip(settlement.lines, settlement.line_paid_minor, strict=True)
        )
    ]
    earned = [
        Earned(
            entry_id=number,
            rule=award.rule,
            rule_version_id=award.rule_version_id,
            points=award.points,
            lines=award.lines,
            taken=0,
            weights=award.weights,
        )
        for number, award in enumerate(settlement.awards)
    ]
    return Bought(lines=lines, earned=earned)
