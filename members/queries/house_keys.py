"""The keys by which the house certifies devices."""

from functools import cache

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from members.rules.offline_cards import key_id_of


class HouseKey(msgspec.Struct, frozen=True):
    """:ivar id: the first letters of the public key's SHA-256, as codes carry it."""

    id: str
    public_key: bytes
    private_key: Ed25519PrivateKey


def list_house_keys() -> list[HouseKey]:
    """All that are in use, the one that signs first; empty where no devices are certified."""
    return [_key_of(seed) for seed in settings.CARD_KEYS]


@cache
def _key_of(seed: bytes) -> HouseKey:
    private_key = Ed25519PrivateKey.from_private_bytes(seed)
    public_key = private_key.public_key().public_bytes_raw()
    return HouseKey(key_id_of(public_key), public_key, private_key)
