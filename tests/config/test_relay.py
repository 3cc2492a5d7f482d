"""The relay as operators run it: processes that race, are stopped and are killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection

from config.ground import clock
from config.ground.models import JobRun
from config.outbox.events import Event
from config.outbox.models import Delivery
from config.outbox.registry import subscriber, unsubscribe
from config.outbox.services import Announcement, publish_many

pytestmark = pytest.mark.django_db(transaction=True)

PROJECT = Path(__file__).resolve().parent.parent.parent
PATIENCE_S = 30

StartRelay = Callable[[], subprocess.Popen[bytes]]


class CupFilled(Event, frozen=True, kw_only=True):
    name = "tests.cup_filled"

    cup: int


@pytest.fixture(autouse=True)
def _scribe() -> Iterator[None]:
    """Known here too, so that publishing writes deliveries; only the relays' own processes ever call it."""
    subscriber("tests.scribe", to=[CupFilled])(lambda events, *, now: None)
    yield
    unsubscribe("tests.scribe")


@pytest.fixture
def start_relay(tmp_path: Path) -> Iterator[StartRelay]:
    started: list[subprocess.Popen[bytes]] = []
    url = urlsplit(os.environ["DATABASE_URL"])
    environment = os.environ | {
        "DATABASE_URL": urlunsplit(url._replace(path="/" + connection.settings_dict["NAME"])),
        "PYTHONWARNINGS": "ignore",
    }

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.config.relay_process", str(tmp_path)]
        process = subprocess.Popen(command, cwd=PROJECT, env=environment)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()


def fill(cups: int, *, first: int = 0) -> None:
    """Announce cups of five members in turn."""
    now = clock.now()
    news = [
        Announcement(CupFilled(cup=cup), member_id=cup % 5 + 1, happened_at=now)
        for cup in range(first, first + cups)
    ]
    publish_many(news, now=now)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def nothing_waits() -> bool:
    return not Delivery.objects.exists()


def learnt() -> list[int]:
    return [cup or 0 for cup in JobRun.objects.order_by("total").values_list("total", flat=True)]


def test_two_relays_at_once_deliver_each_event_once_and_each_member_in_order(start_relay: StartRelay) -> None:
    relays = [start_relay(), start_relay()]
    cups = 0

    def both_have_worked() -> bool:
        nonlocal cups
        if Delivery.objects.count() < 20:
            fill(40, first=cups)
            cups += 40
        return set(JobRun.objects.values_list("detail", flat=True)) == {str(relay.pid) for relay in relays}

    until(both_have_worked)
    until(nothing_waits)

    assert learnt() == list(range(cups))
    for member in range(1, 6):
        heard = JobRun.objects.filter(name=f"member {member}").order_by("pk").values_list("total", flat=True)
        assert list(heard) == sorted(heard)


def test_a_relay_killed_in_the_middle_of_a_batch_leaves_it_to_the_next(
    start_relay: StartRelay, tmp_path: Path
) -> None:
    fill(50)
    (tmp_path / "hold").touch()
    first = start_relay()
    until((tmp_path / "held").exists)
    first.send_signal(signal.SIGKILL)
    first.wait()
    (tmp_path / "hold").unlink()

    assert learnt() == []
    start_relay()
    until(nothing_waits)
    assert learnt() == list(range(50))


def test_a_relay_told_to_stop_finishes_its_batch(start_relay: StartRelay, tmp_path: Path) -> None:
    fill(50)
    (tmp_path / "hold").touch()
    relay = start_relay()
    until((tmp_path / "held").exists)
    relay.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    assert relay.poll() is None
    (tmp_path / "hold").unlink()

    assert relay.wait(PATIENCE_S) == 0
    assert learnt() == list(range(20))
    assert Delivery.objects.count() == 30


def test_while_one_event_is_refused_the_rest_of_the_house_goes_on(
    start_relay: StartRelay, tmp_path: Path
) -> None:
    (tmp_path / "refuse").write_text("0")
    fill(50)
    start_relay()

    of_that_member = list(range(0, 50, 5))
    until(lambda: Delivery.objects.count() == len(of_that_member))
    assert learnt() == [cup for cup in range(50) if cup not in of_that_member]

    (tmp_path / "refuse").unlink()
    until(nothing_waits)
    assert learnt() == list(range(50))
