"""Who is taken out of a household while they are merged or erased: once out, out."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, transaction

from members.models import HouseholdPlace, Member, PlaceEnd
from members.services.household_invitations import invite, join_by_code
from members.services.households import expel, found_household
from members.services.merging import merge_members, undo_merge
from tests.members.factories import MemberFactory
from tests.slowly import wait_for_waiting

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def trio(now: datetime) -> tuple[Member, Member, Member]:
    """Ada is the head, Ben is in her household, Cleo in none."""
    ada, ben, cleo = (MemberFactory() for _ in range(3))
    found_household(ada.pk, name="Home", now=now)
    asked = invite(ada.pk, named=None, role="adult", region="US", actor="test", now=now)
    join_by_code(ben.pk, asked.code, now=now)
    return ada, ben, cleo


def while_ben_is_taken_out(head: Member, ben: Member, act: Callable[[], Any], now: datetime) -> Any:
    """Take somebody out, and before that is committed let an act begin that waits for it."""

    def acting() -> Any:
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as hand:
        with transaction.atomic():
            place = HouseholdPlace.objects.get(member=ben, left_at=None)
            expel(head.pk, place.ref, actor="test", now=now)
            told = hand.submit(acting)
            wait_for_waiting()
        return told.result(60)


def reasons(of: Member) -> list[str]:
    return list(
        HouseholdPlace.objects.filter(member=of).order_by("pk").values_list("left_because", flat=True)
    )


def test_who_is_taken_out_while_they_are_merged_gives_nobody_their_place(
    trio: tuple[Member, Member, Member], now: datetime
) -> None:
    ada, ben, cleo = trio
    while_ben_is_taken_out(
        ada, ben, lambda: merge_members(going_id=ben.pk, staying_id=cleo.pk, actor="staff:1", now=now), now
    )
    assert reasons(ben) == [PlaceEnd.EXPELLED]
    assert reasons(cleo) == []


def test_who_is_taken_out_while_a_merge_is_undone_gives_nobody_their_place(
    trio: tuple[Member, Member, Member], now: datetime
) -> None:
    ada, ben, cleo = trio
    merge = merge_members(going_id=ben.pk, staying_id=cleo.pk, actor="staff:1", now=now)
    while_ben_is_taken_out(ada, cleo, lambda: undo_merge(merge.pk, actor="staff:1", now=now), now)
    assert reasons(cleo) == [PlaceEnd.EXPELLED]
    assert reasons(ben) == [PlaceEnd.MERGED]
