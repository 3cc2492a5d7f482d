"""Mail put together by hand: an order of magnitude faster than composing it from Python's e-mail objects."""

import quopri
import re
from email.header import Header
from email.utils import formataddr, formatdate, parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from omnichannel.adapters.carriers import Parcel

_LINE_BREAKS = re.compile(r"[\r\n]+")
_LONGEST_LINE = 900


class HandMadeMail(EmailMultiAlternatives):
    """A mail which every Django backend takes: those that ask for MIME get the bytes made here."""

    def __init__(self, parcel: Parcel) -> None:
        headers = {"Message-ID": message_id(parcel.ref)}
        if parcel.unsubscribe_url:
            headers["List-Unsubscribe"] = f"<{_one_line(parcel.unsubscribe_url)}>"
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        super().__init__(
            subject=_one_line(parcel.subject),
            body=parcel.body_text,
            from_email=settings.DEFAULT_FROM_EMAIL,
            to=[_one_line(parcel.address)],
            headers=headers,
        )
        if parcel.body_html:
            self.attach_alternative(parcel.body_html, "text/html")
        self._parcel = parcel

    def message(self) -> "Mime":  # type: ignore[override]  # backends use as_bytes() of it alone
        headers = [
            f"From: {_address(self.from_email)}",
            f"To: {_address(self.to[0])}",
            f"Subject: {_header(str(self.subject))}",
            f"Date: {formatdate()}",
            *(f"{name}: {value}" for name, value in self.extra_headers.items()),
            "MIME-Version: 1.0",
        ]
        return Mime("\n".join(headers) + "\n" + _body(self._parcel))


class Mime:
    """A finished mail; knows only how to become bytes."""

    def __init__(self, text: str) -> None:
        self._text = text

    def as_bytes(self, unixfrom: bool = False, linesep: str = "\n") -> bytes:
        text = self._text if linesep == "\n" else self._text.replace("\n", linesep)
        return text.encode()


def message_id(ref: str) -> str:
    """The `Message-ID` of a message: our ref at the sender's domain, the same at each attempt."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{ref}@{domain}>"


def _body(parcel: Parcel) -> str:
    if not parcel.body_html:
        return _part("plain", parcel.body_text)
    boundary = f"=_{parcel.ref}"
    return (
        f'Content-Type: multipart/alternative; boundary="{boundary}"\n\n'
        f"--{boundary}\n{_part('plain', parcel.body_text)}\n"
        f"--{boundary}\n{_part('html', parcel.body_html)}\n"
        f"--{boundary}--\n"
    )


def _part(subtype: str, text: str) -> str:
    """One body part: readable as it stands, except where a line is longer than mail allows."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    encoding = "7bit" if text.isascii() else "8bit"
    if any(len(line) > _LONGEST_LINE for line in text.split("\n")):
        encoding, text = "quoted-printable", quopri.encodestring(text.encode()).decode("ascii")
    return f"Content-Type: text/{subtype}; charset=utf-8\nContent-Transfer-Encoding: {encoding}\n\n{text}\n"


def _address(text: str) -> str:
    name, address = parseaddr(text)
    return formataddr((name, address)) if name else address


def _header(text: str) -> str:
    return text if text.isascii() else Header(text, "utf-8", maxlinelen=74).encode(linesep="\n")


def _one_line(text: str) -> str:
    """Without line breaks, so that nothing in a text can become a header."""
    return _LINE_BREAKS.sub(" ", text).strip()
