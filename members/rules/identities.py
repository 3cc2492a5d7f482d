"""Identities: by what a member is known. Each kind has one normal form, which the database keeps unique.

| kind | normal form |
|---|---|
| `phone` | E.164: `+886912345678` |
| `email` | lower case, domain in IDNA's ASCII form; no provider's own rules about dots or plus signs |
| `card` | upper case letters and digits without gaps, 4 to 32; our own (`29...`) with its check digit |
| `external` | `source:id`, the source in lower case, the id as the source writes it |
"""

import re
from enum import StrEnum
from functools import lru_cache

import msgspec
import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber

from members.errors import IdentityNotValid
from members.rules.cards import has_right_check_digit, is_own_card


class IdentityKind(StrEnum):
    PHONE = "phone"
    EMAIL = "email"
    CARD = "card"
    EXTERNAL = "external"


class MoveEvidence(StrEnum):
    """What showed that an identity belongs to another member than the one who goes by it."""

    CODE_TOLD = "code_told"
    CARD_SHOWN = "card_shown"
    DOCUMENT_SEEN = "document_seen"
    HOLDER_AGREED = "holder_agreed"
    IN_WRITING = "in_writing"
    OTHER_SYSTEM = "other_system"


MERGED, PARTED = BY_MERGING = ("merged", "merge_undone")
"""What stands in place of evidence where an identity moved because two members are one person, or are not."""


class IdentityClaim(msgspec.Struct, frozen=True, order=True):
    """That somebody goes by this identity: a kind and a value in its normal form. Made by `claim`."""

    kind: str
    value: str


class ExternalId(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The customer id of another system: which system, and its id there."""

    source: str
    id: str

    @property
    def text(self) -> str:
        return f"{self.source}:{self.id}"


class MemberKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a request names a member: exactly one of these."""

    ref: str | None = None
    phone: str | None = None
    email: str | None = None
    card: str | None = None
    qr: str | None = None
    external: ExternalId | None = None

    def __post_init__(self) -> None:
        if sum(getattr(self, name) is not None for name in self.__struct_fields__) != 1:
            raise ValueError("Name exactly one of ref, phone, email, card, qr, external")


def claim(kind: str, text: str, *, region: str = "", pointer: str | None = None) -> IdentityClaim:
    """The claim to an identity as somebody wrote it.

    :raises IdentityNotValid: see `normalise`; carries `pointer`, the field of the body it stood in.
    """
    return IdentityClaim(kind, normalise(kind, text, region=region, pointer=pointer))


def normalise(kind: str, text: str, *, region: str = "", pointer: str | None = None) -> str:
    """The one normal form of an identity.

    :param region: two letters; where a phone number without a country code is at home.
    :raises IdentityNotValid: if nobody can have this identity; says the reason.
    """
    text = text.strip()
    if not text:
        raise _refuse(kind, "empty", "It is empty.", pointer)
    if "\x00" in text:
        raise _refuse(kind, "not_an_id", "It holds a character that cannot be stored.", pointer)
    if kind == IdentityKind.PHONE:
        return _phone(text, region, pointer)
    if kind == IdentityKind.EMAIL:
        return _email(text, pointer)
    if kind == IdentityKind.CARD:
        return _card(text, pointer)
    return _external(text, pointer)


_UNREADABLE = {
    NumberParseException.INVALID_COUNTRY_CODE: (
        "no_country",
        "Begin with + and the country code.",
    ),
    NumberParseException.NOT_A_NUMBER: ("not_a_number", "It is not a phone number."),
    NumberParseException.TOO_SHORT_AFTER_IDD: ("too_short", "It is too short."),
    NumberParseException.TOO_SHORT_NSN: ("too_short", "It is too short."),
    NumberParseException.TOO_LONG: ("too_long", "It is too long."),
}


@lru_cache(maxsize=10_000)
def _phone(text: str, region: str, pointer: str | None) -> str:
    """Kept for those who come again: reading a number takes longer than settling a purchase."""
    try:
        number = phonenumbers.parse(text, region or None)
    except NumberParseException as fault:
        raise _refuse("phone", *_UNREADABLE[fault.error_type], pointer) from fault
    if number.extension:
        raise _refuse("phone", "has_extension", "It is an extension, not a person's own.", pointer)
    if not phonenumbers.is_valid_number(number):
        raise _refuse("phone", *_why_no_such_number(number), pointer)
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _why_no_such_number(number: PhoneNumber) -> tuple[str, str]:
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible == phonenumbers.ValidationResult.TOO_SHORT:
        return "too_short", "It is too short for its country."
    if possible == phonenumbers.ValidationResult.TOO_LONG:
        return "too_long", "It is too long for its country."
    return "no_such_number", "Its country gives no such number to anybody."


_LOCAL_PART = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*")
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])")


def _email(text: str, pointer: str | None) -> str:
    local, at, domain = text.lower().rpartition("@")
    try:
        domain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError:
        domain = ""
    is_address = at and len(local) <= 64 and _LOCAL_PART.fullmatch(local) and _DOMAIN.fullmatch(domain)
    if not is_address or len(local) + 1 + len(domain) > 254:
        raise _refuse("email", "not_an_address", "It is not an e-mail address.", pointer)
    return f"{local}@{domain}"


_CARD = re.compile(r"[A-Z0-9]{4,32}")
_GAPS = re.compile(r"[\s-]+")


def _card(text: str, pointer: str | None) -> str:
    number = _GAPS.sub("", text).upper()
    if not _CARD.fullmatch(number):
        raise _refuse("card", "not_a_card", "A card number is 4 to 32 letters and digits.", pointer)
    if is_own_card(number) and not has_right_check_digit(number):
        raise _refuse("card", "wrong_check_digit", "A digit of the card number is wrong.", pointer)
    return number


_EXTERNAL = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}:[\x21-\x7e]{1,128}")


def _external(text: str, pointer: str | None) -> str:
    source, colon, there = text.partition(":")
    value = f"{source.lower()}{colon}{there}"
    if not _EXTERNAL.fullmatch(value):
        detail = "Name the source (letters, digits, - and _) and an id of up to 128 printable characters."
        raise _refuse("external", "not_an_id", detail, pointer)
    return value


def _refuse(kind: str, reason: str, detail: str, pointer: str | None) -> IdentityNotValid:
    return IdentityNotValid(f"This {kind} is not valid. {detail}", pointer=pointer, kind=kind, reason=reason)
