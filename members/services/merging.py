"""Two members are one person, and can be two again: a pointer, and each floor's part by `member_data.py`.

The pointer, the identities, the consents and the wishes change in one transaction. What is worth something follows in
transactions of its own, floor by floor; a merge that was interrupted is gone on with by the clock. The one who goes
keeps all their rows: every read by their ref follows the pointer.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from config.ground.ids import new_ref
from config.outbox.services import publish
from members.errors import (
    MemberNotActive,
    MemberNotFound,
    MergeUnderWay,
    MergeUndone,
    MergeWithOneself,
)
from members.events import MemberChanged, MemberMerged, MemberParted
from members.member_data import Fact, Moving, followers, list_sums
from members.models import LikelyPair, Member, Merge, MergeState, PairState
from members.models.members import MemberState
from members.queries.members import lock_members
from members.queries.merges import (
    find_standing_merge,
    get_merge,
    list_merged_into,
    list_unfinished,
    list_way,
    lock_merge,
)
from members.queries.privacy import list_whole_person
from members.services.copies import end_copies
from members.services.merged_consents import hold_as_before, hold_the_stricter
from members.services.merged_households import carry_place, give_place_back
from members.services.merged_identities import move_back, move_over
from members.services.merged_wishes import carry_what_was_said, give_back_what_was_said
from members.services.presence import forget_presences
from members.services.sign_in import end_sign_ins

FLOOR = "members"


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What a merge would come to: the same facts of who goes, of who stays, and of who stays after it."""

    going: Sequence[Fact]
    staying: Sequence[Fact]
    after: Sequence[Fact]


def merge_members(*, going_id: int, staying_id: int, actor: str, now: datetime) -> Merge:
    """Let one member be another from now on. Told again, it goes on with what was begun.

    :raises MergeWithOneself: if both are one.
    :raises MemberNotFound: if one of them is nobody.
    :raises MemberNotActive: if one of them was merged into somebody else, or erased.
    :raises MergeUnderWay: while somebody is still on the way to the one who goes.
    :raises Refusal: while a floor has something under way that must not move.
    """
    if going_id == staying_id:
        raise MergeWithOneself
    with transaction.atomic():
        begun = _begin(going_id, staying_id, actor=actor, now=now)
    return go_on(begun.pk, now=now)


def undo_merge(merge_id: int, *, actor: str, now: datetime) -> Merge:
    """Let the one who went be themselves again, whatever happened since. What they had and nobody has used or moved
    comes back; what was done meanwhile stays with who did it. Told again, it goes on with what was begun.

    :raises MergeNotFound: if there is none.
    :raises MergeUnderWay: while it is not finished.
    :raises MergeUndone: if that was done already.
    :raises MemberNotActive: if the one who went was erased.
    :raises Refusal: while a floor has something under way that must not move.
    """
    with transaction.atomic():
        _begin_parting(merge_id, actor=actor, now=now)
    return go_on(merge_id, now=now)


def go_on(merge_id: int, *, now: datetime) -> Merge:
    """Do what is left of a merge, or of taking it apart. Safe to repeat, and for two at once."""
    merge = get_merge(merge_id)
    moving = _moving(merge)
    if merge.state == MergeState.MOVING:
        for floor in followers():
            floor.take_over(moving, now=now)
        _end(merge_id, MergeState.MOVING, MergeState.MERGED)
    elif merge.state == MergeState.PARTING:
        for floor in reversed(followers()):
            floor.give_back(moving, now=now)
        _end(merge_id, MergeState.PARTING, MergeState.UNDONE)
    return get_merge(merge_id)


def finish_merges(*, now: datetime) -> int:
    """Go on with what was interrupted; answers how many there were.

    :raises ExceptionGroup: of those that cannot go on, after all others did.
    """
    unfinished = list_unfinished()
    faults: list[Exception] = []
    for merge_id in unfinished:
        try:
            go_on(merge_id, now=now)
        except Exception as fault:
            faults.append(fault)
    if faults:
        raise ExceptionGroup("merges that cannot go on", faults)
    return len(unfinished)


def preview_merge(
    *, going_id: int, staying_id: int, programme_id: int | None = None, actor: str, now: datetime
) -> Preview:
    """Merge, look, and take all of it back within one transaction: what is shown is what would be.

    :param programme_id: the one whose figures may be told; None for all.
    :raises Refusal: as `merge_members`.
    """
    with transaction.atomic():
        going = list_sums(going_id, programme_id=programme_id, now=now)
        staying = list_sums(staying_id, programme_id=programme_id, now=now)
        merge_members(going_id=going_id, staying_id=staying_id, actor=actor, now=now)
        after = list_sums(staying_id, programme_id=programme_id, now=now)
        transaction.set_rollback(True)
    return Preview(going=going, staying=staying, after=after)


def note_moved(merge_id: int, floor: str, moved: dict[str, Any]) -> None:
    """Write down what a floor has moved, in place of what it wrote before; in the transaction that moves it, with the
    merge locked."""
    merge = lock_merge(merge_id)
    merge.moved[floor] = moved
    merge.save(update_fields=["moved"])


def _begin(going_id: int, staying_id: int, *, actor: str, now: datetime) -> Merge:
    members = lock_members({going_id, staying_id})
    if len(members) < 2:
        raise MemberNotFound
    begun = find_standing_merge(going_id)
    if begun is not None and begun.into_id == staying_id:
        return begun
    going, staying = members[going_id], members[staying_id]
    if going.state != MemberState.ACTIVE or staying.state != MemberState.ACTIVE:
        raise MemberNotActive
    if Merge.objects.filter(into_id=going_id, state=MergeState.MOVING).exists():
        raise MergeUnderWay
    for floor in followers():
        floor.ensure_still({going_id}, now=now)
    merge = _write(going, staying, actor=actor, now=now)
    Member.objects.filter(merged_into_id=going_id).update(merged_into=staying)
    going.state, going.merged_into = MemberState.MERGED, staying
    going.save(update_fields=["state", "merged_into"])
    merge.moved = {
        FLOOR: {
            "identities": move_over(merge, now=now),
            "consents": hold_the_stricter(merge, now=now),
            "household": carry_place(merge, now=now),
            "said": carry_what_was_said(merge, now=now),
        }
    }
    merge.save(update_fields=["moved"])
    forget_presences(going_id)
    unsaid = _pairs_of(merge).exclude(state=PairState.SAME)
    unsaid.update(state=PairState.SAME, decided_at=now, decided_by=actor)
    told = MemberMerged(member_ref=going.ref, into_ref=staying.ref)
    publish(told, member_id=going_id, happened_at=now, now=now)
    publish(MemberChanged(member_ref=staying.ref), member_id=staying_id, happened_at=now, now=now)
    return merge


def _pairs_of(merge: Merge) -> QuerySet[LikelyPair]:
    """The pair of the queue that the two of a merge are, if they are one."""
    later, other = max(merge.member_id, merge.into_id), min(merge.member_id, merge.into_id)
    return LikelyPair.objects.filter(member_id=later, other_id=other)


def _write(going: Member, staying: Member, *, actor: str, now: datetime) -> Merge:
    """
    :raises MergeUnderWay: the one who goes is still being taken apart from somebody.
    """
    try:
        with transaction.atomic():
            return Merge.objects.create(
                ref=new_ref("mrg"), member=going, into=staying, merged_at=now, merged_by=actor
            )
    except IntegrityError as fault:
        if "a_member_is_merged_into_one_other" in str(fault):
            raise MergeUnderWay from fault
        raise


def _begin_parting(merge_id: int, *, actor: str, now: datetime) -> None:
    seen = get_merge(merge_id)
    ids = {seen.member_id, seen.member.merged_into_id or seen.into_id}
    members = lock_members(ids)
    merge = lock_merge(merge_id)
    if merge.state == MergeState.PARTING:
        return
    if merge.state == MergeState.UNDONE:
        raise MergeUndone
    gone = members[merge.member_id]
    if gone.state != MemberState.MERGED:
        raise MemberNotActive
    if merge.state == MergeState.MOVING or gone.merged_into_id not in ids:
        raise MergeUnderWay
    staying = members[gone.merged_into_id]
    holders = [merge.into_id, *(step.into_id for step in list_way(merge.into_id))]
    end_copies(list_whole_person(staying.pk), now=now)
    for floor in followers():
        floor.ensure_still({gone.pk, *holders}, now=now)
    merge.state, merge.undone_at, merge.undone_by = MergeState.PARTING, now, actor
    merge.save(update_fields=["state", "undone_at", "undone_by"])
    gone.state, gone.merged_into = MemberState.ACTIVE, None
    gone.save(update_fields=["state", "merged_into"])
    Member.objects.filter(pk__in=list_merged_into(gone.pk)).update(merged_into=gone)
    move_back(merge, holder_id=staying.pk, now=now)
    hold_as_before(merge, holders=holders, now=now)
    give_place_back(merge, holder_id=staying.pk, now=now)
    give_back_what_was_said(merge, holders=holders, now=now)
    for holder_id in holders:
        end_sign_ins(holder_id, because="parted", begun_from=merge.merged_at, now=now)
    forget_presences(staying.pk)
    # Nobody is sure any more, and weights are learnt from what was decided.
    said = _pairs_of(merge).filter(state=PairState.SAME)
    said.update(state=PairState.OPEN, decided_at=None, decided_by="")
    told = MemberParted(member_ref=gone.ref, from_ref=staying.ref)
    publish(told, member_id=gone.pk, happened_at=now, now=now)
    for member in (gone, staying):
        publish(MemberChanged(member_ref=member.ref), member_id=member.pk, happened_at=now, now=now)


def _end(merge_id: int, state: MergeState, ended: MergeState) -> None:
    Merge.objects.filter(pk=merge_id, state=state).update(state=ended)


def _moving(merge: Merge) -> Moving:
    actor = merge.undone_by or merge.merged_by
    return Moving(id=merge.pk, ref=merge.ref, member_id=merge.member_id, into_id=merge.into_id, actor=actor)
