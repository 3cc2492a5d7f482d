"""What rules demand of a purchase, and what a purchase offers: the words by which the index of rules finds them."""

from datetime import time

from loyalty.rules.definition import (
    Birthday,
    Buys,
    ChannelIs,
    Condition,
    FirstPurchase,
    HasLabel,
    Hours,
    PaidBy,
    PlaceIs,
    RuleDefinition,
    Spends,
    TierIs,
    Weekdays,
)
from loyalty.rules.holding import Occasion
from loyalty.rules.scope import demand_of, offers_of

Demand = tuple[str, str]


def offers_of_purchase(occasion: Occasion) -> set[Demand]:
    """Everything a rule can ask for that this purchase has."""
    basket, shopper = occasion.basket, occasion.shopper
    offers = {
        ("place", basket.place_code),
        ("tier", occasion.tier_code),
        ("channel", basket.place_kind),
        ("weekday", str(occasion.local.isoweekday())),
        ("hour", str(occasion.local.hour)),
    }
    for line in basket.lines:
        offers.update(offers_of(line))
    offers.update(("label", label) for label in shopper.labels)
    offers.update(("payment", kind) for kind in basket.paid_by)
    if shopper.is_new:
        offers.add(("first", ""))
    if shopper.birthday is not None:
        offers.add(("birthday", ""))
    return offers


def demands_of(definition: RuleDefinition, *, of_goods: bool = False) -> list[Demand]:
    """One of these the purchase must offer, or the rule cannot hold; empty if it demands nothing that is indexed.

    Of several kinds of demand the most selective one is taken.

    :param of_goods: take demands of goods alone.
    """
    demands: dict[str, list[Demand]] = {}
    scopes = [definition.effect.scope]
    scopes += [each.scope for each in definition.conditions if isinstance(each, Spends | Buys)]
    for scope in scopes:
        if found := demand_of(scope):
            demands.setdefault(found[0][0], found)
    for condition in () if of_goods else definition.conditions:
        if found := _demand(condition):
            demands.setdefault(found[0][0], found)
    return next((demands[kind] for kind in _MOST_SELECTIVE_FIRST if kind in demands), [])


_MOST_SELECTIVE_FIRST = (
    "sku",
    "brand",
    "category",
    "label",
    "first",
    "place",
    "department",
    "payment",
    "tier",
    "birthday",
    "hour",
    "weekday",
    "channel",
)


def _hours(condition: Hours) -> list[str]:
    """The hours of the day that a window touches."""
    first, last = condition.starts.hour, condition.ends.hour
    length = (last - first) % 24 + (1 if condition.ends > time(last) else 0)
    if first == last and condition.starts >= condition.ends:
        length = 24
    return sorted({str((first + hour) % 24) for hour in range(min(length, 24))})


def _demand(condition: Condition) -> list[Demand]:
    found: tuple[str, list[str]] = ("", [])
    match condition:
        case TierIs(tiers=names):
            found = "tier", names
        case PlaceIs(places=names):
            found = "place", names
        case HasLabel(labels=names):
            found = "label", names
        case PaidBy(kinds=names):
            found = "payment", names
        case Weekdays(days=days):
            found = "weekday", [str(day) for day in days]
        case ChannelIs(channel=channel):
            found = "channel", [channel]
        case FirstPurchase():
            found = "first", [""]
        case Birthday():
            found = "birthday", [""]
        case Hours():
            found = "hour", _hours(condition)
    kind, demanded = found
    return [(kind, name) for name in demanded]
