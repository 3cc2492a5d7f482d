"""Workers die and race: real processes on a real database, and each recipient is served exactly once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection, transaction
from django.db.models import Count

from campaigns.models import Campaign, Recipient, RunChunk
from campaigns.queries import campaigns
from campaigns.services.runs import freeze_due_run
from loyalty.models import Grant
from omnichannel.models import Message
from tests.campaigns.factories import NOW, buy, join, open_shop, scheduled_campaign

pytestmark = pytest.mark.django_db(transaction=True)

DUE = NOW + timedelta(hours=2)
MEMBERS = 12
WORK = """
import sys, django
from datetime import datetime
django.setup()
from campaigns.services.runs import run_due
run_due(now=datetime.fromisoformat(sys.argv[1]))
"""


class Workers:
    """Processes that run what is due, as a Celery worker's child would."""

    def __init__(self) -> None:
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        url = urlsplit(os.environ["DATABASE_URL"])
        ours = urlunsplit(url._replace(path="/" + str(connection.settings_dict["NAME"])))
        environment = {**os.environ, "DATABASE_URL": ours, "DJANGO_SETTINGS_MODULE": "config.settings"}
        worker = subprocess.Popen([sys.executable, "-c", WORK, DUE.isoformat()], env=environment)
        self.started.append(worker)
        return worker

    def end(self) -> None:
        for worker in self.started:
            if worker.poll() is None:
                worker.kill()
            worker.wait()


@pytest.fixture
def workers() -> Iterator[Workers]:
    found = Workers()
    yield found
    found.end()


@pytest.fixture
def campaign() -> Campaign:
    """A campaign that is due for twelve members, frozen in chunks of two."""
    shop = open_shop()
    for _ in range(MEMBERS):
        buy(shop, join(shop))
    made = scheduled_campaign(shop)
    freeze_due_run(now=DUE, chunk_size=2)
    return made


def test_a_worker_killed_in_the_middle_of_a_chunk_loses_and_doubles_nothing(
    campaign: Campaign, workers: Workers
):
    """Kill -9 after the grants of a chunk were written and before its messages were: the chunk is as if never begun."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE omnichannel_message IN SHARE MODE")
        worker = workers.start()
        _wait_until(_somebody_waits_for_messages)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    _wait_until(lambda: not _somebody_waits_for_messages())
    assert (Grant.objects.count(), Message.objects.count()) == (0, 0)
    assert campaigns.standing_of(campaign) == "running"

    assert workers.start().wait(60) == 0

    _assert_each_is_served_once(campaign)


def test_two_workers_at_once_serve_each_recipient_once(campaign: Campaign, workers: Workers):
    """Never 19: two senders never take the same recipient."""
    both = [workers.start(), workers.start()]

    assert [worker.wait(60) for worker in both] == [0, 0]

    _assert_each_is_served_once(campaign)


def _assert_each_is_served_once(campaign: Campaign) -> None:
    assert campaigns.standing_of(campaign) == "finished"
    assert Recipient.objects.filter(verdict="sent").count() == MEMBERS
    assert not RunChunk.objects.filter(done_at=None).exists()
    grants = Grant.objects.values("member_id").annotate(n=Count("pk")).values_list("n", flat=True)
    assert list(grants) == [1] * MEMBERS
    messages = (
        Message.objects.values("member_id", "channel").annotate(n=Count("pk")).values_list("n", flat=True)
    )
    assert list(messages) == [1] * MEMBERS * 2


def _somebody_waits_for_messages() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE relation = 'omnichannel_message'::regclass AND NOT granted"
        )
        return bool(cursor.fetchone()[0])


def _wait_until(is_true: Callable[[], bool], timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_true():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)
