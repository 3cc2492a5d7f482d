"""The text of a key: `rk_<12 characters that may be seen>_<43 characters that may not>`."""

import hashlib
import hmac
import re
import secrets

KIND = "rk_"
_PREFIX_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_KEY = re.compile(r"^rk_([0-9a-hjkmnp-tv-z]{12})_[A-Za-z0-9_-]{43}$")


def new_key_text() -> str:
    """A new key: 60 bits to be recognised by, 256 bits of secret."""
    prefix = "".join(secrets.choice(_PREFIX_LETTERS) for _ in range(12))
    return f"{KIND}{prefix}_{secrets.token_urlsafe(32)}"


def prefix_of(text: str) -> str:
    """The visible part of a key; "" if the text has not the form of a key."""
    match = _KEY.match(text)
    return match[1] if match else ""


def digest_of(text: str) -> bytes:
    """What is stored in place of the key. SHA-256 is enough: nobody guesses 256 bits of chance."""
    return hashlib.sha256(text.encode()).digest()


def is_same_digest(one: bytes, other: bytes) -> bool:
    """Compared in constant time, so that the answer's delay tells nothing."""
    return hmac.compare_digest(one, other)
