"""Workers die and race: real processes on a real database, and each recipient is served exactly once."""

import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Count

from campaigns.models import Campaign, CampaignRun, Recipient, RunChunk
from campaigns.queries import campaigns
from campaigns.rules.schedules import Weekly
from campaigns.services.runs import freeze_due_run
from loyalty.models import Grant
from loyalty.services.purchase_facts import Teller
from omnichannel.models import Message
from tests.campaigns.factories import NOW, Shop, buy, join, open_shop, scheduled_campaign
from tests.processes import Processes
from tests.slowly import nobody_else_is_connected, wait_for_waiting
from tests.stack.serving import wait_until

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


def start_worker(processes: Processes) -> subprocess.Popen[str]:
    """A process that runs what is due, as a Celery worker's child would."""
    return processes.start("-c", WORK, DUE.isoformat())


def due_campaign(**parts: Any) -> Campaign:
    """A campaign that is due for twelve members."""
    shop = open_shop()
    for _ in range(MEMBERS):
        buy(shop, join(shop))
    return scheduled_campaign(shop, **parts)


@pytest.fixture
def campaign() -> Campaign:
    """A campaign that is due, frozen in chunks of two."""
    made = due_campaign()
    freeze_due_run(now=DUE, chunk_size=2)
    return made


def test_a_worker_killed_in_the_middle_of_a_chunk_loses_and_doubles_nothing(
    campaign: Campaign, processes: Processes
):
    """Kill -9 after the grants of a chunk were written and before its messages were: the chunk is as if never begun."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE omnichannel_message IN SHARE MODE")
        worker = start_worker(processes)
        wait_for_waiting()
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    assert wait_until(nobody_else_is_connected, within_s=60)
    assert (Grant.objects.count(), Message.objects.count()) == (0, 0)
    assert campaigns.standing_of(campaign) == "running"

    assert start_worker(processes).wait(60) == 0

    _assert_each_is_served_once(campaign)


def test_two_workers_at_once_serve_each_recipient_once(campaign: Campaign, processes: Processes):
    """Never 19: two senders never take the same recipient."""
    both = [start_worker(processes), start_worker(processes)]

    assert [worker.wait(60) for worker in both] == [0, 0]

    _assert_each_is_served_once(campaign)


def test_a_worker_that_freezes_a_run_is_left_alone_by_another(processes: Processes):
    campaign = due_campaign()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE campaigns_recipient IN SHARE MODE")
        first = start_worker(processes)
        wait_for_waiting()
        second = start_worker(processes)
        assert second.wait(60) == 0
        assert first.poll() is None
    assert first.wait(60) == 0

    _assert_each_is_served_once(campaign)


@pytest.mark.parametrize("campaigns_on_it", [1, 2])
def test_a_run_frozen_by_many_at_once_means_each_member_once(campaigns_on_it: int):
    """And its successor is planned once; campaigns that share a segment do not disturb each other."""
    weekly = Weekly(starts_on=NOW.date(), weekday=5, at=NOW.time().replace(hour=11))
    first = due_campaign(schedule=weekly)
    shop = Shop(first.programme, first.programme.places.get(), Teller(key_id=0, name="test"), "")
    for _ in range(campaigns_on_it - 1):
        scheduled_campaign(shop, segment=first.segment, schedule=weekly)
    newcomers = [join(shop) for _ in range(3)]
    barrier = Barrier(6)

    def freeze(_: int) -> int:
        try:
            barrier.wait()
            return sum(freeze_due_run(now=DUE, chunk_size=2) for _ in range(2))
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        frozen = list(threads.map(freeze, range(6)))

    assert sum(frozen) == campaigns_on_it
    per_run = Recipient.objects.values("run_id").annotate(
        all=Count("pk"), each=Count("member", distinct=True)
    )
    assert [(one["all"], one["each"]) for one in per_run] == [(MEMBERS + 3, MEMBERS + 3)] * campaigns_on_it
    assert Recipient.objects.filter(member_id__in=newcomers).count() == 3 * campaigns_on_it
    assert CampaignRun.objects.filter(frozen_at=None).count() == campaigns_on_it
    assert CampaignRun.objects.count() == 2 * campaigns_on_it


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
