"""E-mail through Django's mail: SMTP, files and every provider of django-anymail are one setting away."""

import contextlib
import smtplib

from anymail.exceptions import AnymailAPIError, AnymailRecipientsRefused
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend

from omnichannel.adapters.carriers import CarrierAway, NotDelivered, Parcel, Uncertain
from omnichannel.adapters.mime import HandMadeMail, message_id


class EmailCarrier:
    """Holds one connection for a batch."""

    def __init__(self) -> None:
        self._connection: BaseEmailBackend | None = None

    def send(self, parcel: Parcel, *, timeout_s: float) -> str:
        connection = self._open(timeout_s)
        mail = HandMadeMail(parcel)
        try:
            connection.send_messages([mail])
        except smtplib.SMTPRecipientsRefused as refused:
            codes = [code for code, _ in refused.recipients.values()]
            self.close()
            raise NotDelivered(str(refused), is_permanent=all(c >= 500 for c in codes)) from refused
        except smtplib.SMTPResponseException as refused:
            self.close()
            raise NotDelivered(str(refused), is_permanent=refused.smtp_code >= 500) from refused
        except AnymailRecipientsRefused as refused:
            raise NotDelivered(str(refused), is_permanent=True) from refused
        except AnymailAPIError as refused:
            raise _outcome_of(refused) from refused
        except (smtplib.SMTPException, OSError) as unclear:
            self.close()
            raise Uncertain(str(unclear)) from unclear
        return message_id(parcel.ref)

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                connection.close()

    def _open(self, timeout_s: float) -> BaseEmailBackend:
        """The open connection. Whatever fails before it is open has not sent a byte of the message."""
        if self._connection is None:
            connection: BaseEmailBackend = get_connection(timeout=timeout_s)
            try:
                connection.open()
            except (smtplib.SMTPException, OSError) as away:
                raise CarrierAway(str(away)) from away
            self._connection = connection
        return self._connection


def _outcome_of(refused: AnymailAPIError) -> NotDelivered | Uncertain:
    """A provider's clear no is a refusal; no answer, or a fault on its side, leaves a doubt."""
    status = getattr(refused, "status_code", None)
    if status is None or status >= 500:
        return Uncertain(str(refused))
    return NotDelivered(str(refused), is_permanent=status not in (408, 425, 429))
