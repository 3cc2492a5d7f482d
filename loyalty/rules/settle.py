"""What a purchase is worth: the one pure decision behind quote, commit, batch and import.

Order of reckoning: discounts of the lines, then the part paid with points, then the basic rules on what is paid in
money, then what multipliers and offers add on top. Points are rounded down. What counts towards tiers is the money
paid.
"""

from collections.abc import Iterable, Sequence

import msgspec

from config.ground.amounts import money
from config.ground.money import split
from config.ground.words import times
from loyalty.errors import InsufficientPoints, LinesDoNotAddUp, PointsExceedPayable
from loyalty.rules.basket import Basket, Line, Offer, Shopper
from loyalty.rules.compile import LiveRule, Occasion, Programme, Terms, fits
from loyalty.rules.definition import Effect, FixedPoints, Multiplier, PerStep, Scope

UNKNOWN_SHOPPER = Shopper(tier_code="")
MOST_MINOR = 1_000_000_000_000
"""What one purchase may cost before discounts: far beyond any shop, and far from what a column of sums can hold."""


class Award(msgspec.Struct, frozen=True, kw_only=True):
    """Points and why. `rule_version_id` or `offer_id` names the row behind it; `lines` are positions in the basket."""

    kind: str
    rule: str
    rule_version: int
    points: int
    because: str
    lines: list[int]
    rule_version_id: int | None = None
    offer_id: int | None = None


class NotApplied(msgspec.Struct, frozen=True, kw_only=True):
    """Something that could have helped and did not, with the reason."""

    what: str
    code: str
    because: str


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """The worth of a purchase. Amounts in minor units; `line_paid_minor` sums to `payable_minor`."""

    subtotal_minor: int
    discount_minor: int
    tax_minor: int
    total_minor: int
    points_spent: int
    points_paid_minor: int
    payable_minor: int
    line_paid_minor: list[int]
    awards: list[Award]
    not_applied: list[NotApplied]
    points_earned: int


def settle(basket: Basket, shopper: Shopper | None, programme: Programme) -> Settlement:
    """Settle a purchase at the moment it is placed.

    :param shopper: None for a purchase nobody has put a member to; it earns nothing, and says what it would.
    :raises LinesDoNotAddUp: a line's discount exceeds its price, or the whole is absurd.
    :raises InsufficientPoints: more points are to be spent than the member can spend now.
    :raises PointsExceedPayable: the points would pay more than the purchase costs.
    """
    nets = _nets(basket.lines)
    subtotal = sum(line.quantity * line.unit_price_minor for line in basket.lines)
    if subtotal > MOST_MINOR:
        raise LinesDoNotAddUp(
            f"The lines sum to {subtotal}, a purchase to at most {MOST_MINOR} minor units.", pointer="/lines"
        )
    total = sum(nets)
    points_spent, points_paid = _points_to_spend(basket.spend_points, total, shopper, programme.terms)
    payable = total - points_paid
    paid = nets if points_paid == 0 else split(payable, nets)

    awards, not_applied = _awards(basket, shopper or UNKNOWN_SHOPPER, paid, programme)
    if shopper is None:
        not_applied = [_nobody(sum(award.points for award in awards))]
        awards = []
    return Settlement(
        subtotal_minor=subtotal,
        discount_minor=subtotal - total,
        tax_minor=sum(line.tax_minor for line in basket.lines),
        total_minor=total,
        points_spent=points_spent,
        points_paid_minor=points_paid,
        payable_minor=payable,
        line_paid_minor=paid,
        awards=awards,
        not_applied=not_applied,
        points_earned=sum(award.points for award in awards),
    )


def points_per_step(paid_minor: int, *, step_minor: int, points: int) -> int:
    """Points for each *full* step paid; the rest of a step earns nothing.

    10 points per full 100.00: 19_999 minor units earn 10, 20_000 earn 20.
    """
    return paid_minor // step_minor * points


def points_that_pay(total_minor: int, spendable: int, terms: Terms) -> int:
    """The most points that can pay for a purchase of this much: whole steps, within what can be spent."""
    steps = min(total_minor // terms.burn_minor, spendable // terms.burn_points)
    return steps * terms.burn_points


def _nets(lines: Sequence[Line]) -> list[int]:
    nets = []
    for position, line in enumerate(lines):
        gross = line.quantity * line.unit_price_minor
        if line.discount_minor > gross or line.tax_minor > gross:
            what = "discount_minor" if line.discount_minor > gross else "tax_minor"
            raise LinesDoNotAddUp(
                f"Line {position}: {what} is more than quantity times unit_price_minor, which is {gross}.",
                pointer=f"/lines/{position}/{what}",
            )
        nets.append(gross - line.discount_minor)
    return nets


def _points_to_spend(wanted: int, total_minor: int, shopper: Shopper | None, terms: Terms) -> tuple[int, int]:
    """Points spent and what they pay. What is less than a whole step of the burn rate stays with the member."""
    if wanted == 0:
        return 0, 0
    spendable = shopper.spendable if shopper else 0
    if wanted > spendable:
        raise InsufficientPoints(
            f"{spendable} points can be spent now; ask for at most that many.",
            pointer="/spend_points",
            spendable=spendable,
        )
    steps = wanted // terms.burn_points
    paid = steps * terms.burn_minor
    if paid > total_minor:
        most = points_that_pay(total_minor, spendable, terms)
        raise PointsExceedPayable(
            f"{most} points pay for this purchase; ask for at most that many.",
            pointer="/spend_points",
            most=most,
        )
    return steps * terms.burn_points, paid


def _awards(
    basket: Basket, shopper: Shopper, paid: list[int], programme: Programme
) -> tuple[list[Award], list[NotApplied]]:
    currency = programme.terms.currency
    tier_code = shopper.tier_code or (programme.ladder[0].code if programme.ladder else "")
    occasion = Occasion(
        tier_code=tier_code,
        place_code=basket.place_code,
        at=basket.placed_at,
        local=basket.placed_at.astimezone(programme.terms.zone),
    )
    basics = [rule for rule in programme.basics if rule.holds(occasion)]
    awards: list[Award] = []
    not_applied: list[NotApplied] = []
    for rule in basics:
        award = _basic_award(rule, paid, currency)
        if isinstance(award, NotApplied):
            not_applied.append(award)
        else:
            awards.append(award)
    steps = [rule.effect for rule in basics if isinstance(rule.effect, PerStep)]
    for rule in programme.candidates(basket, tier_code):
        bonus = _rule_award(rule, basket.lines, paid, steps, currency) if rule.holds(occasion) else None
        if bonus is not None:
            awards.append(bonus)
    for offer in shopper.offers:
        award = _offer_award(offer, basket.lines, paid, steps, currency)
        if isinstance(award, NotApplied):
            not_applied.append(award)
        else:
            awards.append(award)
    return awards, not_applied


def _basic_award(rule: LiveRule, paid: list[int], currency: str) -> Award | NotApplied:
    effect = rule.effect
    assert isinstance(effect, PerStep)  # noqa: S101 - compile_programme puts nothing else here
    whole = sum(paid)
    points = points_per_step(whole, step_minor=effect.step_minor, points=effect.points)
    words = f"{effect.points} points for each full {money(effect.step_minor, currency)} paid"
    if points == 0:
        return NotApplied(
            what=f"rule {rule.code}", code="below_step", because=f"{words}; {money(whole, currency)} is paid."
        )
    return Award(
        kind="earn",
        rule=rule.code,
        rule_version=rule.version,
        rule_version_id=rule.version_id,
        points=points,
        because=words,
        lines=[position for position, minor in enumerate(paid) if minor],
    )


def _rule_award(
    rule: LiveRule, lines: Sequence[Line], paid: list[int], steps: list[PerStep], currency: str
) -> Award | None:
    """What a bonus rule gives; one that gives nothing here is not worth a word."""
    bonus = _bonus(rule.effect, lines, paid, steps, currency)
    if isinstance(bonus, str):
        return None
    points, positions, words = bonus
    return Award(
        kind="bonus",
        rule=rule.code,
        rule_version=rule.version,
        rule_version_id=rule.version_id,
        points=points,
        because=f"{rule.name}: {words}",
        lines=positions,
    )


def _offer_award(
    offer: Offer, lines: Sequence[Line], paid: list[int], steps: list[PerStep], currency: str
) -> Award | NotApplied:
    effect = msgspec.convert(offer.effect, Multiplier | FixedPoints)
    bonus = _bonus(effect, lines, paid, steps, currency)
    if isinstance(bonus, str):
        return NotApplied(what=f"offer {offer.ref}", code=bonus, because=f"{offer.title}: {_REASONS[bonus]}")
    points, positions, words = bonus
    return Award(
        kind="bonus",
        rule=f"offer:{offer.ref}",
        rule_version=1,
        offer_id=offer.id,
        points=points,
        because=f"{offer.title}: {words}",
        lines=positions,
    )


_REASONS = {
    "no_matching_line": "nothing in this basket belongs to it.",
    "below_step": "what was paid for it is less than a full step.",
    "minimum_not_reached": "less was paid for it than its minimum.",
}


def _bonus(
    effect: Effect, lines: Sequence[Line], paid: list[int], steps: Iterable[PerStep], currency: str
) -> tuple[int, list[int], str] | str:
    """Points, positions and words of a bonus; or the code of the reason why there is none."""
    scope = Scope() if isinstance(effect, PerStep) else effect.scope
    positions = [position for position, line in enumerate(lines) if fits(scope, line)]
    if not positions:
        return "no_matching_line"
    amount = sum(paid[position] for position in positions)
    if isinstance(effect, FixedPoints):
        if amount < effect.minimum_minor:
            return "minimum_not_reached"
        return effect.points, positions, f"{effect.points} points for {money(amount, currency)} paid"
    assert isinstance(effect, Multiplier)  # noqa: S101 - basic rules are awarded by _basic_award
    basic = sum(points_per_step(amount, step_minor=step.step_minor, points=step.points) for step in steps)
    points = basic * (effect.percent - 100) // 100
    if points == 0:
        return "below_step"
    return (
        points,
        positions,
        f"{times(effect.percent)} points on {money(amount, currency)}, {points} more than the basic {basic}",
    )


def _nobody(points: int) -> NotApplied:
    return NotApplied(
        what="points",
        code="no_member",
        because=f"No member was named; a member would earn {points} points.",
    )
