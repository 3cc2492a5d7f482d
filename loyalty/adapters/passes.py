"""Signing passes: Apple's by a certificate, Google's by the key of a service account, as the settings name them."""

import hashlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key, pkcs7
from django.conf import settings

from loyalty.errors import PassesNotIssued
from loyalty.rules.passes import SAVE_PAGE, AppleIssuer, GoogleAccount

MIME_TYPE = "application/vnd.apple.pkpass"
_ICONS = {"icon.png": 29, "icon@2x.png": 58, "icon@3x.png": 87}
_GREEN = (6, 95, 70)


def apple_issuer() -> AppleIssuer:
    """
    :raises PassesNotIssued: if the settings name none.
    """
    wanted = (
        "APPLE_PASS_CERTIFICATE",
        "APPLE_PASS_KEY",
        "APPLE_PASS_AUTHORITY",
        "APPLE_PASS_TYPE",
        "APPLE_TEAM",
    )
    _ensure_set("Apple", wanted)
    return AppleIssuer(pass_type=_set("APPLE_PASS_TYPE"), team=_set("APPLE_TEAM"))


def pkpass(told: Mapping[str, Any]) -> bytes:
    """The pass as a file: `pass.json`, icons, the digest of each in `manifest.json`, and its detached signature.

    :raises OSError: a certificate or key cannot be read.
    """
    files = {"pass.json": json.dumps(told, ensure_ascii=False).encode()}
    files |= {name: _square(side) for name, side in _ICONS.items()}
    digests = {
        name: hashlib.sha1(content, usedforsecurity=False).hexdigest() for name, content in files.items()
    }
    files["manifest.json"] = json.dumps(digests).encode()
    files["signature"] = _signature(files["manifest.json"])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def _signature(manifest: bytes) -> bytes:
    """PKCS #7, detached, with the certificate and Apple's own above it."""
    certificate = x509.load_pem_x509_certificate(_read("APPLE_PASS_CERTIFICATE"))
    authority = x509.load_pem_x509_certificate(_read("APPLE_PASS_AUTHORITY"))
    password = _set("APPLE_PASS_KEY_PASSWORD").encode() or None
    key = load_pem_private_key(_read("APPLE_PASS_KEY"), password)
    if not isinstance(key, RSAPrivateKey):
        raise PassesNotIssued("The key of APPLE_PASS_KEY is no RSA key, as Apple's certificates have.")
    builder = pkcs7.PKCS7SignatureBuilder().set_data(manifest).add_signer(certificate, key, SHA256())
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
    return builder.add_certificate(authority).sign(Encoding.DER, options)


def google_account() -> GoogleAccount:
    """
    :raises PassesNotIssued: if the settings name none.
    """
    _ensure_set("Google", ("GOOGLE_WALLET_ACCOUNT", "GOOGLE_WALLET_ISSUER", "GOOGLE_WALLET_LOGO_URL"))
    account = json.loads(_read("GOOGLE_WALLET_ACCOUNT"))
    return GoogleAccount(
        email=account["client_email"],
        private_key=account["private_key"],
        issuer=_set("GOOGLE_WALLET_ISSUER"),
        logo_url=_set("GOOGLE_WALLET_LOGO_URL"),
    )


def save_link(claims: Mapping[str, Any], *, private_key: str) -> str:
    """The address behind *Save to Google Wallet*."""
    return SAVE_PAGE + jwt.encode(dict(claims), private_key, algorithm="RS256")


def _ensure_set(whose: str, names: tuple[str, ...]) -> None:
    missing = [name for name in names if not _set(name)]
    if missing:
        raise PassesNotIssued(f"No passes for {whose} are issued here: {', '.join(missing)} is not set.")


def _set(name: str) -> str:
    passes: dict[str, str] = settings.WALLET_PASSES
    return passes[name]


def _read(setting: str) -> bytes:
    return Path(_set(setting)).read_bytes()


def _square(side: int) -> bytes:
    """A plain icon as PNG: Apple shows no pass without one."""
    row = b"\0" + bytes(_GREEN) * side
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(row * side)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in parts)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
