"""The keys by which the house certifies members' devices, so that tills verify cards without a network."""

import base64
import binascii
from collections.abc import Iterable

from django.core.exceptions import ImproperlyConfigured

SEED_BYTES = 32


def seeds_of(texts: Iterable[str]) -> list[bytes]:
    """The seeds of Ed25519 keys, each 32 bytes in base64url; the first signs, all are told to tills.

    :raises ImproperlyConfigured: if one of them is something else.
    """
    return [_seed_of(place, text.strip()) for place, text in enumerate(texts, start=1) if text.strip()]


def _seed_of(place: int, text: str) -> bytes:
    try:
        seed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        seed = b""
    if len(seed) != SEED_BYTES:
        raise ImproperlyConfigured(
            f"CARD_KEYS: key {place} is no 32 bytes in base64url. Make one: "
            'python -c "import secrets; print(secrets.token_urlsafe(32))"'
        )
    return seed
