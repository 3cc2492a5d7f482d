"""Wishes of two who are found to be one person: the quieter one holds, and what only one of them said is said."""

from collections.abc import Iterator, Mapping
from datetime import time
from typing import Any

FREQUENCIES = ("any", "weekly", "monthly", "never")
"""How often news and offers may come; the later, the quieter."""

PARTS: Mapping[str, tuple[str, ...]] = {
    "frequency": ("frequency",),
    "quiet_hours": ("quiet_from", "quiet_until", "timezone"),
    "interests": ("interests",),
    "preferred_channel": ("preferred_channel",),
    "packaging": ("packaging",),
    "invoice": ("invoice",),
}
"""Part of what a member wishes -> its fields, which are of one of the two as a whole."""

MINUTES_OF_A_DAY = 24 * 60


def parts_to_take(own: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    """The parts in which the other's wish holds: the rarer news, the longer quiet hours, what one says nothing of."""
    if FREQUENCIES.index(other["frequency"]) > FREQUENCIES.index(own["frequency"]):
        yield "frequency"
    own_quiet, other_quiet = quiet_minutes(own), quiet_minutes(other)
    is_only_a_zone = not own_quiet and not own["timezone"] and other["timezone"]
    if other_quiet > own_quiet or is_only_a_zone:
        yield "quiet_hours"
    for part in ("interests", "preferred_channel", "packaging", "invoice"):
        if other[part] and not own[part]:
            yield part


def quiet_minutes(wishes: Mapping[str, Any]) -> int:
    """How long the quiet hours of a day are; the same hour twice is the whole day.

    >>> quiet_minutes({"quiet_from": time(22), "quiet_until": time(7)})
    540
    """
    begins, ends = wishes["quiet_from"], wishes["quiet_until"]
    if begins is None:
        return 0
    return (_minute(ends) - _minute(begins)) % MINUTES_OF_A_DAY or MINUTES_OF_A_DAY


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute
