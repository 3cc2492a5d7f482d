"""Card numbers and the rotating code that an app shows in place of a plastic card.

A card number is 13 digits: `29` (the range EAN keeps for a shop's own use), ten digits by chance, and EAN's
check digit, so every till scanner reads it from an EAN-13 bar code.

The rotating code is `RC1.<member>.<step>.<mac>`: the member's ref without its prefix, the number of 60 s
steps since 1970, and the first 80 bits of HMAC-SHA256 over both with the member's card secret, in Crockford's
base32, upper case, which a QR code holds in its compact alphanumeric mode. Only the house can check
it; a code that tills check themselves stands in `offline_cards.py`.
"""

import hashlib
import hmac
import re
from datetime import UTC, datetime

import msgspec

from members.rules.offline_cards import SKEW_STEPS, STEP_S, OfflineCode, read_offline_code

_OWN_PREFIX = "29"
_MARK = "RC1"
_STEP = re.compile(r"[0-9]{1,11}")
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def card_number(chance: int) -> str:
    """The card number with these ten digits; `chance` is 0 to 9_999_999_999."""
    body = f"{_OWN_PREFIX}{chance:010d}"
    return body + check_digit(body)


def check_digit(body: str) -> str:
    """EAN's check digit for the digits before it: from the right, weights 3, 1, 3, 1 ..."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return str(-total % 10)


def is_own_card(number: str) -> bool:
    """Whether a number is one that we give out ourselves."""
    return len(number) == 13 and number.startswith(_OWN_PREFIX) and number.isdigit()


def has_right_check_digit(number: str) -> bool:
    return check_digit(number[:-1]) == number[-1]


class CardCode(msgspec.Struct, frozen=True):
    """A rotating code taken apart; nothing about it is proven yet."""

    member_ref: str
    step: int
    mac: str


def code_at(member_ref: str, secret: bytes, now: datetime) -> tuple[str, datetime]:
    """The code that the member's app shows at this moment, and until when it does."""
    step = _step(now)
    mac = _mac(member_ref, step, secret)
    payload = f"{_MARK}.{member_ref.removeprefix('mem_').upper()}.{step}.{mac}"
    return payload, datetime.fromtimestamp((step + 1) * STEP_S, tz=UTC)


def read_code(payload: str) -> CardCode | None:
    """Take a scanned code apart; None if it is not one of ours."""
    parts = payload.strip().upper().split(".")
    if len(parts) != 4 or parts[0] != _MARK or not _STEP.fullmatch(parts[2]):
        return None
    return CardCode(member_ref=f"mem_{parts[1].lower()}", step=int(parts[2]), mac=parts[3])


def is_genuine(code: CardCode, secret: bytes) -> bool:
    """Whether this member's app made the code, whenever that was."""
    expected = _mac(code.member_ref, code.step, secret)
    return hmac.compare_digest(expected.encode(), code.mac.encode())


def read_any_code(payload: str) -> CardCode | OfflineCode | None:
    """Take a scanned code of either kind apart; None if it is none of ours."""
    return read_code(payload) or read_offline_code(payload)


def is_fresh(code: CardCode | OfflineCode, now: datetime) -> bool:
    """Whether the code is of the step of `now`, or no more than one away from it."""
    return abs(code.step - _step(now)) <= SKEW_STEPS


def _step(now: datetime) -> int:
    return int(now.timestamp()) // STEP_S


def _mac(member_ref: str, step: int, secret: bytes) -> str:
    digest = hmac.new(secret, f"{member_ref}.{step}".encode(), hashlib.sha256).digest()
    value = int.from_bytes(digest[:10])
    return "".join(_ALPHABET[(value >> shift) & 31] for shift in range(75, -1, -5))
