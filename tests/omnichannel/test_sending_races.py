"""Real processes on a real PostgreSQL: two senders at once, and a sender that is killed in the middle."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from config.settings import BASE_DIR
from omnichannel.models import Message
from omnichannel.services.sending import LEASE, send_due
from tests.members.factories import NOW
from tests.omnichannel.carriers import ToldCarrier
from tests.omnichannel.test_sending import a_message

pytestmark = pytest.mark.django_db(transaction=True)

SENDER = """
import sys
from datetime import datetime
import django
django.setup()
from django.conf import settings
settings.MESSAGE_CARRIERS = {"email": "tests.omnichannel.carriers.SlowFileCarrier"}
from omnichannel.services.sending import send_due
while send_due(int(sys.argv[2]), now=datetime.fromisoformat(sys.argv[1])).claimed:
    pass
"""


@pytest.fixture
def sent_to(tmp_path: Path) -> Path:
    return tmp_path / "sent"


@pytest.fixture
def senders() -> Iterator[list[subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()


def start_sender(sent_to: Path, *, answer_after_s: float, limit: int) -> subprocess.Popen[bytes]:
    database = connection.settings_dict
    host, port = database["HOST"], database["PORT"] or 5432
    url = f"postgres://{database['USER']}@/{database['NAME']}?host={host}&port={port}"
    told = {"DATABASE_URL": url, "SENT_TO": str(sent_to), "ANSWER_AFTER_S": str(answer_after_s)}
    return subprocess.Popen(
        [sys.executable, "-c", SENDER, NOW.isoformat(), str(limit)],
        cwd=BASE_DIR,
        env=os.environ | told | {"DJANGO_SETTINGS_MODULE": "config.settings"},
    )


def wait_for_lines(path: Path, how_many: int) -> list[str]:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        lines = path.read_text().splitlines() if path.exists() else []
        if len(lines) >= how_many:
            return lines
        time.sleep(0.02)
    raise AssertionError(f"Only {len(lines)} of {how_many} messages were sent within a minute.")


def test_four_senders_at_once_send_each_message_once(
    sent_to: Path, senders: list[subprocess.Popen[bytes]]
) -> None:
    addresses = {f"{n}@example.com" for n in range(60)}
    for address in addresses:
        a_message(address)

    senders += [start_sender(sent_to, answer_after_s=0.005, limit=3) for _ in range(4)]
    assert [process.wait(timeout=60) for process in senders] == [0, 0, 0, 0]

    lines = sent_to.read_text().splitlines()
    assert (len(lines), set(lines)) == (60, addresses)
    assert set(Message.objects.values_list("state", "attempts")) == {("sent", 1)}


def test_a_killed_sender_loses_nothing_and_doubles_no_marketing(
    sent_to: Path, senders: list[subprocess.Popen[bytes]], settings: Settings
) -> None:
    for n in range(3):
        a_message(f"{n}@example.com", message_class="marketing", purpose="marketing")
    sender = start_sender(sent_to, answer_after_s=120, limit=20)
    senders.append(sender)
    (begun,) = wait_for_lines(sent_to, 1)
    os.kill(sender.pid, signal.SIGKILL)
    sender.wait()
    ToldCarrier.forget()
    settings.MESSAGE_CARRIERS = {"email": "tests.omnichannel.carriers.ToldCarrier"}

    later = NOW + LEASE + timedelta(seconds=1)
    while send_due(now=later).claimed:
        pass

    assert begun not in ToldCarrier.addresses()
    assert {begun, *ToldCarrier.addresses()} == {f"{n}@example.com" for n in range(3)}
    assert sorted(Message.objects.values_list("state", flat=True)) == ["sent", "sent", "uncertain"]


def test_a_receipt_whose_sender_was_killed_is_sent_again(
    sent_to: Path, senders: list[subprocess.Popen[bytes]], settings: Settings
) -> None:
    message = a_message("ada@example.com", message_class="transactional")
    sender = start_sender(sent_to, answer_after_s=120, limit=20)
    senders.append(sender)
    wait_for_lines(sent_to, 1)
    os.kill(sender.pid, signal.SIGKILL)
    sender.wait()
    ToldCarrier.forget()
    settings.MESSAGE_CARRIERS = {"email": "tests.omnichannel.carriers.ToldCarrier"}

    send_due(now=NOW + LEASE)
    send_due(now=NOW + LEASE + timedelta(minutes=1))

    assert ToldCarrier.addresses() == ["ada@example.com"]
    assert Message.objects.get(pk=message.pk).attempts == 2
