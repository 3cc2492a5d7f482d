"""Handing a one-time code to the carrier of its identity: e-mail by Django's mail, SMS by the house's carrier."""

from dataclasses import dataclass
from typing import Protocol, cast

from django.conf import settings
from django.core.mail import send_mail
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from members.rules.identities import IdentityClaim, IdentityKind
from members.rules.sign_in import CODE_LIVES

SEND_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortMessage:
    """What an SMS carrier is handed: who it is for (E.164), what it says, and a ref by which a repeat is known."""

    ref: str
    address: str
    body_text: str


class SmsCarrier(Protocol):
    """Named in `settings.MESSAGE_CARRIERS["sms"]`: whoever carries the house's short messages carries codes too."""

    def send(self, parcel: ShortMessage, *, timeout_s: float) -> str:
        """Hand the message over and return the carrier's own id of it.

        :raises Exception: it was not taken, or nobody knows; a new code is then made and sent.
        """

    def close(self) -> None:
        """Let go of what was opened."""


def send_code(claim: IdentityClaim, code: str, *, ref: str, is_for_cashier: bool) -> None:
    """Send a one-time code to a phone or an e-mail address.

    :param is_for_cashier: it is to be told at the till; otherwise it signs in and is to be told to nobody.
    :param ref: of the request; the same when it is sent again.
    :raises Exception: if the carrier did not take it.
    """
    minutes = int(CODE_LIVES.total_seconds() // 60)
    if is_for_cashier:
        subject = _("Your code to pay with points")
        text = _(
            "%(code)s is your code to pay with points. Tell it to the cashier within %(minutes)d minutes."
        )
    else:
        subject = _("Your code to sign in")
        text = _("%(code)s is your code to sign in. It is good for %(minutes)d minutes. Tell it to nobody.")
    text %= {"code": code, "minutes": minutes}
    if claim.kind == IdentityKind.EMAIL:
        send_mail(subject, text, None, [claim.value])
        return
    carrier = cast(SmsCarrier, import_string(settings.MESSAGE_CARRIERS["sms"])())
    try:
        carrier.send(ShortMessage(ref=ref, address=claim.value, body_text=text), timeout_s=SEND_TIMEOUT_S)
    finally:
        carrier.close()
