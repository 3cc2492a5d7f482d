"""What a rule about acts asks for: which act, what its properties say, and how often it counts."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

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
