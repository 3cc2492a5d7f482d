"""Whose a scanned card code is, and whether it is still good."""

from datetime import UTC, datetime

from django.db import connection

from members.errors import CardCodeNotValid
from members.models import Member
from members.queries.house_keys import list_house_keys
from members.rules.cards import CardCode, is_fresh, is_genuine, read_any_code
from members.rules.offline_cards import SKEW_STEPS, STEP_S, Fault, OfflineCode, find_fault

_OVER = "This card code is not of this minute; show the card again."
_SIGNED_OUT = (
    "The app of this card is signed out, or has another key by now; ask for another card or a phone number."
)
_FAULTS = {
    Fault.HOUSE_KEY_UNKNOWN: "This card was certified by a key that is used no more; open the app with a network once.",
    Fault.CERTIFICATE_OVER: "The certificate of this card has run out; open the app with a network once.",
}

_DEVICE = """
SELECT s.id IS NOT NULL, s.ended_at FROM members_member m
LEFT JOIN members_signin s ON s.member_id = m.id AND s.card_key = %s
WHERE m.ref = %s AND m.state <> 'erased'
ORDER BY s.ended_at DESC NULLS FIRST, s.id DESC LIMIT 1
"""


def prove_card_code(payload: str, *, now: datetime) -> tuple[str, str]:
    """The ref of the member whose app made a code, and why the code is over, "" if it is not. One statement.

    :raises CardCodeNotValid: if the code is damaged or forged, or was made after its device was signed out.
    """
    code = read_any_code(payload)
    if code is None:
        raise CardCodeNotValid(pointer="/member/qr")
    over = _prove_by_device(code) if isinstance(code, OfflineCode) else _prove_by_secret(code)
    return code.member_ref, over or ("" if is_fresh(code, now) else _OVER)


def _prove_by_secret(code: CardCode) -> str:
    secret = Member.objects.filter(ref=code.member_ref).values_list("card_secret", flat=True).first()
    if secret is None or not is_genuine(code, bytes(secret)):
        raise CardCodeNotValid(pointer="/member/qr")
    return ""


def _prove_by_device(code: OfflineCode) -> str:
    """A device that is known no more may have been when it showed the code: who was told of it may tell it again."""
    keys = {key.id: key.public_key for key in list_house_keys()}
    fault = find_fault(code, keys)
    if fault is not None:
        raise CardCodeNotValid(_FAULTS.get(fault, ""), pointer="/member/qr")
    with connection.cursor() as cursor:
        cursor.execute(_DEVICE, [code.device_key, code.member_ref])
        row = cursor.fetchone()
    if row is None:
        raise CardCodeNotValid("Nobody is a member by this card any more.", pointer="/member/qr")
    is_known, ended_at = row
    if is_known and ended_at is None:
        return ""
    made_at = datetime.fromtimestamp((code.step - SKEW_STEPS) * STEP_S, tz=UTC)
    if is_known and made_at > ended_at:
        raise CardCodeNotValid(_SIGNED_OUT, pointer="/member/qr")
    return _SIGNED_OUT
