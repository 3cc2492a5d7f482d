"""What a purchase is worth: the one pure decision behind quote, commit, batch and import.

Order of reckoning: discounts of the lines, then vouchers, then the part paid with points, then the basic rules, then
what multipliers and other bonuses add on top, then the member's own offers. What counts towards tiers follows
the ladder of the moment.
"""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from config.ground.money import split
from loyalty.errors import InsufficientPoints, LinesDoNotAddUp, PointsExceedPayable, TooManyPoints
from loyalty.rules.amounts import Amounts
from loyalty.rules.awards import (
    Award,
    BasicPoints,
    Given,
    NotApplied,
    award_of_rule,
    basic_award,
    bonus_award,
    not_applied,
    offer_award,
)
from loyalty.rules.basket import Basket, Line, Shopper
from loyalty.rules.compile import LiveRule, Programme, Terms
from loyalty.rules.holding import Occasion, Unmet
from loyalty.rules.ladders import ALL_PAID
from loyalty.rules.meeting import Won, settle_groups, within_caps
from loyalty.rules.reasons import nobody_named
from loyalty.rules.voucher_facts import Brought
from loyalty.rules.vouchers_used import Cut, VoucherUsed, amounts_before, cut_by_vouchers, paid_by_gift_cards

UNKNOWN_SHOPPER = Shopper(tier_code="")
MOST_MINOR = 1_000_000_000_000
"""What one purchase may cost before discounts: far beyond any shop, and far from what a column of sums can hold."""

MOST_POINTS = 1_000_000_000_000
"""What one purchase may earn: only a mistake in the rules gives as many, and a wallet holds them a million times."""

MOST_LEFT_OUT = 20
"""Of the rules that were looked at and give nothing, so many are named."""


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """The worth of a purchase. Amounts in minor units; `line_paid_minor` sums to `payable_minor`.

    :ivar lines: those of the basket, with what vouchers take off added to their discounts.
    :ivar gift_paid_minor: what gift cards pay of `payable_minor`.
    :ivar qualifying_minor: what counts towards tiers.
    :ivar earns_nothing: positions of lines that a voucher takes the points of.
    """

    subtotal_minor: int
    discount_minor: int
    tax_minor: int
    total_minor: int
    points_spent: int
    points_paid_minor: int
    payable_minor: int
    qualifying_minor: int
    line_paid_minor: list[int]
    awards: list[Award]
    not_applied: list[NotApplied]
    points_earned: int
    lines: list[Line] = []
    vouchers: list[VoucherUsed] = []
    gift_paid_minor: int = 0
    earns_nothing: frozenset[int] = frozenset()


def settle(
    basket: Basket, shopper: Shopper | None, programme: Programme, brought: Sequence[Brought] = ()
) -> Settlement:
    """Settle a purchase at the moment it is placed.

    :param brought: the vouchers that are told; those that are not used say why in `not_applied`.
    :param shopper: None for a purchase nobody has put a member to; it earns nothing, and says what it would.
    :raises LinesDoNotAddUp: a line's discount exceeds its price, or the whole is absurd.
    :raises InsufficientPoints: more points are to be spent than the member can spend now.
    :raises PointsExceedPayable: the points would pay more than the purchase costs.
    :raises TooManyPoints: the rules give more than any purchase is worth.
    """
    nets = _nets(basket.lines)
    subtotal = sum(line.quantity * line.unit_price_minor for line in basket.lines)
    if subtotal > MOST_MINOR:
        raise LinesDoNotAddUp(
            f"The lines sum to {subtotal}, a purchase to at most {MOST_MINOR} minor units.", pointer="/lines"
        )
    cut = use_vouchers(basket, shopper, programme, brought) if brought else None
    if cut is not None and cut.used:
        basket = replace(basket, lines=cut.lines)
        nets = _nets(cut.lines)
    total = sum(nets)
    points_spent, points_paid = _points_to_spend(basket, total, shopper, programme)
    payable = total - points_paid
    paid = nets if points_paid == 0 else split(payable, nets)

    spend = programme.ladder_at(basket.placed_at).terms.spend
    earns_nothing = cut.earns_nothing if cut else basket.earns_nothing
    amounts = Amounts(basket.lines, nets, paid, earns_nothing)
    awards, left_out = _awards(basket, shopper or UNKNOWN_SHOPPER, amounts, programme)
    earned = sum(award.points for award in awards)
    if earned > MOST_POINTS:
        raise TooManyPoints(
            f"The rules give {earned} points, a purchase earns at most {MOST_POINTS}: have the rules corrected.",
            pointer="/lines",
            most=MOST_POINTS,
        )
    if shopper is None:
        left_out = [_nobody(earned)]
        awards, earned = [], 0
    gifts = paid_by_gift_cards(cut.gift_cards, payable, programme.terms.currency) if cut else []
    return Settlement(
        subtotal_minor=subtotal,
        discount_minor=subtotal - total,
        tax_minor=sum(line.tax_minor for line in basket.lines),
        total_minor=total,
        points_spent=points_spent,
        points_paid_minor=points_paid,
        payable_minor=payable,
        qualifying_minor=payable if spend == ALL_PAID else sum(Amounts(basket.lines, nets, paid).by(spend)),
        line_paid_minor=paid,
        awards=awards,
        not_applied=[*cut.left_out, *left_out] if cut else left_out,
        points_earned=earned,
        lines=basket.lines,
        vouchers=[*cut.used, *gifts] if cut else [],
        gift_paid_minor=sum(gift.amount_minor for gift in gifts),
        earns_nothing=earns_nothing,
    )


def use_vouchers(
    basket: Basket, shopper: Shopper | None, programme: Programme, brought: Sequence[Brought]
) -> Cut:
    """The best legal combination of vouchers, taken off the basket's lines.

    :raises LinesDoNotAddUp: as `settle`.
    """
    nets = _nets(basket.lines)
    occasion = occasion_of(
        basket,
        shopper or UNKNOWN_SHOPPER,
        shopper.tier_code if shopper else "",
        programme.terms,
        amounts_before(basket.lines, nets),
    )
    return cut_by_vouchers(brought, occasion, nets, programme.terms.currency, is_named=shopper is not None)


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


def _points_to_spend(
    basket: Basket, total_minor: int, shopper: Shopper | None, programme: Programme
) -> tuple[int, int]:
    """Points spent and what they pay. What is less than a whole step of the burn rate stays with the member."""
    wanted = basket.spend_points
    if wanted == 0:
        return 0, 0
    terms = programme.terms_at(basket.placed_at)
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


def occasion_of(basket: Basket, shopper: Shopper, tier_code: str, terms: Terms, amounts: Amounts) -> Occasion:
    """A purchase as conditions see it."""
    return Occasion(
        basket=basket,
        shopper=shopper,
        tier_code=tier_code,
        local=basket.placed_at.astimezone(terms.zone),
        amounts=amounts,
    )


def _awards(
    basket: Basket, shopper: Shopper, amounts: Amounts, programme: Programme
) -> tuple[list[Award], list[NotApplied]]:
    """What the rules and offers give; and of those that were looked at and give nothing, why."""
    tier_code = shopper.tier_code or programme.ladder_at(basket.placed_at).lowest
    terms = programme.terms_at(basket.placed_at)
    occasion = occasion_of(basket, shopper, tier_code, terms, amounts)
    unmet_rules: list[NotApplied] = []
    holding: list[LiveRule] = []
    for rule in programme.candidates(occasion):
        if (unmet := rule.unmet(occasion)) is None:
            holding.append(rule)
        else:
            unmet_rules.append(not_applied(rule, unmet))
    basic_rules = [rule for rule in holding if rule.is_basic]
    bonuses = [rule for rule in holding if not rule.is_basic]
    basics_won, basics_left_out = _won(basic_rules, occasion, [], terms)
    basics = [(rule.definition, award.points) for rule, award in basics_won]
    bonuses_won, bonuses_left_out = _won(bonuses, occasion, basics, terms)
    awards = [award for _, award in (*basics_won, *bonuses_won)]
    left_out = [*basics_left_out, *bonuses_left_out, *unmet_rules][:MOST_LEFT_OUT]
    for offer in shopper.offers:
        award = offer_award(offer, amounts, basics, programme.terms.currency)
        if isinstance(award, NotApplied):
            left_out.append(award)
        else:
            awards.append(award)
    return awards, left_out


def _won(
    rules: Sequence[LiveRule], occasion: Occasion, basics: Sequence[BasicPoints], terms: Terms
) -> tuple[list[Won], list[NotApplied]]:
    """What basic rules, or bonus rules, give: within their caps, and settled where they meet.

    :param basics: what bonus rules multiply.
    :return: the rules with their awards, and what is left out.
    """
    won: list[Won] = []
    left_out: list[NotApplied] = []
    for rule in rules:
        given: Given | Unmet | None
        if rule.is_basic:
            given = basic_award(rule, occasion.amounts, terms.currency)
        else:
            given = bonus_award(rule.definition, occasion.amounts, basics, terms.currency)
        unmet = given if isinstance(given, Unmet) else None
        if isinstance(given, Given) and rule.definition.caps:
            given, unmet = within_caps(rule, given, occasion.shopper.used, occasion.local.date(), terms)
        if isinstance(given, Given):
            won.append((rule, award_of_rule(rule, given)))
        if unmet is not None:
            left_out.append(not_applied(rule, unmet))
    won, lost = settle_groups(won)
    return won, [*left_out, *lost.values()]


def _nobody(points: int) -> NotApplied:
    return NotApplied(
        what="points",
        code="no_member",
        because=nobody_named(points),
        missing=points,
    )
