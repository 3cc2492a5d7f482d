"""The local stack's post office: each message is a file that people can read; names sort by time."""

import os
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from omnichannel.adapters.carriers import Parcel

_NOT_FOR_FILE_NAMES = re.compile(r"[^A-Za-z0-9@._-]")


def write_message(kind: str, address: str, content: bytes, *, ending: str) -> Path:
    """Write one message into `settings.MESSAGE_FOLDER`, whole or not at all, and return its path.

    The name is `<UTC day>-<time>-<microseconds>-<kind>-<address>.<ending>`.
    """
    folder = Path(settings.MESSAGE_FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    path = folder / f"{stamp}-{kind}-{_plain(address)}.{ending}"
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_bytes(content)
    return unfinished.rename(path)


def forget_messages_to(addresses: Iterable[str]) -> int:
    """Delete what was written to these phones and e-mail addresses; answers how many files."""
    theirs = {f"{_plain(address)}.{ending}" for address in addresses for ending in ("eml", "txt")}
    folder = Path(settings.MESSAGE_FOLDER)
    files = folder.iterdir() if folder.is_dir() else []
    found = [path for path in files if path.name.split("-", 4)[-1] in theirs]
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)


def _plain(address: str) -> str:
    """An address as file names have it."""
    return _NOT_FOR_FILE_NAMES.sub("_", address.removeprefix("+"))[:80]


class FileMailBackend(BaseEmailBackend):
    """Django's mail as files: one `.eml` for each recipient."""

    def __init__(self, fail_silently: bool = False, **_for_other_backends: Any) -> None:
        super().__init__(fail_silently=fail_silently)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for email in email_messages:
            content = email.message().as_bytes()
            for address in email.recipients():
                write_message("email", address, content, ending="eml")
        return len(email_messages)


class FileSmsCarrier:
    """SMS as text files: the first line names the recipient, the message follows after an empty line."""

    def send(self, parcel: Parcel, *, timeout_s: float) -> str:
        content = f"To: {parcel.address}\n\n{parcel.body_text}\n"
        return write_message("sms", parcel.address, content.encode(), ending="txt").name

    def close(self) -> None:
        """Nothing was opened."""
