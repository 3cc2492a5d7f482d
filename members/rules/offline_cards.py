"""The rotating code that a till verifies without a network: copy this file, it needs the package `cryptography` alone.

    RC2.<house key>.<member>.<device key>.<last day>.<house's signature>.<minute>.<device's signature>

The first six pieces are the certificate, which the house gives to the app of one device: its signature is over the five
before it. The app adds the minute, and its signature over the seven before that. Signatures are Ed25519 (RFC 8032)
over the text as it stands, in ASCII; keys and signatures are written in base32 (RFC 4648) without padding; days and
minutes are counted from 1970 in UTC. So it is 311 letters, digits and dots: version 10 of QR codes in their
alphanumeric mode.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

DAY_S = 86_400
STEP_S = 60
SKEW_STEPS = 1
"""A code of the minute before or after is taken too: clocks differ, and a queue moves slowly."""

_CODE = re.compile(
    r"RC2\.([A-Z2-7]{4})\.([0-9A-HJKMNP-TV-Z]{26})\.([A-Z2-7]{52})\.([0-9]{5})\.([A-Z2-7]{103})"
    r"\.([0-9]{8})\.([A-Z2-7]{103})"
)


class Fault(StrEnum):
    """Why a code is not taken."""

    NO_CODE = "no_code"
    HOUSE_KEY_UNKNOWN = "house_key_unknown"
    FORGED = "forged"
    CERTIFICATE_OVER = "certificate_over"
    OF_ANOTHER_MINUTE = "of_another_minute"


@dataclass(frozen=True, slots=True)
class OfflineCode:
    """A code taken apart; nothing about it is proven yet.

    :ivar step: minutes since 1970, by the clock of the device.
    :ivar last_day: days since 1970; the certificate is good to the end of this one.
    """

    text: str
    key_id: str
    member_ref: str
    device_key: bytes
    last_day: int
    step: int


def verify_offline(scanned: str, house_keys: Mapping[str, bytes], now: datetime) -> OfflineCode | Fault:
    """What a till without a network does with a code: whose it is, or why it is not taken.

    :param house_keys: id -> public key, as the house tells them.
    :param now: by the till's own clock.
    """
    code = read_offline_code(scanned)
    if code is None:
        return Fault.NO_CODE
    fault = find_fault(code, house_keys)
    if fault is None and abs(code.step - int(now.timestamp()) // STEP_S) > SKEW_STEPS:
        fault = Fault.OF_ANOTHER_MINUTE
    return fault or code


def find_fault(code: OfflineCode, house_keys: Mapping[str, bytes]) -> Fault | None:
    """What is wrong with a code, whenever it is looked at; None if the house and the device signed it."""
    if code.key_id not in house_keys:
        return Fault.HOUSE_KEY_UNKNOWN
    *certificate, step, signature = code.text.split(".")
    *certified, seal = certificate
    if not _is_signed(certified, seal, house_keys[code.key_id]):
        return Fault.FORGED
    if not _is_signed([*certificate, step], signature, code.device_key):
        return Fault.FORGED
    return Fault.CERTIFICATE_OVER if code.step * STEP_S // DAY_S > code.last_day else None


def read_offline_code(scanned: str) -> OfflineCode | None:
    """Take a scanned code apart; None if it is none of this kind."""
    text = scanned.strip().upper()
    found = _CODE.fullmatch(text)
    if found is None:
        return None
    key_id, member, device_key, last_day, _, step, _ = found.groups()
    return OfflineCode(
        text=text,
        key_id=key_id,
        member_ref=f"mem_{member.lower()}",
        device_key=from_base32(device_key),
        last_day=int(last_day),
        step=int(step),
    )


def certificate_of(member_ref: str, device_key: bytes, *, last_day: int, house_key: Ed25519PrivateKey) -> str:
    """What the house signs for one device of a member."""
    member = member_ref.removeprefix("mem_").upper()
    key_id = key_id_of(house_key.public_key().public_bytes_raw())
    text = f"RC2.{key_id}.{member}.{to_base32(device_key)}.{last_day:05d}"
    return f"{text}.{to_base32(house_key.sign(text.encode()))}"


def code_of(certificate: str, device_key: Ed25519PrivateKey, now: datetime) -> str:
    """What the app shows at this moment; it needs no network for it."""
    text = f"{certificate}.{int(now.timestamp()) // STEP_S:08d}"
    return f"{text}.{to_base32(device_key.sign(text.encode()))}"


def key_id_of(public_key: bytes) -> str:
    """By what a house key is known: the first letters of its SHA-256."""
    return to_base32(hashlib.sha256(public_key).digest())[:4]


def to_base32(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=")


def from_base32(text: str) -> bytes:
    return base64.b32decode(text + "=" * (-len(text) % 8))


def _is_signed(pieces: list[str], signature: str, public_key: bytes) -> bool:
    signed = from_base32(signature)
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signed, ".".join(pieces).encode())
    except InvalidSignature:
        return False
    return to_base32(signed) == signature
