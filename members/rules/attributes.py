"""What a house wants to know of its members beside their name: attributes, declared as data, and their typed values."""

import math
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

import msgspec

Kind = Literal["text", "number", "date", "yes_no", "one_of", "many_of"]
Value = str | bool | int | float | list[str]
"""As JSON has it: a date is `2026-11-21`, what is chosen from a list its words, of `many_of` a list of them."""

LONGEST_TEXT = 500
LARGEST_NUMBER = 10**12
DIGITS_BEHIND_THE_POINT = 4

COLUMNS: Mapping[str, str] = {
    "text": "text",
    "number": "number",
    "date": "day",
    "yes_no": "is_yes",
    "one_of": "choices",
    "many_of": "choices",
}
"""Kind -> the column that holds its values; a trigger of the table insists on it."""


class Eyes(StrEnum):
    """Who looks at an attribute, or writes one.

    `STAFF` may not see personal data; `TRUSTED` may: a colleague with the right, or an integration.
    """

    MEMBER = "member"
    STAFF = "staff"
    TRUSTED = "trusted"


class Choice(msgspec.Struct, frozen=True):
    """One of the allowed values, and how it is called in the language of who reads it."""

    value: str
    label: str


class Attribute(msgspec.Struct, frozen=True, kw_only=True):
    """An attribute as it is declared, in one language.

    :ivar why: what it is used for, in words for the member.
    :ivar seen_by: staff, personal (who may see personal data) or member (nobody else).
    :ivar is_asked_for: a profile is complete when all of these are filled in.
    :ivar id: 0 of one that is yet to be declared.
    """

    code: str
    label: str
    why: str
    kind: Kind
    choices: tuple[Choice, ...] = ()
    seen_by: Literal["staff", "personal", "member"] = "staff"
    is_edited_by_member: bool = True
    is_asked_for: bool = False
    id: int = 0

    @property
    def allowed(self) -> list[str]:
        return [choice.value for choice in self.choices]


def may_see(attribute: Attribute, eyes: Eyes) -> bool:
    if eyes is Eyes.MEMBER:
        return True
    return attribute.seen_by == "staff" or (attribute.seen_by == "personal" and eyes is Eyes.TRUSTED)


def may_write(attribute: Attribute, eyes: Eyes) -> bool:
    return attribute.is_edited_by_member if eyes is Eyes.MEMBER else may_see(attribute, eyes)


def find_fault(attribute: Attribute, value: object, *, held: Value | None = None) -> str | None:
    """Why an attribute cannot have this value, in a sentence; None if it can.

    :param held: what it says now: a choice that is offered no more may stay.
    """
    if not _IS_OF_KIND[attribute.kind](value):
        return f"{attribute.label} is {_KINDS[attribute.kind]}."
    if attribute.choices and not words_in(value) <= set(attribute.allowed) | words_in(held):
        return f"{attribute.label} is chosen from: {', '.join(attribute.allowed)}."
    return None


def column_value(attribute: Attribute, value: Value) -> Any:
    """A value that fits, as its column holds it."""
    match attribute.kind:
        case "number":
            return Decimal(str(value))
        case "date":
            return date.fromisoformat(str(value))
        case "one_of":
            return [value]
        case "many_of" if isinstance(value, list):
            return list(value)
    return value


def words_in(value: object) -> set[object]:
    """What is chosen: one, or several of a list."""
    return set(value) if isinstance(value, list) else {value}


def value_of(kind: str, held: Any) -> Value:
    """What a column holds, as JSON has it."""
    match kind:
        case "number":
            return int(held) if held == int(held) else float(held)
        case "date":
            return str(held.isoformat())
        case "one_of":
            return str(held[0])
    return held  # type: ignore[no-any-return]  # text, a boolean or a list of words, as it is


def words_of(attribute: Attribute, value: Value) -> str:
    """A value as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    labels = {choice.value: choice.label for choice in attribute.choices}
    if isinstance(value, list):
        return ", ".join(labels.get(one, one) for one in value)
    return labels.get(str(value), str(value))


def is_same(one: Value | None, other: Value | None) -> bool:
    """Whether the same is said; in which order something was ticked says nothing."""
    return words_in(one) == words_in(other) and isinstance(one, bool) == isinstance(other, bool)


def is_complete(declared: list[Attribute], filled: set[str]) -> bool:
    """Whether everything that is asked for is filled in (codes). Where nothing is asked for, nothing is complete."""
    asked = {one.code for one in declared if one.is_asked_for}
    return bool(asked) and asked <= filled


def _is_text(value: object) -> bool:
    return (
        isinstance(value, str) and len(value.strip()) > 0 and len(value) <= LONGEST_TEXT and "\0" not in value
    )


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return False
    if not math.isfinite(value) or not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
        return False
    return Decimal(str(value)) == round(Decimal(str(value)), DIGITS_BEHIND_THE_POINT)


def _is_date(value: object) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _are_words(value: object) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(one, str) for one in value)
        and len(set(value)) == len(value)
    )


_IS_OF_KIND: Mapping[str, Callable[[object], bool]] = {
    "text": _is_text,
    "number": _is_number,
    "date": _is_date,
    "yes_no": lambda value: isinstance(value, bool),
    "one_of": lambda value: isinstance(value, str),
    "many_of": _are_words,
}
_KINDS: Mapping[str, str] = {
    "text": f"a text of at most {LONGEST_TEXT} letters",
    "number": f"a number up to {LARGEST_NUMBER:,}, with at most {DIGITS_BEHIND_THE_POINT} digits behind the point",
    "date": "a date such as 2026-11-21",
    "yes_no": "true or false",
    "one_of": "one of its words",
    "many_of": "a list of different words",
}
