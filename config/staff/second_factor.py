"""The second factor: an authenticator app that makes six digits, and recovery codes for the day the phone is lost.

A password alone signs nobody in who has a device or whose role needs one. The secret of the app and the digests of the
recovery codes are kept in django-otp's tables.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import transaction
from django_otp.models import Device
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from config.staff.errors import CodeDoesNotFit, SecondFactorIsNeeded
from config.staff.models import Staff
from config.staff.roles import ADMINISTRATOR

RECOVERY_CODES = 10
_RECOVERY_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_RECOVERY_LENGTH = 12
_STEP_S = 30
_DIGITS = 6


@dataclass(frozen=True)
class Standing:
    """Where a person stands with the second factor."""

    has_device: bool
    is_compulsory: bool
    recovery_codes_left: int


def standing_of(person: Staff) -> Standing:
    """Whether the person has an app enrolled, must have one, and how many recovery codes are left."""
    return Standing(
        has_device=find_device(person) is not None,
        is_compulsory=is_compulsory(person),
        recovery_codes_left=StaticToken.objects.filter(device__user=person).count(),
    )


def find_device(person: Staff) -> TOTPDevice | None:
    """The person's enrolled authenticator app, if there is one."""
    device: TOTPDevice | None = TOTPDevice.objects.filter(user=person, confirmed=True).order_by("pk").first()
    return device


def is_compulsory(person: Staff) -> bool:
    """Whether this person may not work without a second factor: administrators, where the setting says so."""
    if not settings.REGULARS_REQUIRE_SECOND_FACTOR:
        return False
    return person.is_superuser or person.groups.filter(name=ADMINISTRATOR).exists()


def is_needed(person: Staff) -> bool:
    """Whether the password alone does not sign this person in."""
    return find_device(person) is not None or is_compulsory(person)


def check_code(person: Staff, code: str) -> Device:
    """The device whose code this is: six digits of the app, or one of the recovery codes, which is then used up.

    :raises CodeDoesNotFit: wrong, used before, or too soon after a wrong one (the wait doubles each time).
    """
    code = _plain(code)
    is_from_app = code.isdigit() and len(code) == _DIGITS
    kind, proof = (TOTPDevice, code) if is_from_app else (StaticDevice, _digest(code))
    with transaction.atomic():
        device = kind.objects.select_for_update().filter(user=person, confirmed=True).order_by("pk").first()
        fits = device is not None and device.verify_token(proof)
    if not fits:
        # Outside the block: the count of wrong codes must stay written.
        raise CodeDoesNotFit
    return device


def new_secret() -> str:
    """A fresh secret for an authenticator app: 20 random bytes in hexadecimal."""
    return secrets.token_hex(20)


def setup_address(person: Staff, secret: str) -> str:
    """What the QR code says to the app (`otpauth://`, Key Uri Format of Google Authenticator)."""
    issuer = settings.OTP_TOTP_ISSUER
    query = urlencode({"secret": spelled(secret), "issuer": issuer, "digits": _DIGITS, "period": _STEP_S})
    return f"otpauth://totp/{quote(issuer)}:{quote(person.username)}?{query}"


def spelled(secret: str) -> str:
    """The secret as people type it into an app: base32, 32 letters."""
    return base64.b32encode(bytes.fromhex(secret)).decode()


@transaction.atomic
def enrol(person: Staff, *, secret: str, code: str) -> tuple[TOTPDevice, list[str]]:
    """Make the app with this secret the person's second factor, in place of any other; recovery codes are made anew.

    :param code: what the app shows now, the proof that it holds the secret.
    :returns: the device and the recovery codes, which are shown once.
    :raises CodeDoesNotFit: the app shows something else; nothing was written.
    """
    # Devices tell real time even where the sandbox has moved ours.
    totp = TOTP(bytes.fromhex(secret), step=_STEP_S, digits=_DIGITS)
    code = _plain(code)
    if not (code.isdigit() and totp.verify(int(code), tolerance=1)):
        raise CodeDoesNotFit
    TOTPDevice.objects.filter(user=person).delete()
    device = TOTPDevice.objects.create(
        user=person, name="authenticator app", key=secret, confirmed=True, drift=totp.drift, last_t=totp.t()
    )
    return device, make_recovery_codes(person)


@transaction.atomic
def make_recovery_codes(person: Staff) -> list[str]:
    """New recovery codes in place of the old ones. Only digests are kept, so this is the one time they are seen."""
    StaticDevice.objects.filter(user=person).delete()
    device = StaticDevice.objects.create(user=person, name="recovery codes", confirmed=True)
    codes = [_new_recovery_code() for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=_digest(code)) for code in codes)
    return [f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in codes]


def give_up(person: Staff) -> None:
    """Take the person's own second factor away.

    :raises SecondFactorIsNeeded: their role may not be without one.
    """
    if is_compulsory(person):
        raise SecondFactorIsNeeded
    remove(person)


@transaction.atomic
def remove(person: Staff) -> None:
    """Forget a person's app and recovery codes: their phone is lost, and an administrator has seen who they are."""
    TOTPDevice.objects.filter(user=person).delete()
    StaticDevice.objects.filter(user=person).delete()


def _new_recovery_code() -> str:
    """Twelve letters and digits that are not mistaken for one another, 59 bits."""
    return "".join(secrets.choice(_RECOVERY_ALPHABET) for _ in range(_RECOVERY_LENGTH))


def _plain(code: str) -> str:
    """The code without the spaces and hyphens that make it readable."""
    return "".join(code.split()).replace("-", "").lower()


def _digest(recovery_code: str) -> str:
    """What is kept of a recovery code: 64 bits of its SHA-256, as much as the column holds."""
    return hashlib.sha256(recovery_code.encode()).hexdigest()[:16]
