"""Refs: the names by which the world outside knows our rows.

A ref is a prefix and a UUIDv7 (RFC 9562) in Crockford's base32, lower case: `mem_01k9w3v7q2f8z6c4x5b1n0m9r8`. Refs of
one prefix sort by the moment they were made.
"""

import os
import re
import time
from threading import local

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]

REF_PATTERN = r"^[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}$"
_REF = re.compile(REF_PATTERN[1:-1])


_CHANCE_BYTES = 10
_STOCK_BYTES = 400 * _CHANCE_BYTES


class _Chance(local):
    """Random bytes from the system, drawn in stock by each thread.

    A call to the system lets go of the interpreter's lock, and in a busy process waits for it again for longer than
    a whole purchase takes to settle.
    """

    stock = b""
    at = 0

    def take(self) -> int:
        """80 bits that nobody had before."""
        if self.at == len(self.stock):
            self.stock, self.at = os.urandom(_STOCK_BYTES), 0
        self.at += _CHANCE_BYTES
        return int.from_bytes(self.stock[self.at - _CHANCE_BYTES : self.at])


_chance = _Chance()


def _draw_anew() -> None:
    """A process that was forked must not make the refs that its parent makes."""
    global _chance  # noqa: PLW0603 - replaced as a whole, for all threads of the new process
    _chance = _Chance()


os.register_at_fork(after_in_child=_draw_anew)


def new_ref(prefix: str) -> str:
    """A new ref with this prefix of three letters, e.g. `new_ref("ord")`."""
    milliseconds = time.time_ns() // 1_000_000
    chance = _chance.take()
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
