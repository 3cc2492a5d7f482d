"""Portraits: what can be compared of a person, without case, accents, titles and gaps; and what finds those alike."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import combinations

import msgspec

_WORD = re.compile(r"\w+")
_QUIET = re.compile(r"[aeiouyhw]")
_UNDECOMPOSED = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
)
_TITLE = re.compile(
    "mr|mrs|ms|miss|mx|dr|prof|rev|hon|sir|dame|lord|lady|herr|frau|jr|sr|the|of|lieutenant|captain|capt|major|colonel|"
    "col|general|gen|duke|earl|count|baron|baronet|bt|viscount"
)

MOST_WORDS = 8
"""Words of a name that are compared: every two words make a search key."""
MOST_OF_A_KIND = 20
"""Phones, ids, mailboxes that are compared."""


class Portrait(msgspec.Struct, frozen=True, kw_only=True):
    """Made by `portrait`. What is not known is "" or ().

    :ivar words: every word of all names.
    :ivar birth: `yyyymmdd`; `0000mmdd` where the year is not known.
    :ivar phones: in E.164.
    :ivar ids: that other systems made, `source:id`: two of one system are two customers.
    :ivar numbers: that people type, `source:number`, such as of social security: they can be mistyped.
    :ivar mailboxes: addresses without what providers overlook: dots, and what follows a plus sign.
    """

    given: str = ""
    family: str = ""
    words: tuple[str, ...] = ()
    birth: str = ""
    phones: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    mailboxes: tuple[str, ...] = ()
    postcode: str = ""
    town: str = ""
    streets: tuple[str, ...] = ()
    house: str = ""


def portrait(
    *,
    given_name: str = "",
    family_name: str = "",
    other_names: str = "",
    birth: str = "",
    phones: Iterable[str] = (),
    ids: Iterable[str] = (),
    numbers: Iterable[str] = (),
    emails: Iterable[str] = (),
    postcode: str = "",
    town: str = "",
    streets: Iterable[str] = (),
    house: str = "",
) -> Portrait:
    """
    :param other_names: how else they are called; stands in for given and family name where those are not known.
    :param house: number of the house.
    """
    given, family, others = (_names(text) for text in (given_name, family_name, other_names))
    if others and not (given and family):
        given, family = given or others[:1], family or others[1:][-1:]
    return Portrait(
        given=" ".join(given),
        family=" ".join(family),
        words=tuple(dict.fromkeys(given + family + others)),
        birth=birth,
        phones=tuple(phones)[:MOST_OF_A_KIND],
        ids=tuple(ids)[:MOST_OF_A_KIND],
        numbers=tuple(numbers)[:MOST_OF_A_KIND],
        mailboxes=tuple(map(_mailbox, emails))[:MOST_OF_A_KIND],
        postcode=plain(postcode).replace(" ", ""),
        town=plain(town),
        streets=tuple(filter(None, map(plain, streets))),
        house=plain(house),
    )


def plain(text: str) -> str:
    """A text by its words alone, in lower case and without accents.

    >>> plain("  O'Brien-Łukasz, Ünal "), plain("王 大明")
    ('o brien lukasz unal', '王 大明')
    """
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_UNDECOMPOSED))
        text = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
        text = unicodedata.normalize("NFC", text)
    return " ".join(_WORD.findall(text.lower()))


def _names(text: str) -> list[str]:
    words = plain(text).split()
    return ([word for word in words if not _TITLE.fullmatch(word)] or words)[:MOST_WORDS]


def _mailbox(email: str) -> str:
    local, _, domain = email.partition("@")
    return f"{local.partition('+')[0].replace('.', '')}@{domain}"


def skeleton(word: str) -> str:
    """What is left of a word when it is misheard: its first letter and the next four consonants.

    >>> skeleton("smith"), skeleton("smyth"), skeleton("大明")
    ('smt', 'smt', '大明')
    """
    return word[:1] + _QUIET.sub("", word[1:])[:4]


def search_keys(one: Portrait) -> set[int]:
    """By what those are found who may be the same person: whoever shares one of these 64-bit numbers.

    Each joins two things that two strangers seldom share, so that an error in one name, day or number leaves another
    key that is shared still.
    """
    return {_number(key) for key in _keys(one)}


def _keys(one: Portrait) -> Iterator[str]:
    sounds = sorted({skeleton(word) for word in one.words})
    yield from (f"word {sound}" for sound in sounds if len(sound) > 2)
    yield from (f"names {first} {second}" for first, second in combinations(sounds, 2))
    if one.given and one.family:
        yield f"begins {skeleton(one.words[0])} {one.family[:3]}"
    for phone in one.phones:
        yield from _keys_of_phone(one, phone)
    yield from one.ids
    yield from one.numbers
    yield from (f"box {box.partition('@')[0]}" for box in one.mailboxes)
    if one.birth:
        yield from _keys_of_birth(one, sounds)
    if one.postcode:
        yield from (f"code {sound} {one.postcode}" for sound in sounds)
        yield f"house {one.postcode} {one.house}"
    for place in (one.town, *one.streets):
        yield from (f"place {sound} {place}" for sound in sounds if place)


def _keys_of_phone(one: Portrait, phone: str) -> Iterator[str]:
    """Either half finds a number with a slip in the other, also whom a name alone does not find, for many bear it."""
    initials = " ".join(sorted((one.given[:1], one.family[:1])))
    yield f"phone {phone[-8:]}"
    yield f"calls {initials} {phone[:-4]}"
    yield f"calls {initials} {phone[-4:]}"


def _keys_of_birth(one: Portrait, sounds: list[str]) -> Iterator[str]:
    year, initials = one.birth[:4], {sound[:1] for sound in sounds}
    yield from (f"born {initial} {one.birth}" for initial in initials)
    if one.postcode:
        yield f"born at {one.postcode[:4]} {year}"
    if one.town:
        yield f"born in {one.town} {year}"


def _number(key: str) -> int:
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), signed=True)
