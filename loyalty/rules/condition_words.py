"""When a rule holds and on what it counts, in words that a marketer would use."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, time, tzinfo

from config.ground.amounts import money
from config.ground.moments import moment
from config.ground.words import counted, either, listed
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
from loyalty.rules.recurrence import words_of_recurrence
from loyalty.rules.scope import Scope

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
"""1 is Monday, as ISO 8601 counts."""

CHANNELS = {"store": "in a store", "web_shop": "in the web shop"}

NAMED = 4
"""So many names are written out; of more, the rest are counted."""

EVERYTHING_SAID = "everything"


Names = Mapping[type[Condition], Mapping[str, str]]
"""What tiers and places are called, code -> name, by the kind of condition that asks for them."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a programme's rules are said: its money, the zone that moments are told in.

    :ivar names_segments: for colleagues alone; who shops is not told what they are taken for.
    :ivar happened: what happens in a period: something is bought, or done.
    :ivar tiers, places: what codes of them are called; a code that is not there is said as it is.
    """

    currency: str = ""
    zone: tzinfo = UTC
    names_segments: bool = True
    happened: str = "bought"
    tiers: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)

    def with_names(self, names: Names) -> "Manner":
        """Where codes of tiers and places are said by their names."""
        return replace(self, tiers=names.get(TierIs, {}), places=names.get(PlaceIs, {}))


FACETS: Mapping[type[Condition], str] = {
    TierIs: "For",
    HasLabel: "Segment",
    FirstPurchase: "First purchase",
    Birthday: "Birthday",
    PlaceIs: "Where",
    ChannelIs: "Channel",
    PaidBy: "Payment",
    Spends: "From",
    Buys: "Pieces",
    Period: "When",
    Weekdays: "Days",
    Hours: "Hours",
    Recurs: "Recurs",
}
"""Kind of condition -> what it is called where changes are listed."""


def words_of_condition(condition: Condition, manner: Manner) -> str:
    """When the condition holds."""
    match condition:
        case TierIs() | HasLabel() | FirstPurchase() | Birthday():
            return _who(condition, manner)
        case PlaceIs() | ChannelIs() | PaidBy():
            return _how(condition, manner)
        case Spends(minimum_minor=minimum, scope=scope):
            return f"from {money(minimum, manner.currency)} paid{_on(scope)}"
        case Buys(pieces=pieces, scope=scope):
            return f"from {counted(pieces, 'piece')}{_of(scope)}"
        case _:
            return _when(condition, manner)


def _who(condition: TierIs | HasLabel | FirstPurchase | Birthday, manner: Manner) -> str:
    match condition:
        case TierIs(tiers=tiers):
            called = [manner.tiers.get(code, code) for code in tiers]
            return f"for members on {either(called, named=NAMED)}"
        case HasLabel() if not manner.names_segments:
            return "for chosen members"
        case HasLabel(labels=labels):
            return f"for members in {either(labels, named=NAMED)}"
        case FirstPurchase():
            return "on the first purchase"
        case Birthday(days_before=before, days_after=after):
            around = [f"{before} before" if before else "", f"{after} after" if after else ""]
            days = listed([each for each in around if each]) if before or after else ""
            return f"on the birthday and the {days} it" if days else "on the birthday"


def _how(condition: PlaceIs | ChannelIs | PaidBy, manner: Manner) -> str:
    match condition:
        case PlaceIs(places=places):
            called = [manner.places.get(code, code) for code in places]
            return f"in {either(called, named=NAMED)}"
        case ChannelIs(channel=channel):
            return CHANNELS[channel]
        case PaidBy(kinds=kinds):
            return f"paid by {either(kinds, named=NAMED)}"


def _when(condition: Period | Weekdays | Hours | Recurs, manner: Manner) -> str:
    match condition:
        case Period(starts_at=starts_at, ends_at=ends_at):
            return f"{manner.happened} from {moment(starts_at, manner.zone)} until {moment(ends_at, manner.zone)}"
        case Weekdays(days=days):
            return f"on {either([DAYS[day - 1] for day in sorted(set(days))])}"
        case Hours(starts=starts, ends=ends):
            return _window(starts, ends)
        case Recurs(rrule=rrule, first_on=first_on, starts=starts, ends=ends):
            hours = "" if starts == ends == time(0) else f", {_window(starts, ends)}"
            return f"{words_of_recurrence(rrule)} from {first_on} on{hours}"


def _window(starts: time, ends: time) -> str:
    if ends == time(0):
        return f"from {starts:%H:%M}"
    return f"until {ends:%H:%M}" if starts == time(0) else f"between {starts:%H:%M} and {ends:%H:%M}"


def words_of_scope(scope: Scope) -> str:
    """Which lines count."""
    lists = (
        ("product", scope.skus, scope.except_skus),
        ("category", scope.categories, scope.except_categories),
        ("department", scope.departments, scope.except_departments),
        ("brand", scope.brands, scope.except_brands),
    )
    on = " and ".join(f"{kind} {either(names, named=NAMED)}" for kind, names, _ in lists if names)
    left_out = " and ".join(f"{kind} {either(names, named=NAMED)}" for kind, _, names in lists if names)
    words = on or EVERYTHING_SAID
    return f"{words} except {left_out}" if left_out else words


def _on(scope: Scope) -> str:
    words = words_of_scope(scope)
    return "" if words == EVERYTHING_SAID else f" for {words}"


def _of(scope: Scope) -> str:
    words = words_of_scope(scope)
    return "" if words == EVERYTHING_SAID else f" of {words}"
