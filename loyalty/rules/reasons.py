"""Why something gave nothing, and what gave points, said anew from what is kept: a code, how much was missing, and the
version of the rule, which is never rewritten.
"""

from config.ground.amounts import money
from config.ground.tongues import said
from config.ground.words import counted
from loyalty.rules.condition_words import Manner, words_of_condition
from loyalty.rules.conditions import (
    Birthday,
    Buys,
    ChannelIs,
    Condition,
    FirstPurchase,
    HasLabel,
    Hours,
    PaidBy,
    Period,
    PlaceIs,
    Recurs,
    Spends,
    TierIs,
    Weekdays,
)
from loyalty.rules.definition import Multiplier, PerItem, RuleDefinition
from loyalty.rules.words import given_by, points_words, words_of_cap

CODES: dict[type[Condition], tuple[str, ...]] = {
    TierIs: ("tier",),
    HasLabel: ("label",),
    FirstPurchase: ("not_first_purchase",),
    PlaceIs: ("place",),
    ChannelIs: ("channel",),
    PaidBy: ("payment",),
    Period: ("period",),
    Weekdays: ("weekday",),
    Hours: ("hours",),
    Recurs: ("recurrence",),
    Spends: ("spend_more",),
    Buys: ("buy_more",),
    Birthday: ("birthday", "birthday_unknown"),
}
"""Kind of condition -> the codes by which it is kept that it did not hold."""

_BY_CODE = {
    "no_member": "No member was named; a member would earn points.",
    "no_matching_line": "nothing in this basket belongs to it.",
    "no_basic_points": "it multiplies basic points, and there were too few.",
    "not_the_best": "another rule gives more, and only the best counts.",
    "others_go_first": "another rule goes first, and leaves the others out.",
    "voucher_mistyped": "This is no voucher's code: a letter is wrong. Read it again.",
    "voucher_unknown": "There is no such voucher here.",
    "voucher_personal": "It is for members alone: name the member first.",
    "voucher_of_another": "It belongs to another member.",
    "voucher_revoked": "It was withdrawn, and is not valid any more.",
    "voucher_used": "It has been used as often as it may be.",
    "gift_card_empty": "Nothing is left on it.",
    "voucher_reserved": "It is reserved for another order.",
    "voucher_not_yet": "It is not valid yet.",
    "voucher_expired": "It is not valid any more.",
    "not_with_points": "It cannot be used where points pay a part.",
    "budget_spent": "All that was set aside for it has been given.",
    "nothing_to_take_off": "there is nothing to take off.",
    "not_combinable": "it is not used together with others, which take more off.",
    "nothing_more_off": "beside the others it would take nothing more off.",
}
"""What needs no more than its code to be said."""


def nobody_named(points: int) -> str:
    """Why a purchase without a member earned nothing."""
    return said("No member was named; a member would earn {points}.", points=points_words(points))


def because_of(when: str, code: str, missing: int | None, currency: str) -> str:
    """Why a condition does not hold.

    :param when: it holds, as `words_of_condition` says it.
    :param missing: minor units, pieces or days, as the code says.
    """
    number = missing or 0
    match code:
        case "spend_more":
            return said("It holds only {when}; {missing} more.", when=when, missing=money(number, currency))
        case "buy_more":
            return said("It holds only {when}; {missing}.", when=when, missing=counted(number, "more piece"))
        case "birthday":
            return said("It holds only {when}; in {days}.", when=when, days=counted(number, "day"))
        case "birthday_unknown":
            return said("It holds only {when}, and the birthday is not known.", when=when)
    return said("It holds only {when}.", when=when)


def why_not(
    definition: RuleDefinition | None, code: str, missing: int | None, manner: Manner, *, given: int = 0
) -> str | None:
    """Why a rule, an offer or a voucher gave nothing; None where what is kept does not tell.

    :param definition: of the rule's version.
    :param given: the points that it gave all the same, where a cap left a part.
    """
    if definition is not None:
        failed = [each for each in definition.conditions if code in CODES[type(each)]]
        if failed:
            whens = [words_of_condition(each, manner) for each in failed]
            return " ".join(because_of(when, code, missing, manner.currency) for when in whens)
        if (words := _of_effect(definition, code, missing or 0, manner, given)) is not None:
            return words
    if code == "no_member" and missing is not None:
        return nobody_named(missing)
    return said(_BY_CODE[code]) if code in _BY_CODE else None


def _of_effect(definition: RuleDefinition, code: str, missing: int, manner: Manner, given: int) -> str | None:
    amount = money(missing, manner.currency)
    match code:
        case "below_step":
            gives = given_by(definition.effect, manner.currency)
            return said("{gives}; {amount} more for the first of them.", gives=gives, amount=amount)
        case "minimum_not_reached":
            return said("less was paid for it than its minimum; {missing} more.", missing=amount)
        case "cap_reached":
            caps = said(" and ").join(words_of_cap(cap, manner.currency) for cap in definition.caps)
            left, asked = points_words(given), given + missing
            return said("{left} of {asked}: {caps}.", left=left, asked=asked, caps=caps)
    return None


def why_given(definition: RuleDefinition, points: int, manner: Manner) -> str:
    """What a rule gave points for.

    :param points: before its caps.
    """
    effect = definition.effect
    if isinstance(effect, PerItem) and effect.points:
        each, pieces = points_words(effect.points), counted(points // effect.points, "piece")
        return said("{points} for each of {pieces}", points=each, pieces=pieces)
    gives = given_by(effect, manner.currency)
    if isinstance(effect, Multiplier):
        return said("{times}, {points} more than the basic ones", times=gives, points=f"{points:,}")
    return gives
