"""What each rule and offer gives for a purchase, and why one that was looked at gives nothing."""

from collections.abc import Sequence

import msgspec

from config.ground.amounts import money
from config.ground.money import split
from config.ground.words import counted, times
from loyalty.rules.amounts import Amounts, basic_points
from loyalty.rules.basket import Limit, Offer
from loyalty.rules.compile import LiveRule
from loyalty.rules.definition import (
    Basic,
    Effect,
    FixedPoints,
    Multiplier,
    PerItem,
    PerStep,
    RuleDefinition,
)
from loyalty.rules.holding import Unmet
from loyalty.rules.words import given_by, points_words


class Award(msgspec.Struct, frozen=True, kw_only=True):
    """Points and why. `rule_version_id` or `offer_id` names the row behind it; `lines` are positions in the basket.

    :ivar limits: counters of the rule's caps that the points are counted in.
    :ivar weights: how much of the points each of `lines` brought, in proportion; empty: by what was paid for them.
    """

    kind: str
    rule: str
    rule_version: int
    points: int
    because: str
    lines: list[int]
    rule_version_id: int | None = None
    offer_id: int | None = None
    limits: list[Limit] = []
    weights: list[int] = []


class NotApplied(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that could have helped and did not, with the reason.

    `missing`: how much more it would have taken: minor units, pieces, days or points, as `code` says; where no member
    was named, the points that one would earn; null where nothing can be counted.
    """

    what: str
    code: str
    because: str
    missing: int | None = None


class Given(msgspec.Struct, frozen=True):
    """What an effect gives: points, for which lines, in which words. `limits` and `weights` as of an `Award`."""

    points: int
    lines: list[int]
    because: str
    limits: list[Limit] = []
    weights: list[int] = []


BasicPoints = tuple[RuleDefinition, int]
"""A basic rule and the points that it really gave: within its caps, and where rules met."""


def basic_award(rule: LiveRule, amounts: Amounts, currency: str) -> Given | Unmet:
    """What a basic rule gives."""
    effect, basis = rule.definition.effect, rule.definition.basis
    assert isinstance(effect, Basic)  # noqa: S101 - callers ask only rules that are basic
    positions = amounts.positions(effect.scope, basis)
    if not positions:
        return _NO_LINE
    by_line = amounts.by(basis)
    amount = sum(by_line[position] for position in positions)
    points = basic_points(effect, amount)
    words = given_by(effect, currency)
    if points == 0:
        return Unmet(
            "below_step", f"{words}; {money(amount, currency)} is paid.", _to_first_point(effect, amount)
        )
    return Given(points, [position for position in positions if by_line[position]], words)


def bonus_award(
    definition: RuleDefinition, amounts: Amounts, basics: Sequence[BasicPoints], currency: str
) -> Given | Unmet:
    """What a bonus rule or an offer gives on top of the basic rules."""
    effect, basis = definition.effect, definition.basis
    positions = amounts.positions(effect.scope, basis)
    if not positions:
        return _NO_LINE
    amount = amounts.sum_of(positions, basis)
    if isinstance(effect, FixedPoints):
        if amount < effect.minimum_minor:
            missing = effect.minimum_minor - amount
            words = f"less was paid for it than its minimum; {money(missing, currency)} more."
            return Unmet("minimum_not_reached", words, missing)
        words = f"{points_words(effect.points)} for {money(amount, currency)} paid"
        return Given(effect.points, positions, words)
    if isinstance(effect, PerItem):
        pieces = amounts.pieces_of(positions)
        words = f"{points_words(effect.points)} for each of {counted(pieces, 'piece')}"
        each = [amounts.lines[position].quantity for position in positions]
        return Given(effect.points * pieces, positions, words, weights=each)
    assert isinstance(effect, Multiplier)  # noqa: S101 - basic rules are awarded by basic_award
    shares = [_basic_on(*each, effect, amounts) for each in basics]
    basic = sum(sum(share.values()) for share in shares) // _FINE
    points = basic * (effect.percent - 100) // 100
    if points == 0:
        return Unmet(
            "no_basic_points", f"it multiplies {counted(basic, 'basic point')}, and that gives none."
        )
    words = (
        f"{times(effect.percent)} points on {money(amount, currency)}, {points} more than the basic {basic}"
    )
    weights = [sum(share.get(position, 0) for share in shares) for position in positions]
    return Given(points, positions, words, weights=weights)


def award_of_rule(rule: LiveRule, given: Given) -> Award:
    """An award by a rule: a bonus says the rule's name too."""
    return Award(
        kind="earn" if rule.is_basic else "bonus",
        rule=rule.code,
        rule_version=rule.version,
        rule_version_id=rule.version_id,
        points=given.points,
        because=given.because if rule.is_basic else f"{rule.name}: {given.because}",
        lines=given.lines,
        limits=given.limits,
        weights=given.weights,
    )


def offer_award(
    offer: Offer, amounts: Amounts, basics: Sequence[BasicPoints], currency: str
) -> Award | NotApplied:
    """What a personal offer gives."""
    effect: Effect = msgspec.convert(offer.effect, Multiplier | FixedPoints)
    given = bonus_award(RuleDefinition(effect=effect), amounts, basics, currency)
    if isinstance(given, Unmet):
        because = f"{offer.title}: {given.because}"
        return NotApplied(what=f"offer {offer.ref}", code=given.code, because=because, missing=given.missing)
    return Award(
        kind="bonus",
        rule=f"offer:{offer.ref}",
        rule_version=1,
        offer_id=offer.id,
        points=given.points,
        because=f"{offer.title}: {given.because}",
        lines=given.lines,
        weights=given.weights,
    )


def not_applied(rule: LiveRule, unmet: Unmet) -> NotApplied:
    """A rule that was looked at and gives nothing."""
    because = unmet.because if rule.is_basic else f"{rule.name}: {unmet.because}"
    return NotApplied(what=f"rule {rule.code}", code=unmet.code, because=because, missing=unmet.missing)


_NO_LINE = Unmet("no_matching_line", "nothing in this basket belongs to it.")


_FINE = 1_000
"""Basic points are shared out among lines in thousandths."""


def _basic_on(basic: RuleDefinition, given: int, effect: Multiplier, amounts: Amounts) -> dict[int, int]:
    """What a basic rule gave for those of its lines that a multiplier is about, in thousandths for each position.

    Of what a cap left these lines have their part, rounded down to whole points.
    """
    assert isinstance(basic.effect, Basic)  # noqa: S101 - only basic rules are passed
    all_of_basic = amounts.positions(basic.effect.scope, basic.basis)
    of_both = set(all_of_basic)
    mine = [position for position in amounts.positions(effect.scope, basic.basis) if position in of_both]
    points = basic_points(basic.effect, amounts.sum_of(mine, basic.basis))
    if basic.caps:
        points = points * given // basic_points(basic.effect, amounts.sum_of(all_of_basic, basic.basis))
    by_line = amounts.by(basic.basis)
    shares = split(points * _FINE, [by_line[position] for position in mine]) if points else []
    return dict(zip(mine, shares, strict=bool(points)))


def _to_first_point(effect: Basic, amount: int) -> int:
    """How many minor units more would earn something."""
    low, high = amount, effect.step_minor if isinstance(effect, PerStep) else effect.per_minor
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if basic_points(effect, middle) else (middle + 1, high)
    return low - amount
