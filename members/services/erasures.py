"""Erasure as it is asked for: by the member, or by one colleague and another; called off until it begins."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from config.ground.ids import new_ref
from members.errors import ErasureBegun, ErasureNeedsAnotherPerson, MemberNotActive, MemberNotFound
from members.models import ErasureRequest, ErasureState
from members.models.members import MemberState
from members.queries.members import lock_members
from members.queries.privacy import lock_open_erasure


@transaction.atomic
def ask_for_own_erasure(member_id: int, *, actor: str, now: datetime) -> ErasureRequest:
    """The member wants to be forgotten: agreed at once, due when the days of grace are over. Told again, as it stands;
    one that a colleague asked for is agreed to.

    :raises MemberNotActive: if the member was merged or erased.
    """
    request = _find_or_new(member_id, actor=actor, now=now)
    if request.state == ErasureState.ASKED:
        _agree(request, by=actor, now=now)
    return request


@transaction.atomic
def ask_for_erasure(member_id: int, *, actor: str, now: datetime) -> ErasureRequest:
    """A colleague passes on what a person wants; another one has to agree. Told again, as it stands.

    :raises MemberNotFound: if there is no such member.
    :raises MemberNotActive: if the member was merged or erased.
    """
    request = _find_or_new(member_id, actor=actor, now=now)
    if request._state.adding:
        request.save()
    return request


@transaction.atomic
def agree_to_erasure(request_id: int, *, actor: str, now: datetime) -> ErasureRequest:
    """Let the days of grace begin.

    :raises ErasureBegun: it does not wait for anybody's word.
    :raises ErasureNeedsAnotherPerson: it is what this very colleague asked for.
    """
    request = _lock(request_id, ErasureState.ASKED)
    if request.asked_by == actor:
        raise ErasureNeedsAnotherPerson
    _agree(request, by=actor, now=now)
    return request


@transaction.atomic
def cancel_erasure(request_id: int, *, actor: str, now: datetime) -> ErasureRequest:
    """Leave everything as it is.

    :raises ErasureBegun: it has begun, or was called off.
    """
    request = _lock(request_id, ErasureState.ASKED, ErasureState.AGREED)
    request.state, request.decided_by, request.decided_at = ErasureState.CANCELLED, actor, now
    request.save()
    return request


def _find_or_new(member_id: int, *, actor: str, now: datetime) -> ErasureRequest:
    member = lock_members([member_id]).get(member_id)
    if member is None:
        raise MemberNotFound
    if known := lock_open_erasure(member_id):
        return known
    if member.state != MemberState.ACTIVE:
        raise MemberNotActive
    return ErasureRequest(
        ref=new_ref("era"), member_id=member_id, state=ErasureState.ASKED, asked_by=actor, asked_at=now
    )


def _agree(request: ErasureRequest, *, by: str, now: datetime) -> None:
    request.state, request.decided_by, request.decided_at = ErasureState.AGREED, by, now
    request.due_at = now + timedelta(days=settings.ERASURE_GRACE_DAYS)
    request.save()


def _lock(request_id: int, *states: ErasureState) -> ErasureRequest:
    request = ErasureRequest.objects.select_for_update().get(pk=request_id)
    if request.state not in states:
        raise ErasureBegun(f"It is {request.get_state_display()}.")
    return request
