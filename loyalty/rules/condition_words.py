"""When a rule holds and on what it counts, in words that a marketer would use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, time, tzinfo

from config.ground.amounts import money
from config.ground.moments import moment
from config.ground.tongues import said
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
            return _on(
                "from {paid} paid", "from {paid} paid for {goods}", scope, money(minimum, manner.currency)
            )
        case Buys(pieces=pieces, scope=scope):
            return _on("from {paid}", "from {paid} of {goods}", scope, counted(pieces, "piece"))
        case _:
            return _when(condition, manner)


def _who(condition: TierIs | HasLabel | FirstPurchase | Birthday, manner: Manner) -> str:
    match condition:
        case TierIs(tiers=tiers):
            called = [manner.tiers.get(code, code) for code in tiers]
            return said("for members on {tiers}", tiers=either(called, named=NAMED))
        case HasLabel() if not manner.names_segments:
            return said("for chosen members")
        case HasLabel(labels=labels):
            return said("for members in {segments}", segments=either(labels, named=NAMED))
        case FirstPurchase():
            return said("on the first purchase")
        case Birthday(days_before=before, days_after=after):
            around = [said("{days} before", days=before)] * bool(before) + [
                said("{days} after", days=after)
            ] * bool(after)
            days = listed(around) if around else ""
            return said("on the birthday and the {days} it", days=days) if days else said("on the birthday")


def _how(condition: PlaceIs | ChannelIs | PaidBy, manner: Manner) -> str:
    match condition:
        case PlaceIs(places=places):
            called = [manner.places.get(code, code) for code in places]
            return said("in {places}", places=either(called, named=NAMED))
        case ChannelIs(channel=channel):
            return said(CHANNELS[channel])
        case PaidBy(kinds=kinds):
            return said("paid by {kinds}", kinds=either(kinds, named=NAMED))


def _when(condition: Period | Weekdays | Hours | Recurs, manner: Manner) -> str:
    match condition:
        case Period(starts_at=starts_at, ends_at=ends_at):
            return said(
                "{happened} from {starts} until {ends}",
                happened=said(manner.happened),
                starts=moment(starts_at, manner.zone),
                ends=moment(ends_at, manner.zone),
            )
        case Weekdays(days=days):
            return said("on {days}", days=either([said(DAYS[day - 1]) for day in sorted(set(days))]))
        case Hours(starts=starts, ends=ends):
            return _window(starts, ends)
        case Recurs(rrule=rrule, first_on=first_on, starts=starts, ends=ends):
            hours = "" if starts == ends == time(0) else f", {_window(starts, ends)}"
            often = words_of_recurrence(rrule)
            return said("{often} from {day} on", often=often, day=first_on) + hours


def _window(starts: time, ends: time) -> str:
    if ends == time(0):
        return said("from {starts}", starts=f"{starts:%H:%M}")
    if starts == time(0):
        return said("until {ends}", ends=f"{ends:%H:%M}")
    return said("between {starts} and {ends}", starts=f"{starts:%H:%M}", ends=f"{ends:%H:%M}")


def words_of_scope(scope: Scope) -> str:
    """Which lines count."""
    lists = (
        ("product", scope.skus, scope.except_skus),
        ("category", scope.categories, scope.except_categories),
        ("department", scope.departments, scope.except_departments),
        ("brand", scope.brands, scope.except_brands),
    )
    on = _kinds([(kind, names) for kind, names, _ in lists if names])
    left_out = _kinds([(kind, names) for kind, _, names in lists if names])
    words = on or said(EVERYTHING_SAID)
    return said("{goods} except {left_out}", goods=words, left_out=left_out) if left_out else words


def _kinds(lists: Sequence[tuple[str, Sequence[str]]]) -> str:
    each = [f"{said(kind)} {either(names, named=NAMED)}" for kind, names in lists]
    return said(" and ").join(each)


def _on(of_all: str, of_goods: str, scope: Scope, paid: str) -> str:
    """
    :param of_all: what is said where everything counts, with `{paid}`; `of_goods`: with `{goods}`, too.
    """
    goods = words_of_scope(scope)
    if goods == said(EVERYTHING_SAID):
        return said(of_all, paid=paid)
    return said(of_goods, paid=paid, goods=goods)
