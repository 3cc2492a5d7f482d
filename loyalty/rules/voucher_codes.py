"""Codes of vouchers: made by chance, read aloud, typed by hand.

A code that we make has twelve letters of an alphabet without look-alikes, the last one a check letter: eleven by
chance are more than 10^16 codes, so of ten million that were given out nobody guesses one. It is shown in groups of
four: `7K3M-PQ8T-X4DQ`. A code that all may use is chosen by a person (`WELCOME10`) and has no check letter.

Codes are kept and compared in one normal form: capitals and digits alone, with 0 for O and 1 for I and L.
"""

import os
from collections.abc import Iterator
from operator import mul

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXY"
"""29 letters, a prime number: so a check letter tells every single wrong letter and every two that changed places."""

LENGTH = 12
LONGEST = 24
"""How long a chosen code may be, in its normal form."""

_BASE = len(ALPHABET)
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}
_WEIGHTS = range(2, LENGTH + 1)
_FAIR = 256 // _BASE * _BASE
"""Bytes from here on are thrown away: every letter is as likely as every other."""
_LETTERS = bytes(ord(ALPHABET[byte % _BASE]) for byte in range(256))
_UNFAIR = bytes(range(_FAIR, 256))
_LOOK_ALIKES = str.maketrans("OIL", "011")


def new_codes(count: int) -> Iterator[str]:
    """So many new codes, by the system's own chance."""
    body = LENGTH - 1
    while count:
        letters = os.urandom(min(count, 10_000) * (body + 2)).translate(_LETTERS, _UNFAIR).decode()
        fits = min(len(letters) // body, count)
        for at in range(0, fits * body, body):
            text = letters[at : at + body]
            yield text + check_letter(text)
        count -= fits


def check_letter(body: str) -> str:
    """The letter that makes the weighted sum of a code a multiple of 29.

    >>> check_letter("7K3MPQ8TX4D")
    'Q'
    """
    return ALPHABET[-sum(map(mul, _WEIGHTS, (_VALUES[letter] for letter in body))) % _BASE]


def normal_form(typed: str) -> str:
    """A code as it is kept, however it was typed: spaces, dashes, small letters, O for 0.

    >>> normal_form(" welcome-1O ")
    'WE1C0ME10'
    """
    return "".join(filter(str.isalnum, typed.upper())).translate(_LOOK_ALIKES)


def shown_form(code: str) -> str:
    """A code that we made, as people read it.

    >>> shown_form("7K3MPQ8TX4DQ")
    '7K3M-PQ8T-X4DQ'
    """
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def is_mistyped(code: str) -> bool:
    """Whether it can only be one of ours with a wrong letter: it is as long as ours, and nobody chose it.

    :param code: in its normal form, and known to nobody.
    """
    if len(code) != LENGTH:
        return False
    return not set(code) <= _VALUES.keys() or check_letter(code[:-1]) != code[-1]
