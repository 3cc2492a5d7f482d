"""Refs: the names by which the world outside knows our rows.

A ref is a prefix and a UUIDv7 (RFC 9562) in Crockford's base32, lower case: `mem_01k9w3v7q2f8z6c4x5b1n0m9r8`. Refs of
one prefix sort by the moment they were made.
"""

import os
import re
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]

REF_PATTERN = r"^[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}$"
_REF = re.compile(REF_PATTERN[1:-1])


def new_ref(prefix: str) -> str:
    """A new ref with this prefix of three letters, e.g. `new_ref("ord")`."""
    milliseconds = time.time_ns() // 1_000_000
    chance = int.from_bytes(os.urandom(10))
    value = (
        (milliseconds << 80)
        | (0x7 << 76)
        | ((chance >> 68) << 64)
        | (0b10 << 62)
        | (chance & ((1 << 62) - 1))
    )
    return prefix + "_" + base32(value)


def base32(value: int) -> str:
    """A 128 bit number as 26 letters, most significant first."""
    return "".join(_PAIRS[(value >> shift) & 1023] for shift in range(120, -1, -10))


def is_ref(text: str, prefix: str) -> bool:
    """Whether the text has the form of a ref with this prefix."""
    return text.startswith(prefix + "_") and _REF.fullmatch(text) is not None
