"""Challenges by real processes: a worker that is killed in the middle loses nothing and pays nothing twice."""

import signal
from datetime import UTC, datetime

import pytest
from django.db import transaction

from config.outbox.models import Delivery
from loyalty.models import ChallengeReward, ChallengeStep, Entry, Wallet
from loyalty.rules.challenges import StampCard
from loyalty.services.challenge_past import count_again
from tests.loyalty.conftest import Shop
from tests.loyalty.playing import challenge, standing
from tests.loyalty.test_returns import assert_proven, buy
from tests.processes import Processes
from tests.slowly import wait_for_waiting

pytestmark = pytest.mark.django_db(transaction=True)

MEMBERS = 6
WORK = "import django; django.setup(); from tests.loyalty import playing; playing.{}()"


def test_a_worker_killed_in_the_middle_loses_and_doubles_nothing(shop: Shop, processes: Processes) -> None:
    card = challenge(shop, StampCard(stamps=3), most=None)
    members = [shop.enrol() for _ in range(MEMBERS)]
    for member in members:
        buy(shop, member, 100, quantity=7)
    with transaction.atomic():
        list(Wallet.objects.select_for_update())
        worker = processes.start("-c", WORK.format("deliver"))
        wait_for_waiting(patience_s=60)
        worker.send_signal(signal.SIGKILL)
        worker.wait(timeout=60)
    assert (ChallengeStep.objects.count(), ChallengeReward.objects.count()) == (0, 0)
    assert Delivery.objects.filter(subscriber="loyalty.challenges", attempts=0).exists()
    count_again(shop.programme.code, now=datetime.now(UTC))
    both = [processes.start("-c", WORK.format(work)) for work in ("deliver", "count_past")]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    assert [standing(card, member) for member in members] == [(1, 2)] * MEMBERS
    assert Entry.objects.filter(cause__startswith="challenge:").count() == 2 * MEMBERS
    assert not Delivery.objects.filter(subscriber="loyalty.challenges").exists()
    assert_proven()
