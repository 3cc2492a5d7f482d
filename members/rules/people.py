"""What we know of a person besides identities: names, language, birthday."""

import re
import unicodedata
from datetime import date
from typing import Any, Protocol

import msgspec

from members.errors import BirthdayNotValid

EARLIEST_BIRTH, LATEST_BIRTH = 1900, 2100
"""Years; whoever reads a date by the clock says more."""

_GAPS = re.compile(r"\s+")
_DAYS_OF_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Made by `person`, which brings it into its normal form. Text that is not known is "".

    :ivar birth_month: 1 to 12, and `birth_day`: known together, with or without the year (`birth_date`).
    """

    given_name: str = ""
    family_name: str = ""
    display_name: str = ""
    language: str = ""
    birth_date: date | None = None
    birth_month: int | None = None
    birth_day: int | None = None


def person(
    *,
    given_name: str = "",
    family_name: str = "",
    display_name: str = "",
    language: str = "",
    birth_date: date | None = None,
    birth_month: int | None = None,
    birth_day: int | None = None,
) -> Person:
    """A person as told: names without stray blanks, the birthday taken from the birth date where that is known.

    :raises BirthdayNotValid: a month without a day, the 31st of June, a birthday that differs from the birth date, a
        year in which nobody was born who lives.
    """
    if birth_date is not None:
        if not EARLIEST_BIRTH <= birth_date.year <= LATEST_BIRTH:
            raise BirthdayNotValid(
                f"Name a year from {EARLIEST_BIRTH} on, or leave the birth date out.", pointer="/birth_date"
            )
        told = (birth_month or birth_date.month, birth_day or birth_date.day)
        if told != (birth_date.month, birth_date.day):
            raise BirthdayNotValid("The birthday is not that of the birth date.", pointer="/birth_month")
        birth_month, birth_day = told
    _ensure_birthday(birth_month, birth_day)
    return Person(
        given_name=tidy(given_name),
        family_name=tidy(family_name),
        display_name=tidy(display_name),
        language=language.strip(),
        birth_date=birth_date,
        birth_month=birth_month,
        birth_day=birth_day,
    )


def tidy(name: str) -> str:
    """A name in Unicode's composed form, without blanks around it and single ones within."""
    return _GAPS.sub(" ", unicodedata.normalize("NFC", name)).strip()


class Named(Protocol):
    """A member, as far as a link to one needs to know."""

    pk: Any

    @property
    def ref(self) -> str: ...
    @property
    def given_name(self) -> str: ...
    @property
    def family_name(self) -> str: ...
    @property
    def display_name(self) -> str: ...


def name_of(member: Named) -> str:
    """How a member is called on the pages of staff: the ref of who gave no name."""
    return called_of(member) or member.ref


def called_of(member: Named) -> str:
    """How to call a member, "" where they gave no name."""
    return called(member.given_name, member.family_name, member.display_name)


def called(given_name: str, family_name: str, display_name: str = "") -> str:
    """How to call a person: as they wish; else given and family name, the family first where it is written so.

    >>> called("Ada", "Lovelace"), called("大明", "王")
    ('Ada Lovelace', '王大明')
    """
    if display_name:
        return display_name
    if given_name and family_name and _is_written_family_first(given_name + family_name):
        return family_name + given_name
    return f"{given_name} {family_name}".strip()


def _is_written_family_first(name: str) -> bool:
    """Whether all of it is in Chinese, Japanese or Korean script."""
    return all("\u3040" <= sign <= "\u9fff" or "\uac00" <= sign <= "\ud7a3" for sign in name)


def _ensure_birthday(month: int | None, day: int | None) -> None:
    if month is None and day is None:
        return
    if month is None or day is None:
        raise BirthdayNotValid("A birthday is a month and a day.", pointer="/birth_month")
    if not (1 <= month <= 12 and 1 <= day <= _DAYS_OF_MONTH[month - 1]):
        raise BirthdayNotValid("There is no such day in that month.", pointer="/birth_day")
