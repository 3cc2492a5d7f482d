"""What a row of an import says: brought into normal form, or refused field by field with what to do about it."""

import re
from collections import Counter, abc
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from config.ground.refusals import Refusal
from members.rules.attributes import Attribute, Value, find_fault, value_of
from members.rules.consents import ConsentWord
from members.rules.identities import IdentityClaim, claim
from members.rules.import_cells import (
    NotReadable,
    birth_date,
    moment,
    read_day,
    unbroken,
    unwrapped,
    yes_or_no,
)
from members.rules.import_fields import ANSWER, CONSENTS, FIELDS, IDENTITIES, SEVERAL, Mapping
from members.rules.people import Person, person

LONGEST = {"given_name": 100, "family_name": 100, "display_name": 200, "language": 16, "place_code": 64}
LONGEST_TEXT_VERSION = 64
MOST_OF_A_KIND = 20
"""Phones, addresses, cards: beyond that it is no one member's row."""
Asked = abc.Mapping[str, Attribute]
"""Field of a column -> the attribute that it answers."""
_NOTHING_ASKED: Asked = {}
_RIGHT_COLUMN = "Is it the right column?"


class ToldRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A row that can be taken. Identities are in their normal form.

    :ivar further: beyond the first of a kind, in the order of the file.
    :ivar consent_at: when the words of `consents` were said; None for the moment of the import.
    :ivar answers: code of an attribute -> value, as JSON has it.
    """

    phone: str = ""
    email: str = ""
    card: str = ""
    external: str = ""
    further: tuple[IdentityClaim, ...] = ()
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
        first = (IdentityClaim(kind, value) for kind in IDENTITIES if (value := getattr(self, kind)))
        return (*first, *self.further)

    @property
    def person(self) -> Person:
        names = ("given_name", "family_name", "display_name", "language", "birth_date")
        return person(**{name: getattr(self, name) for name in names})


class Problem(NamedTuple):
    """:ivar field: "" for the row as a whole. `says` is what is wrong, and what to do."""

    field: str
    says: str


class Reading(msgspec.Struct, frozen=True):
    """A row as far as it could be read; with problems it cannot be taken, with remarks it can."""

    told: ToldRow
    problems: tuple[Problem, ...]
    remarks: tuple[Problem, ...] = ()


def read_row(
    cells: Sequence[str],
    mapping: Mapping,
    *,
    asked: Asked = _NOTHING_ASKED,
    headings: Sequence[str] = (),
    now: datetime,
) -> Reading:
    """What the cells say by this mapping; every problem of the row, not only the first.

    :param headings: by which a problem names its column, where several hold the same.
    """
    found: dict[str, Any] = {}
    answers: dict[str, Any] = {}
    claims: list[IdentityClaim] = []
    problems: list[Problem] = []
    for place, (field, cell) in enumerate(zip(mapping.columns, cells, strict=False)):
        text = unwrapped(cell)
        if not field or not text:
            continue
        try:
            if field in IDENTITIES:
                under = headings[place] if place < len(headings) else ""
                claims += _identities(field, text, mapping, under, problems)
            elif field.startswith(ANSWER):
                answers[field.removeprefix(ANSWER)] = _answer(asked.get(field), text, mapping, now)
            else:
                found[field] = _READERS.get(field, _words)(field, text, mapping, now)
        except NotReadable as fault:
            problems.append(Problem(field, str(fault)))
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
    problems += _of_the_whole(claims, consents, problems)
    found.pop("consent_text", None)
    told = ToldRow(**found, **_by_kind(claims), consents=consents, answers=answers)
    return Reading(told, tuple(problems), tuple(_said_again(claims)))


def _identities(
    field: str, text: str, mapping: Mapping, heading: str, problems: list[Problem]
) -> Iterator[IdentityClaim]:
    """All that a cell holds; what is wrong with one of them goes to `problems`, and says which one it is."""
    texts = _apart(field, text)
    if len(texts) > MOST_OF_A_KIND:
        raise NotReadable(f"There are {len(texts)} in one cell, and nobody has so many. {_RIGHT_COLUMN}")
    where = f" It stands under {heading}." if heading and mapping.columns.count(field) > 1 else ""
    for one in texts:
        which = f"{where} This is said of {one}." if len(texts) > 1 else where
        try:
            yield _identity(field, one, mapping)
        except NotReadable as fault:
            problems.append(Problem(field, f"{fault}{which}"))
        except Refusal as refusal:
            problems.append(Problem(field, f"{refusal.detail}{which}"))


def _apart(field: str, text: str) -> list[str]:
    """Phones, addresses or cards that stand in one cell, none of which holds a comma; a list of JSON of any kind."""
    if text.startswith("["):
        try:
            told = msgspec.json.decode(text, type=list[str | int])
        except msgspec.DecodeError:
            return [text]
        return [one for each in told if (one := unwrapped(str(each)))]
    if field not in SEVERAL or _MADE_A_NUMBER.fullmatch(text):
        return [text]
    return [one for piece in _BETWEEN.split(text) if (one := unwrapped(piece))] or [text]


def _by_kind(claims: Sequence[IdentityClaim]) -> dict[str, Any]:
    """The first of each kind, and `further` ones; none twice."""
    first: dict[str, str] = {}
    for one in claims:
        first.setdefault(one.kind, one.value)
    further = tuple(one for one in dict.fromkeys(claims) if first[one.kind] != one.value)
    return first | {"further": further}


def _said_again(claims: Sequence[IdentityClaim]) -> Iterator[Problem]:
    for one, times in Counter(claims).items():
        if times > 1:
            yield Problem(one.kind, f"{one.value} stands in the row {times} times, and is taken once.")


def _of_the_whole(
    claims: Sequence[IdentityClaim], consents: Sequence[ConsentWord], problems: Sequence[Problem]
) -> list[Problem]:
    whole = []
    if not claims and not any(one.field in IDENTITIES for one in problems):
        whole.append(
            Problem("", "Nothing to know them by. Add a phone, e-mail address, card or customer number.")
        )
    for kind, count in Counter(one.kind for one in dict.fromkeys(claims)).items():
        if count > MOST_OF_A_KIND:
            whole.append(Problem(kind, f"There are {count}, and nobody has so many. {_RIGHT_COLUMN}"))
    if any(word.is_given and not word.text_version for word in consents):
        says = "A yes is nothing without the words it was said to. Name them in the mapping, or in a column."
        whole.append(Problem("consent_text", says))
    return whole


_MADE_A_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?[eE][+-]?\d+")


def _identity(field: str, text: str, mapping: Mapping) -> IdentityClaim:
    if _MADE_A_NUMBER.fullmatch(text):
        raise NotReadable(
            f"A spreadsheet made a number of it ({text}), and digits are lost. Format the column as text there,"
            " and export it again."
        )
    if field == "phone":
        text = text.removesuffix(".0")
    if field == "external" and ":" not in text:
        if not mapping.external_source:
            raise NotReadable("Say in the mapping from which system customer numbers come.")
        text = f"{mapping.external_source}:{text}"
    return claim(field, text, region=mapping.region)


def _words(field: str, text: str, _mapping: Mapping, _now: datetime) -> str:
    longest = LONGEST.get(field, LONGEST_TEXT_VERSION)
    if len(text) > longest:
        raise NotReadable(f"It is longer than {longest} letters. {_RIGHT_COLUMN}")
    return unbroken(text)


_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d{1,3})?")
_BETWEEN = re.compile(r"[,;，；、،؛\n]|:::")


def _answer(asked: Attribute | None, text: str, mapping: Mapping, now: datetime) -> Value:
    """What a cell answers, if the attribute takes it; its problems begin with the attribute."""
    if asked is None:
        raise NotReadable("This is not asked any more. Change the columns, and pass this one over.")
    try:
        said = _of_its_kind(asked, unbroken(text), mapping, now)
    except NotReadable as fault:
        raise NotReadable(f"{asked.label}: {fault}") from None
    if wrong := find_fault(asked, said):
        raise NotReadable(wrong)
    return value_of("number", said) if isinstance(said, Decimal) else said


def _of_its_kind(asked: Attribute, text: str, mapping: Mapping, now: datetime) -> Value | Decimal:
    match asked.kind:
        case "number" if _NUMBER.fullmatch(text):
            return Decimal(text)
        case "date":
            return read_day(text, mapping.date_order).isoformat()
        case "yes_no":
            return yes_or_no("", text, mapping, now)
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
            raise NotReadable('Write words with commas between them, or a JSON list: ["a", "b"].') from None
    if _choice(asked, text) in asked.allowed:
        return [text]
    words = [word for one in _BETWEEN.split(text) if (word := one.strip())]
    if all(_choice(asked, word) in asked.allowed for word in words):
        return words
    bars = [word for one in text.split("|") if (word := one.strip())]
    return bars if all(_choice(asked, word) in asked.allowed for word in bars) else words


_READERS: dict[str, Callable[[str, str, Mapping, datetime], Any]] = {
    **dict.fromkeys(CONSENTS, yes_or_no),
    "birth_date": birth_date,
    "enrolled_at": moment,
    "consent_at": moment,
}


def words_of(problem: Sequence[str]) -> str:
    """A problem in one sentence, with the name of the field.

    >>> words_of(("phone", "It is too short."))
    'Phone: It is too short.'
    """
    field, says = problem
    return f"{FIELDS[field]}: {says}" if field in FIELDS else says
