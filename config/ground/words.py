"""Saying things plainly: choices, multiples, days."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from config.ground.tongues import noun, said

_MULTIPLES = {200: "double", 300: "triple", 400: "four times the", 500: "five times the"}


def either(names: Sequence[str], *, named: int | None = None) -> str:
    """Names joined as a choice; of a list longer than `named` the first so many, the rest are counted.

    >>> either(["TEA", "COFFEE", "CAKE"])
    'TEA, COFFEE or CAKE'
    """
    if named is not None and len(names) > named:
        return said("{names} or {number} more", names=", ".join(names[:named]), number=len(names) - named)
    *firsts, last = names
    return said("{names} or {last}", names=", ".join(firsts), last=last) if firsts else last


def listed(names: Sequence[str]) -> str:
    """Names joined as a list.

    >>> listed(["Monday", "Tuesday", "Friday"])
    'Monday, Tuesday and Friday'
    """
    *firsts, last = names
    return said("{names} and {last}", names=", ".join(firsts), last=last) if firsts else last


def counted(number: int, one: str, many: str = "") -> str:
    """So many of something.

    >>> counted(1, "piece"), counted(2, "day")
    ('1 piece', '2 days')
    """
    return f"{number:,} {noun(one, many or one + 's', number)}"


def times(percent: int) -> str:
    """A multiple before what it multiplies.

    >>> times(300), times(150)
    ('triple', '1.5 times the')
    """
    multiple = _MULTIPLES.get(percent)
    return said(multiple) if multiple else said("{number} times the", number=Decimal(percent) / 100)


def day_words(day: date) -> str:
    """A day as people write it: `28 November 2026`."""
    return f"{day.day} {day:%B %Y}"
