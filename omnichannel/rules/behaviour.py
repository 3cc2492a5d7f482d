"""What people do beside buying: types of events, their properties, and whether an event fits its type."""

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Kind = Literal["text", "number", "yes_no", "moment"]
Value = str | bool | int | float
"""What a property can say; a moment is text with its offset from UTC."""

LONGEST_TEXT = 500
LARGEST_NUMBER = 10**15
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
"""No event is older: moments near the first of all cannot be told in every timezone."""

LONGEST_CLAIM_DAYS = 90
"""What visitors do is kept for so long, unless the house says otherwise."""

FEWEST_LETTERS = 16
"""Of the name of a device or session that can be claimed: nobody guesses it, and no two systems choose it twice."""

CLOCK_SKEW = timedelta(minutes=5)
"""How far the clocks of shops and phones may be ahead."""


class Property(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A property of an event.

    :ivar allowed: the only values of a text or number, as `said` writes them; empty: any.
    """

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    kind: Kind = "text"
    is_required: bool = False
    allowed: Annotated[list[Annotated[str, Meta(min_length=1, max_length=100)]], Meta(max_length=200)] = []


class EventType(msgspec.Struct, frozen=True, kw_only=True):
    """What can be told, with which properties, and by whom.

    :ivar is_act: an act may earn points and is announced to the other floors; what is none is only kept.
    :ivar is_told_by_members: the members' own app may tell it too, of the member who is signed in.
    :ivar is_retired: it is told no more.
    :ivar claimed_within_days: an act that was told of a device or session still earns if its member signs in there
        within so many days; 0: it never does.
    """

    code: str
    title: str
    properties: list[Property] = []
    is_act: bool = True
    is_told_by_members: bool = False
    is_retired: bool = False
    claimed_within_days: Annotated[int, Meta(ge=0, le=LONGEST_CLAIM_DAYS)] = 0


class Fault(msgspec.Struct, frozen=True):
    """Why an event is not taken. `pointer` leads to the field of the event."""

    code: str
    detail: str
    pointer: str = ""


def is_claimable(name: str) -> bool:
    """Whether what is told of a device or session of this name can become a member's."""
    return len(name) >= FEWEST_LETTERS


def earns_when_claimed(kind: EventType | None, happened_at: datetime, *, now: datetime) -> bool:
    """Whether an act that was told of a device or session gives points to who signed in there."""
    if kind is None or not kind.is_act:
        return False
    return now - happened_at <= timedelta(days=kind.claimed_within_days) and kind.claimed_within_days > 0


def said(value: Value) -> str:
    """A value as it is compared and shown: `yes`, `5`, `4.5`, `tea`."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def find_fault(kind: EventType | None, properties: Mapping[str, Value], *, by_member: bool) -> Fault | None:
    """Why an event of this type is not taken as it is told; None if it is.

    :param kind: None if there is no such type.
    :param by_member: a member tells it of themselves.
    """
    if kind is None:
        return Fault("event_type_not_known", "There is no event type with this code.", "/type")
    if kind.is_retired:
        return Fault("event_type_retired", f"{kind.title} is told no more.", "/type")
    if by_member and not kind.is_told_by_members:
        return Fault("not_told_by_members", f"{kind.title} is told by the shop, not by the app.", "/type")
    return next(_faults_of_properties(kind, properties), None)


def find_fault_of_moment(happened_at: datetime, *, now: datetime, oldest: timedelta | None) -> Fault | None:
    """
    :param oldest: how late it may be told; None: at any time.
    """
    if happened_at > now + CLOCK_SKEW:
        words = "It lies more than five minutes ahead; set the clock of who tells it."
        return Fault("happened_in_the_future", words, "/happened_at")
    if happened_at < EARLIEST:
        return Fault("told_too_late", "Nothing is told of the years before 1970.", "/happened_at")
    if oldest is not None and happened_at < now - oldest:
        return Fault("told_too_late", f"It is told within {oldest.days} days.", "/happened_at")
    return None


def find_fault_of_properties(properties: Iterable[Property]) -> str | None:
    """Why a type cannot have these properties, in a sentence."""
    seen = set()
    for one in properties:
        if one.name in seen:
            return f"The property {one.name!r} is declared twice."
        seen.add(one.name)
        if one.allowed and one.kind not in ("text", "number"):
            return f"Only texts and numbers have allowed values, and {one.name!r} is neither."
        if one.kind == "number" and not all(is_number(value) for value in one.allowed):
            return f"The allowed values of {one.name!r} are numbers."
    return None


def _faults_of_properties(kind: EventType, properties: Mapping[str, Value]) -> Iterator[Fault]:
    declared = {one.name: one for one in kind.properties}
    for name, value in properties.items():
        if name not in declared:
            known = f"it has {', '.join(declared)}" if declared else "it has none"
            yield Fault("unknown_property", f"{kind.title} has no property {name!r}; {known}.", _at(name))
        elif fault := _fault_of_value(declared[name], value):
            yield fault
    for one in kind.properties:
        if one.is_required and one.name not in properties:
            yield Fault("property_missing", f"{kind.title} needs the property {one.name!r}.", _at(one.name))


def _at(name: str) -> str:
    return "/properties/" + name.replace("~", "~0").replace("/", "~1")


def _fault_of_value(one: Property, value: Value) -> Fault | None:
    if not _IS_OF_KIND[one.kind](value):
        return Fault("wrong_kind", f"{one.name!r} is {_KINDS[one.kind]}.", _at(one.name))
    if one.allowed and said(value) not in one.allowed:
        return Fault("not_a_choice", f"{one.name!r} is one of {', '.join(one.allowed)}.", _at(one.name))
    return None


def _is_text(value: Value) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_TEXT


def _is_in_range(value: Value) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and abs(value) <= LARGEST_NUMBER  # type: ignore[arg-type]  # it is one


def _is_moment(value: Value) -> bool:
    if not isinstance(value, str):
        return False
    try:
        msgspec.convert(value, Annotated[datetime, Meta(tz=True)])
    except msgspec.ValidationError:
        return False
    return True


def is_number(text: str) -> bool:
    """Whether it is a number as `said` writes it, so that a value can equal it."""
    try:
        return said(float(text)) == text
    except (ValueError, OverflowError):
        return False


_IS_OF_KIND = {
    "text": _is_text,
    "number": _is_in_range,
    "yes_no": lambda value: isinstance(value, bool),
    "moment": _is_moment,
}
_KINDS = {
    "text": f"a text of at most {LONGEST_TEXT} letters",
    "number": "a number",
    "yes_no": "true or false",
    "moment": "a moment with its offset from UTC, e.g. 2026-11-21T10:15:00+08:00",
}
