"""Rules as they are stored: one that was let in before a stricter check is shown as it is, with the reason."""

from datetime import UTC, tzinfo
from typing import Any

import msgspec

from loyalty.rules.definition import RuleDefinition
from loyalty.rules.words import changes_between, sentence_of


class Unreadable(msgspec.Struct, frozen=True):
    """A definition that cannot be read any more, and why. It gives nothing."""

    stored: dict[str, Any]
    reason: str


def read_stored(stored: dict[str, Any]) -> RuleDefinition | Unreadable:
    """A definition as it is stored."""
    try:
        return msgspec.convert(stored, RuleDefinition)
    except msgspec.ValidationError as fault:
        return Unreadable(stored, str(fault))


def says(definition: RuleDefinition | Unreadable, currency: str, *, zone: tzinfo = UTC) -> str:
    """The sentence of a rule, or the stored data of one that cannot be read, with the reason."""
    if isinstance(definition, Unreadable):
        stored = msgspec.json.encode(definition.stored).decode()
        return f"It cannot be read any more and gives nothing: {definition.reason}. As it is stored: {stored}"
    return sentence_of(definition, currency, zone=zone)


def changes(
    old: RuleDefinition | Unreadable, new: RuleDefinition | Unreadable, currency: str, *, zone: tzinfo = UTC
) -> list[str]:
    """What the new version says differently; nothing where one of them cannot be read."""
    if isinstance(old, Unreadable) or isinstance(new, Unreadable):
        return []
    return changes_between(old, new, currency, zone=zone)
