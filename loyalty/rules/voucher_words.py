"""What a series of vouchers says, in words that a marketer, a cashier and a member read."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec.structs import replace

from config.ground.amounts import money
from config.ground.moments import moment
from config.ground.words import counted
from loyalty.rules.condition_words import EVERYTHING_SAID, Manner, words_of_condition, words_of_scope
from loyalty.rules.definition import FixedPoints, RuleDefinition
from loyalty.rules.vouchers import (
    AmountOff,
    FreeShipping,
    GiftCard,
    Gives,
    PercentOff,
    ProductFor,
    Stacking,
    VoucherDefinition,
)
from loyalty.rules.words import with_names


def issued_for(cause: str) -> str:
    """Why a voucher was issued, as staff read it.

    >>> issued_for("goodwill:gdw_01:the cake was late"), issued_for("redemption:rdm_01")
    ('the cake was late', 'for points')
    """
    kind, _, rest = cause.partition(":")
    if kind in {"goodwill", "staff"}:
        return rest.partition(":")[2]
    return {"redemption": "for points", "challenge": "for a challenge"}.get(kind, "")


def sentence_of_series(definition: VoucherDefinition, manner: Manner) -> str:
    """One sentence for who holds a voucher: what it gives and when.

    10 % off category TEA, at most 5.00 USD, from 20.00 USD paid, on Saturday or Sunday.
    """
    parts = [given_words(definition.gives, manner.currency)]
    parts += [words_of_condition(condition, manner) for condition in definition.conditions]
    sentence = ", ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}."


def sentences_of_series(definition: VoucherDefinition, manner: Manner) -> list[str]:
    """What it says to a marketer: the sentence, then how often, how long, beside what, and what a return does."""
    often = _often(definition, manner.currency)
    beside = _beside(definition.stacking, manner.currency)
    told = [
        sentence_of_series(definition, manner),
        often,
        _lasting(definition, manner),
        f"{beside[0].upper()}{beside[1:]}." if beside else "Any others may be used beside it.",
        "A use stays used when the goods come back." if definition.is_kept_on_return else "",
    ]
    return [each for each in told if each]


def given_words(gives: Gives, currency: str) -> str:
    """What is given, e.g. `10 % off category TEA, at most 5.00 USD`."""
    match gives:
        case AmountOff(minor=minor, scope=scope):
            words = words_of_scope(scope)
            return f"{money(minor, currency)} off" + ("" if words == EVERYTHING_SAID else f" {words}")
        case PercentOff(percent=percent, most_minor=most, scope=scope):
            at_most = f", at most {money(most, currency)}" if most is not None else ""
            return f"{percent} % off {words_of_scope(scope)}{at_most}"
        case ProductFor(pieces=pieces, price_minor=price, scope=scope):
            each = f"for {money(price, currency)}" + (" each" if pieces > 1 else "") if price else "for free"
            return f"{counted(pieces, 'piece')} of {words_of_scope(scope)} {each}"
        case FreeShipping(most_minor=None):
            return "free shipping"
        case FreeShipping(most_minor=most):
            return f"up to {money(most or 0, currency)} off shipping"
        case GiftCard(minor=minor):
            return f"a gift card with {money(minor, currency)}"


def with_names_of(
    definition: VoucherDefinition,
    *,
    tiers: Mapping[str, str],
    places: Mapping[str, str],
    labels: Mapping[str, str] = MappingProxyType({}),
) -> VoucherDefinition:
    """The definition with names in place of codes of tiers, places and labels, to be said and not to be kept."""
    carrier = RuleDefinition(effect=FixedPoints(points=1), conditions=definition.conditions)
    named = with_names(carrier, tiers=tiers, places=places, labels=labels)
    return replace(definition, conditions=named.conditions)


def _often(definition: VoucherDefinition, currency: str) -> str:
    is_card = isinstance(definition.gives, GiftCard)
    parts = [] if is_card else [f"Each can be used {_times(definition.uses)}."]
    if definition.uses_per_member is not None:
        parts.append(f"One member can use the series {_times(definition.uses_per_member)}.")
    if definition.uses_in_all is not None:
        parts.append(f"All together can use it {_times(definition.uses_in_all)}.")
    if definition.budget_minor is not None:
        parts.append(f"In all it gives at most {money(definition.budget_minor, currency)}.")
    return " ".join(parts)


def _times(uses: int | None) -> str:
    if uses is None:
        return "as often as anybody likes"
    return "once" if uses == 1 else counted(uses, "time")


def _lasting(definition: VoucherDefinition, manner: Manner) -> str:
    parts = []
    if definition.starts_at:
        parts.append(f"from {moment(definition.starts_at, manner.zone)}")
    if definition.ends_at:
        parts.append(f"until {moment(definition.ends_at, manner.zone)}")
    if definition.valid_days is not None:
        parts.append(f"for {counted(definition.valid_days, 'day')} after the day it was issued on")
    return f"It is good {', '.join(parts)}." if parts else "It is good for ever."


def _beside(stacking: Stacking, currency: str) -> str:
    if stacking.is_alone:
        parts = ["no other is used beside it"]
    else:
        parts = [f"no other of {stacking.group} is used beside it"] if stacking.group else []
    if stacking.most_minor is not None:
        parts.append(f"together they take at most {money(stacking.most_minor, currency)} off")
    if stacking.most_percent is not None:
        parts.append(f"together they take at most {stacking.most_percent} % off")
    if stacking.of_price:
        parts.append("it counts on the price, whatever others took off")
    if stacking.not_on_discounted:
        parts.append("it is not taken off what is discounted already")
    if stacking.earns_nothing:
        parts.append("what it is taken off earns no points")
    if stacking.not_with_points:
        parts.append("no points pay in the same purchase")
    return ", ".join(parts)
