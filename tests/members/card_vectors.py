"""The codes of `docs/card-codes.json`, by which those who write a verifier of their own try it.

`python -m tests.members.card_vectors > docs/card-codes.json` makes them anew: keys, members and moments are fixed.
"""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from members.rules.offline_cards import certificate_of, code_of, key_id_of, to_base32

HOUSE, ROTATED, STRANGER, DEVICE, OTHER_DEVICE = (
    Ed25519PrivateKey.from_private_bytes(bytes([letter]) * 32) for letter in (1, 2, 3, 4, 5)
)
MEMBER, OTHER_MEMBER = "mem_01k9w3v7q2f8z6c4x5b1n0m9r8", "mem_01k9w3v7q2f8z6c4x5b1n0m9r9"
AT = datetime(2026, 11, 21, 10, 15, 30, tzinfo=UTC)
LAST_DAY = int(AT.timestamp()) // 86_400 + 30


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def house_keys() -> dict[str, bytes]:
    """The key that signs now, and one that signed before and whose certificates are still good."""
    return {key_id_of(public(key)): public(key) for key in (HOUSE, ROTATED)}


def certificate(house_key: Ed25519PrivateKey = HOUSE, *, last_day: int = LAST_DAY) -> str:
    return certificate_of(MEMBER, public(DEVICE), last_day=last_day, house_key=house_key)


def with_piece(code: str, place: int, text: str) -> str:
    pieces = code.split(".")
    pieces[place] = text
    return ".".join(pieces)


def cases() -> list[tuple[str, str, datetime, str]]:
    """What each shows, the code, the moment at which it is scanned, and what comes of it."""
    minute, good = timedelta(minutes=1), code_of(certificate(), DEVICE, AT)
    pieces = good.split(".")
    end = datetime.fromtimestamp((LAST_DAY + 1) * 86_400, tz=UTC)
    begun = AT.replace(second=0)
    return [
        ("a code of this minute", good, AT, MEMBER),
        ("read in lower case", good.lower(), AT, MEMBER),
        ("at the first moment of the minute before", good, begun - minute, MEMBER),
        ("a moment earlier", good, begun - minute - timedelta(seconds=1), "of_another_minute"),
        ("at the last moment of the minute after", good, begun + 2 * minute - timedelta(seconds=1), MEMBER),
        ("a moment later", good, begun + 2 * minute, "of_another_minute"),
        ("a house key that was rotated", code_of(certificate(ROTATED), DEVICE, AT), AT, MEMBER),
        ("a key of no house", code_of(certificate(STRANGER), DEVICE, AT), AT, "house_key_unknown"),
        (
            "a key of no house under the house's name",
            code_of(with_piece(certificate(STRANGER), 1, pieces[1]), DEVICE, AT),
            AT,
            "forged",
        ),
        (
            "in the last minute of the certificate",
            code_of(certificate(), DEVICE, end - minute),
            end - minute,
            MEMBER,
        ),
        ("in the minute after it", code_of(certificate(), DEVICE, end), end, "certificate_over"),
        ("another member", with_piece(good, 2, OTHER_MEMBER[4:].upper()), AT, "forged"),
        ("a certificate made longer", with_piece(good, 4, f"{LAST_DAY + 1}"), AT, "forged"),
        ("another minute", with_piece(good, 6, f"{int(pieces[6]) + 1}"), AT, "forged"),
        ("another device's signature", code_of(certificate(), OTHER_DEVICE, AT), AT, "forged"),
        ("another device's key", with_piece(good, 3, to_base32(public(OTHER_DEVICE))), AT, "forged"),
        ("the same signature written otherwise", good[:-1] + chr(ord(good[-1]) + 1), AT, "forged"),
        ("cut short", good[:-1], AT, "no_code"),
        ("another kind of code", "RC1.01K9W3V7Q2F8Z6C4X5B1N0M9R8.29388415.6X0M2Q8T4V1K9Z3B", AT, "no_code"),
        ("a bar code", "2912345678906", AT, "no_code"),
    ]


def vectors() -> dict[str, Any]:
    return {
        "house_keys": {
            id_: base64.urlsafe_b64encode(key).decode().rstrip("=") for id_, key in house_keys().items()
        },
        "codes": [
            {"shows": shows, "code": code, "scanned_at": at.isoformat(), "comes_of_it": what}
            for shows, code, at, what in cases()
        ],
    }


if __name__ == "__main__":
    print(json.dumps(vectors(), indent=2))  # noqa: T201 - for the file
