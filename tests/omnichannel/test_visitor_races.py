"""Telling of devices while members sign in there: threads on real PostgreSQL."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from zlib import crc32

import pytest
from django.db import connection, transaction
from django.test import Client

from config.ground import clock
from config.outbox.delivery import deliver_due
from config.outbox.services import publish
from members.events import MemberSignedIn
from members.models import Member
from omnichannel.models import Programme, VisitorEvent
from omnichannel.queries.visitors import LOCKS
from tests.members.factories import MemberFactory
from tests.omnichannel.factories import ProgrammeFactory, bearer
from tests.omnichannel.test_behaviour import tell
from tests.omnichannel.test_visitors import DEVICE, of, signed_in, viewed
from tests.slowly import FOR_ME, wait_for_waiting

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def programme() -> Programme:
    return ProgrammeFactory()


@pytest.fixture
def ada() -> Member:
    return MemberFactory()


def test_nothing_told_while_somebody_signs_in_stays_nobodys(programme: Programme, ada: Member) -> None:
    """Threads that tell and one that signs in: whatever comes first, all of it is the member's in the end."""
    key, begin = bearer("events", programme_id=programme.pk), threading.Barrier(4)
    tellers, each = 3, 15

    def telling(number: int) -> None:
        begin.wait()
        for n in range(each):
            tell(Client(), key, viewed(f"{number}-{n}"))
        connection.close()

    threads = [threading.Thread(target=telling, args=(number,)) for number in range(tellers)]
    for thread in threads:
        thread.start()
    begin.wait()
    signed_in(Client(), key, ada, device=DEVICE)
    for thread in threads:
        thread.join()

    assert len(of(ada)) == tellers * each
    assert not VisitorEvent.objects.exists()


def test_who_tells_of_devices_never_meets_sign_ins_in_the_opposite_order(
    programme: Programme, ada: Member
) -> None:
    """What the first of several sign-ins locks is free before the next one begins."""
    key = bearer("events", programme_id=programme.pk)
    names = sorted(
        (f"device-number-{n:09d}" for n in range(50)), key=lambda name: crc32(name.encode()) % LOCKS
    )
    low, high = names[0], names[-1]
    kept = _row_of(tell(Client(), key, viewed("kept", high)))
    with transaction.atomic():
        for name in (high, low):
            publish(MemberSignedIn(device=name), member_id=ada.pk, happened_at=clock.now(), now=clock.now())

    def telling() -> int:
        try:
            return int(tell(Client(), key, viewed("1", low), viewed("2", high)).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        with transaction.atomic():
            VisitorEvent.objects.select_for_update().get(pk=kept)
            delivered = threads.submit(_deliver_all)
            wait_for_waiting(which=FOR_ME)
            told = threads.submit(telling)
            wait_for_waiting(2)
        assert (told.result(), delivered.result() > 0) == (200, True)
    assert of(ada) == {"kept", "1", "2"}


def _row_of(answer: Any) -> int:
    return VisitorEvent.objects.get(ref=answer.json()["results"][0]["ref"]).pk


def _deliver_all() -> int:
    try:
        return sum(iter(lambda: deliver_due(now=clock.now()), 0))
    finally:
        connection.close()
