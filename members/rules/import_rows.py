"""What a row of an import says: brought into normal form, or refused field by field with what to do about it."""

import re
from collections import abc
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from config.ground.refusals import Refusal
from members.rules.attributes import Attribute, Value, find_fault, value_of
from members.rules.consents import ConsentWord
from members.rules.identities import IdentityClaim, claim
from members.rules.import_fields import ANSWER, CONSENTS, FIELDS, IDENTITIES, Mapping
from members.rules.people import EARLIEST_BIRTH, Person, person

LONGEST = {"given_name": 100, "family_name": 100, "display_name": 200, "language": 16, "place_code": 64}
LONGEST_TEXT_VERSION = 64
EARLIEST_MOMENT = datetime(1900, 1, 1, tzinfo=UTC)
Asked = abc.Mapping[str, Attribute]
"""Field of a column -> the attribute that it answers."""
_NOTHING_ASKED: Asked = {}


class ToldRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A row that can be taken. Identities are in their normal form.

    :ivar consent_at: when the words of `consents` were said; None for the moment of the import.
    :ivar answers: code of an attribute -> value, as JSON has it.
    """

    phone: str = ""
    email: str = ""
    card: str = ""
    external: str = ""
    given_name: str = ""
    family_name: str = ""
    display_name: str = ""
    language: str = ""
    birth_date: date | None = None
    enrolled_at: datetime | None = None
    place_code: str = ""
    consents: tuple[ConsentWord, ...] = ()
    consent_at: datetime | None = None
    answers: dict[str, Any] = {}

    @property
    def claims(self) -> tuple[IdentityClaim, ...]:
        return tuple(IdentityClaim(kind, value) for kind in IDENTITIES if (value := getattr(self, kind)))

    @property
    def person(self) -> Person:
        names = ("given_name", "family_name", "display_name", "language", "birth_date")
        return person(**{name: getattr(self, name) for name in names})


class Problem(NamedTuple):
    """:ivar field: "" for the row as a whole. `says` is what is wrong, and what to do."""

    field: str
    says: str


class Reading(msgspec.Struct, frozen=True):
    """A row as far as it could be read; with problems it cannot be taken."""

    told: ToldRow
    problems: tuple[Problem, ...]


class _NotReadable(Exception):  # noqa: N818 - never leaves this file
    """The words for the problem."""


def read_row(
    cells: Sequence[str], mapping: Mapping, *, asked: Asked = _NOTHING_ASKED, now: datetime
) -> Reading:
    """What the cells say by this mapping; every problem of the row, not only the first."""
    found: dict[str, Any] = {}
    answers: dict[str, Any] = {}
    problems: list[Problem] = []
    for field, cell in zip(mapping.columns, cells, strict=False):
        text = unwrapped(cell)
        if not field or not text:
            continue
        try:
            if field.startswith(ANSWER):
                answers[field.removeprefix(ANSWER)] = _answer(asked.get(field), text, mapping, now)
                continue
            found[field] = _READERS.get(field, _words)(field, text, mapping, now)
        except _NotReadable as fault:
            problems.append(Problem(field, str(fault)))
        except Refusal as refusal:
            problems.append(Problem(field, refusal.detail))
    consents = tuple(
        ConsentWord(
            channel=channel,
            purpose=purpose,
            is_given=found.pop(name),
            text_version=found.get("consent_text", mapping.consent_text),
        )
        for name, (channel, purpose) in CONSENTS.items()
        if name in found
    )
    problems += _of_the_whole(found, consents, problems)
    found.pop("consent_text", None)
    return Reading(ToldRow(**found, consents=consents, answers=answers), tuple(problems))


def _of_the_whole(
    found: dict[str, Any], consents: Sequence[ConsentWord], problems: Sequence[Problem]
) -> list[Problem]:
    whole = []
    if not any(kind in found for kind in IDENTITIES) and not any(one.field in IDENTITIES for one in problems):
        whole.append(
            Problem("", "Nothing to know them by. Add a phone, e-mail address, card or customer number.")
        )
    if any(word.is_given and not word.text_version for word in consents):
        says = "A yes is nothing without the words it was said to. Name them in the mapping, or in a column."
        whole.append(Problem("consent_text", says))
    return whole


_FORMULA_TEXT = re.compile(r'="(.*)"', re.DOTALL)
_ESCAPED = re.compile(r"'[=+\-@]")


def unwrapped(cell: str) -> str:
    """A cell without what spreadsheets put around text: `="0912"` and `'+886912`.

    >>> unwrapped('="0912"'), unwrapped("'+886912"), unwrapped(" O'Hara ")
    ('0912', '+886912', "O'Hara")
    """
    text = cell.strip()
    if wrapped := _FORMULA_TEXT.fullmatch(text):
        return wrapped[1].strip()
    return text[1:] if _ESCAPED.match(text) else text


_MADE_A_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?[eE][+-]?\d+")


def _identity(field: str, text: str, mapping: Mapping, _now: datetime) -> str:
    if _MADE_A_NUMBER.fullmatch(text):
        raise _NotReadable(
            f"A spreadsheet made a number of it ({text}), and digits are lost. Format the column as text there,"
            " and export it again."
        )
    if field == "phone":
        text = text.removesuffix(".0")
    if field == "external" and ":" not in text:
        if not mapping.external_source:
            raise _NotReadable("Say in the mapping from which system customer numbers come.")
        text = f"{mapping.external_source}:{text}"
    return claim(field, text, region=mapping.region).value


def _words(field: str, text: str, _mapping: Mapping, _now: datetime) -> str:
    longest = LONGEST.get(field, LONGEST_TEXT_VERSION)
    if len(text) > longest:
        raise _NotReadable(f"It is longer than {longest} letters. Is it the right column?")
    return _unbroken(text)


def _unbroken(text: str) -> str:
    if "\x00" in text or "\ufffd" in text:
        raise _NotReadable("Letters of it are broken. Choose another encoding, or export the file as UTF-8.")
    return text


_ISO = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_YEAR_LAST = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})")
_MIDNIGHT = re.compile(r"[T ]00:00(:00(\.0+)?)?$")


def read_day(text: str, order: str) -> date:
    """A day as people write it; which part comes first must be declared, for 03/04/1990 is two days.

    :raises _NotReadable: with what to do.
    """
    text = _MIDNIGHT.sub("", text)
    if year_first := _ISO.fullmatch(text):
        year, month, day = map(int, year_first.groups())
    elif year_last := _YEAR_LAST.fullmatch(text):
        one, two, year = map(int, year_last.groups())
        if order == "ymd":
            raise _NotReadable("Say in the mapping whether the day or the month comes first in dates.")
        day, month = (one, two) if order == "dmy" else (two, one)
    elif re.fullmatch(r"\d{5}", text):
        raise _NotReadable(f"{text} is a spreadsheet's number for a day. Format the column as a date there.")
    else:
        raise _NotReadable("It is no date with a year of four digits, such as 1990-04-03.")
    try:
        return date(year, month, day)
    except ValueError:
        other = " Is the order of day and month in the mapping right?" if month > 12 else ""
        raise _NotReadable(f"There is no such day.{other}") from None


def _birth_date(_field: str, text: str, mapping: Mapping, now: datetime) -> date:
    day = read_day(text, mapping.date_order)
    if day.year < EARLIEST_BIRTH or day > now.date():
        raise _NotReadable(f"Nobody is born on {day}. Leave it empty if it is not known.")
    return day


def _moment(_field: str, text: str, mapping: Mapping, now: datetime) -> datetime:
    """A day, which begins in UTC, or a moment as ISO 8601 has it."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = datetime.combine(read_day(text, mapping.date_order), time())
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if at < EARLIEST_MOMENT:
        raise _NotReadable(
            f"Nothing is told of the years before {EARLIEST_MOMENT.year}. Is it the right column?"
        )
    if at > now:
        raise _NotReadable("It lies in the future.")
    return at


_YES = {
    "yes",
    "y",
    "true",
    "t",
    "1",
    "x",
    "ja",
    "si",
    "sí",
    "oui",
    "on",
    "opted-in",
    "是",
    "有",
    "同意",
    "بله",
}
_NO = {
    "no",
    "n",
    "false",
    "f",
    "0",
    "nein",
    "non",
    "off",
    "opted-out",
    "否",
    "無",
    "无",
    "不同意",
    "خیر",
    "نه",
}


def _yes_or_no(_field: str, text: str, _mapping: Mapping, _now: datetime) -> bool:
    word = text.casefold()
    if word not in _YES | _NO:
        raise _NotReadable("Write yes or no, or leave it empty if they were never asked.")
    return word in _YES


_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d{1,3})?")
_BETWEEN_CHOICES = re.compile(r"[,;，；、،؛]")


def _answer(asked: Attribute | None, text: str, mapping: Mapping, now: datetime) -> Value:
    """What a cell answers, if the attribute takes it; its problems begin with the attribute."""
    if asked is None:
        raise _NotReadable("This is not asked any more. Change the columns, and pass this one over.")
    try:
        said = _of_its_kind(asked, _unbroken(text), mapping, now)
    except _NotReadable as fault:
        raise _NotReadable(f"{asked.label}: {fault}") from None
    if wrong := find_fault(asked, said):
        raise _NotReadable(wrong)
    return value_of("number", said) if isinstance(said, Decimal) else said


def _of_its_kind(asked: Attribute, text: str, mapping: Mapping, now: datetime) -> Value | Decimal:
    match asked.kind:
        case "number" if _NUMBER.fullmatch(text):
            return Decimal(text)
        case "date":
            return read_day(text, mapping.date_order).isoformat()
        case "yes_no":
            return _yes_or_no("", text, mapping, now)
        case "one_of":
            return _choice(asked, text)
        case "many_of":
            return [_choice(asked, one) for one in _several(asked, text)]
    return text


def _choice(asked: Attribute, text: str) -> str:
    """The choice that is meant, in large letters or small."""
    alike = [one for one in asked.allowed if one.casefold() == text.casefold()]
    return text if text in asked.allowed or len(alike) != 1 else alike[0]


def _several(asked: Attribute, text: str) -> list[str]:
    if text.startswith("["):
        try:
            return msgspec.json.decode(text, type=list[str])
        except msgspec.DecodeError:
            raise _NotReadable('Write words with commas between them, or a JSON list: ["a", "b"].') from None
    if _choice(asked, text) in asked.allowed:
        return [text]
    return [word for one in _BETWEEN_CHOICES.split(text) if (word := one.strip())]


_READERS: dict[str, Callable[[str, str, Mapping, datetime], Any]] = {
    **dict.fromkeys(IDENTITIES, _identity),
    **dict.fromkeys(CONSENTS, _yes_or_no),
    "birth_date": _birth_date,
    "enrolled_at": _moment,
    "consent_at": _moment,
}


def words_of(problem: Sequence[str]) -> str:
    """A problem in one sentence, with the name of the field.

    >>> words_of(("phone", "It is too short."))
    'Phone: It is too short.'
    """
    field, says = problem
    return f"{FIELDS[field]}: {says}" if field in FIELDS else says
