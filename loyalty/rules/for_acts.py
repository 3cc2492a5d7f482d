"""What a rule about acts asks for: which act, what its properties say, and how often it counts."""

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from omnichannel.rules.behaviour import EventType, Fault, Property, is_number

PropertyName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
OncePer = Literal["act", "member", "member_day", "value"]


class PropertyIs(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="property_is"):
    """The property says one of these: texts and numbers as they are written, `yes` or `no`."""

    property: PropertyName
    values: Annotated[list[Annotated[str, Meta(max_length=500)]], Meta(min_length=1, max_length=200)]


class PropertyFrom(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="property_from"
):
    """The property is a number, and at least so much."""

    property: PropertyName
    at_least: Annotated[int, Meta(ge=-(10**15), le=10**15)]


class ForAct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rule is about acts of this type (code).

    :ivar once_per: how often it counts: each act, once for each member, once a day for each member (of the programme's
        calendar), or once for each member and value of the property `of`.
    """

    type: Annotated[str, Meta(min_length=1, max_length=40)]
    where: Annotated[list[PropertyIs | PropertyFrom], Meta(max_length=10)] = []
    once_per: OncePer = "act"
    of: PropertyName | None = None

    def __post_init__(self) -> None:
        if (self.once_per == "value") != (self.of is not None):
            raise ValueError("Name the property of which each value counts once.")


def fault_in_act(act: ForAct, types: Mapping[str, EventType]) -> Fault | None:
    """Why no act can ever be what the rule asks for; None if one can. `pointer` leads to the part of the act.

    :param types: the programme's event types by code.
    """
    kind = types.get(act.type)
    if kind is None or not kind.is_act:
        return _fault(f"There is no act {act.type!r} that may earn points.", "/type")
    declared = {one.name: one for one in kind.properties}
    if act.of is not None and act.of not in declared:
        return _fault(f"This act has no property {act.of}.", "/of")
    for at, asked in enumerate(act.where):
        if words := _never(asked, declared.get(asked.property)):
            return _fault(words, f"/where/{at}")
    return None


def _fault(words: str, pointer: str) -> Fault:
    return Fault("rule_not_valid", words, pointer)


def _never(asked: PropertyIs | PropertyFrom, one: Property | None) -> str:
    """Why the property can never say that; empty if it can."""
    if one is None:
        return f"This act has no property {asked.property}."
    if isinstance(asked, PropertyFrom):
        if one.kind != "number":
            return f"{one.name} is no number."
        can = not one.allowed or asked.at_least <= max(map(float, one.allowed))
    elif one.allowed:
        can = set(one.allowed).issuperset(asked.values)
    else:
        can = one.kind not in _CAN_SAY or all(map(_CAN_SAY[one.kind], asked.values))
    if can:
        return ""
    if one.allowed:
        return f"{one.name} is one of {', '.join(one.allowed)}."
    return f"{one.name} is {_KINDS[one.kind]}."


_CAN_SAY: dict[str, Callable[[str], bool]] = {
    "number": is_number,
    "yes_no": lambda value: value in ("yes", "no"),
}
_KINDS = {"number": "a number", "yes_no": "yes or no"}
