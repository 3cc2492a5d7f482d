"""Erasing a person: floor by floor from above, each in a transaction of its own with a receipt.

Killed anywhere it goes on where it was: a floor that gave its receipt is done, and what tells who the person was goes
last. From the first step on the member can be found, signed in and changed no more; the floors follow a minute later,
for purchases that had begun before. Members who were merged are one person, and are erased together.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import DatabaseError, transaction

from config.ground.personal import Held, erase_rows, lift_guards, set_guards
from config.outbox.services import publish
from members.errors import NoHousehold
from members.events import MemberErased
from members.member_data import Traces, list_floors
from members.models import AccessToken, ErasureReceipt, ErasureRequest, ErasureState, Member, PlaceEnd
from members.models.members import MemberState
from members.models.personal import HOUSE
from members.queries.imports import is_any_file_unread
from members.queries.members import lock_members
from members.queries.privacy import (
    is_under_way,
    list_due_erasures,
    list_whole_person,
    lock_erasure,
    traces_of,
)
from members.services.households import leave_household
from members.services.sign_in import end_sign_ins
from members.services.traces import erase_traces

log = logging.getLogger(__name__)
THE_HOUSE = "house"
"""What is below all floors: news, answers kept, the log of what staff did. It goes first, while rows can be named."""
IN_FLIGHT = timedelta(minutes=1)
"""What was under way when a member was closed is over after so long."""


def erase_due_members(*, now: datetime, limit: int) -> int:
    """Erase those whose days of grace are over; answers how many are erased now. Who has to wait, and whose erasure
    fails, is logged and holds nobody up."""
    erased = 0
    for request_id in list_due_erasures(now=now):
        if erased == limit:
            break
        try:
            erased += erase_member(request_id, now=now)
        except (DatabaseError, OSError):
            log.exception("erasure %s failed; it is tried again", request_id)
    return erased


def erase_member(request_id: int, *, now: datetime) -> bool:
    """Erase one member whose erasure is due. Safe to repeat, any number at once.

    :return: whether it is done; not at the first call, which closes the member, and not while somebody else is at it
        or news about the member is on its way.
    """
    if not _begin(request_id, now=now):
        return False
    steps = _steps()
    return all(_erase_floor(request_id, floor, now=now) for floor in steps) and _end(
        request_id, list(steps), now=now
    )


@transaction.atomic
def _begin(request_id: int, *, now: datetime) -> bool:
    """Whether floors may be erased now; at first the member is closed, and a minute waited.

    Files of imports that came before it was due are read first, or gone after a day: nobody knows whom they name.
    """
    request = lock_erasure(request_id)
    if request is None or request.due_at is None or request.due_at > now:
        return False
    those = list_whole_person(request.member_id)
    lock_members(those)
    if is_under_way(those):
        return False
    if request.state != ErasureState.AGREED:
        return request.state == ErasureState.ERASING
    if is_any_file_unread(before=request.due_at):
        return False
    Member.objects.filter(pk__in=those).update(state=MemberState.ERASED)
    for member_id in those:
        end_sign_ins(member_id, because="erased", now=now)
        with suppress(NoHousehold):
            leave_household(member_id, because=PlaceEnd.ERASED, actor=request.asked_by, now=now)
    AccessToken.objects.filter(sign_in__member_id__in=those).delete()
    request.state, request.due_at = ErasureState.ERASING, now + IN_FLIGHT
    request.save()
    return False


def _steps() -> dict[str, Sequence[Held]]:
    return {THE_HOUSE: HOUSE, **{floor: data.holds() for floor, data in list_floors().items()}}


@transaction.atomic
def _erase_floor(request_id: int, floor: str, *, now: datetime) -> bool:
    """Whether the floor is done, by this or an earlier run."""
    request = lock_erasure(request_id)
    if request is None:
        return False
    if request.receipts.filter(floor=floor).exists():
        return True
    erased: Counter[str] = Counter()
    lift_guards(held.table for tables in _steps().values() for held in tables)
    for member_id in list_whole_person(request.member_id):
        erased.update(dict(_erase(floor, member_id, traces_of(member_id))))
    set_guards()
    ErasureReceipt.objects.create(
        request=request, member_id=request.member_id, floor=floor, rows=erased, erased_at=now
    )
    return True


def _erase(floor: str, member_id: int, traces: Traces) -> Iterator[tuple[str, int]]:
    """What was erased, and how much of it."""
    if floor == THE_HOUSE:
        everywhere = [held for tables in _steps().values() for held in tables]
        yield from erase_traces(member_id, traces, everywhere).items()
    else:
        yield "files", list_floors()[floor].forget_files(member_id, traces)
    for held in _steps()[floor]:
        yield held.table, erase_rows(held, member_id)


@transaction.atomic
def _end(request_id: int, floors: list[str], *, now: datetime) -> bool:
    request: ErasureRequest | None = lock_erasure(request_id)
    if request is None or request.receipts.filter(floor__in=floors).count() < len(floors):
        return False
    if request.state == ErasureState.ERASING:
        request.state, request.erased_at = ErasureState.ERASED, now
        request.save()
        ref = Member.objects.values_list("ref", flat=True).get(pk=request.member_id)
        publish(MemberErased(member_ref=ref), member_id=request.member_id, happened_at=now, now=now)
    return True
