"""Saying things plainly: lists, factors, days."""

from collections.abc import Sequence
from datetime import date

_FACTORS = {200: "double", 300: "triple", 400: "four times the", 500: "five times the"}


def either(names: Sequence[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    if len(names) == 1:
        return names[0]
    return f"{', '.join(names[:-1])} or {names[-1]}"


def factor_words(percent: int) -> str:
    """How many points: 300 is `triple`, 150 is `1.5 times the`."""
    if percent in _FACTORS:
        return _FACTORS[percent]
    whole, rest = divmod(percent, 100)
    return f"{whole}.{rest:02}".rstrip("0").rstrip(".") + " times the"


def day_words(day: date) -> str:
    """A day as people write it: `28 November 2026`."""
    return f"{day.day} {day:%B %Y}"
