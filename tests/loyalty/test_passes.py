"""The member's card for the wallets of phones: signed so that others can check it; without keys, refused in words."""

import hashlib
import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID
from django.test import Client
from pytest_django import Settings

from config.ground import clock
from tests.loyalty.conftest import Shop
from tests.members.factories import MemberFactory, bearer_of

pytestmark = pytest.mark.django_db
APPLE, GOOGLE = "/api/v1/me/card/pass.pkpass", "/api/v1/me/card/google-pass"


@pytest.fixture
def app(open_shop: Callable[..., Shop]) -> Client:
    """The app of Ada, who has a card."""
    open_shop()
    ada = MemberFactory(given_name="Ada", family_name="Lovelace", card="AB12CD")
    return Client(headers={"authorization": bearer_of(ada, now=clock.now())})


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _certificate(name: str, key: rsa.RSAPrivateKey, issuer: str, by: rsa.RSAPrivateKey) -> bytes:
    now = datetime.now(UTC)
    called = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (name, issuer)]
    made = x509.CertificateBuilder(called[1], called[0], key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.BasicConstraints(ca=name == issuer, path_length=None), critical=True)
    return made.sign(by, SHA256()).public_bytes(Encoding.PEM)


@pytest.fixture
def apple(settings: Settings, tmp_path: Path) -> Path:
    """Self-made certificates in place of Apple's; answers their folder."""
    authority, own = _key(), _key()
    files = {
        "APPLE_PASS_CERTIFICATE": _certificate("pass", own, "authority", authority),
        "APPLE_PASS_KEY": _pem(own),
        "APPLE_PASS_AUTHORITY": _certificate("authority", authority, "authority", authority),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    paths = {name: str(tmp_path / name) for name in files}
    known_by = {"APPLE_PASS_TYPE": "pass.example.card", "APPLE_TEAM": "TEAM123456"}
    settings.WALLET_PASSES = {**settings.WALLET_PASSES, **paths, **known_by}
    return tmp_path


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl checks the signature")
def test_a_pass_for_apple_is_signed_as_it_stands(app: Client, apple: Path) -> None:
    answer = app.get(APPLE)

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/vnd.apple.pkpass")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        files: dict[str, bytes] = {name: archive.read(name) for name in archive.namelist()}
    told: dict[str, Any] = json.loads(files["pass.json"])
    assert (told["passTypeIdentifier"], told["teamIdentifier"]) == ("pass.example.card", "TEAM123456")
    assert told["barcodes"][0]["message"] == "AB12CD"
    assert told["storeCard"]["primaryFields"][0]["value"] == "Ada Lovelace"
    assert told["storeCard"]["headerFields"][0]["value"] == 0
    assert files["icon.png"].startswith(b"\x89PNG")
    listed = files.keys() - {"manifest.json", "signature"}
    hashed = {name: hashlib.sha1(files[name], usedforsecurity=False).hexdigest() for name in listed}
    assert json.loads(files["manifest.json"]) == hashed

    assert _checks(apple, files["manifest.json"], files["signature"])
    assert not _checks(apple, files["manifest.json"] + b" ", files["signature"])


def _checks(folder: Path, manifest: bytes, signature: bytes) -> bool:
    (folder / "manifest").write_bytes(manifest)
    (folder / "signature").write_bytes(signature)
    told = ["-in", "signature", "-content", "manifest", "-CAfile", "APPLE_PASS_AUTHORITY", "-out", "read"]
    command = ["openssl", "smime", "-verify", "-binary", "-inform", "DER", "-purpose", "any", *told]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True).returncode == 0


def test_a_card_is_saved_to_google_by_a_signed_link(app: Client, settings: Settings, tmp_path: Path) -> None:
    key = _key()
    account = {"client_email": "cards@shop.example", "private_key": _pem(key).decode()}
    (tmp_path / "account.json").write_text(json.dumps(account))
    settings.WALLET_PASSES = {
        "GOOGLE_WALLET_ACCOUNT": str(tmp_path / "account.json"),
        "GOOGLE_WALLET_ISSUER": "3388",
        "GOOGLE_WALLET_LOGO_URL": "https://shop.example/logo.png",
    }

    link = app.get(GOOGLE).json()["save_url"]

    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    token = link.removeprefix("https://pay.google.com/gp/v/save/")
    claims = jwt.decode(token, public, algorithms=["RS256"], audience="google")
    card = claims["payload"]["loyaltyObjects"][0]
    assert (claims["iss"], claims["typ"]) == ("cards@shop.example", "savetowallet")
    assert (card["accountName"], card["barcode"]["value"]) == ("Ada Lovelace", "AB12CD")
    assert card["classId"] == claims["payload"]["loyaltyClasses"][0]["id"]
    assert card["classId"].startswith("3388.")


def test_without_a_certificate_no_pass_is_issued_and_it_is_said_why(app: Client) -> None:
    for door, setting in ((APPLE, "APPLE_PASS_CERTIFICATE"), (GOOGLE, "GOOGLE_WALLET_ACCOUNT")):
        answer = app.get(door)

        assert (answer.status_code, answer.json()["code"]) == (404, "passes_not_issued")
        assert setting in answer.json()["detail"]
    assert Client().get(APPLE).status_code == 401
