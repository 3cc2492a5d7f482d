"""Asking for merges: who is whom by now, and by which act."""

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from django.db import connection
from django.db.models import QuerySet

from members.errors import MemberNotFound, MergeNotFound
from members.models import Member, Merge, MergeState

STANDING = (MergeState.MOVING, MergeState.MERGED)
"""States in which the one who goes is the one who stays."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A merge as other floors know it. `actor`: who did the last of it."""

    id: int
    ref: str
    member_id: int
    into_id: int
    state: str
    actor: str

    @property
    def is_standing(self) -> bool:
        return self.state in STANDING

    @property
    def is_parting(self) -> bool:
        return self.state == MergeState.PARTING


def get_merge(merge_id: int) -> Merge:
    """
    :raises MergeNotFound: if there is none.
    """
    found = _merges().filter(pk=merge_id).first()
    if found is None:
        raise MergeNotFound
    return found


def get_merge_by_ref(ref: str) -> Merge:
    """
    :raises MergeNotFound: if there is none.
    """
    found = _merges().filter(ref=ref).first()
    if found is None:
        raise MergeNotFound
    return found


def _merges() -> QuerySet[Merge]:
    return Merge.objects.select_related("member", "into")


def get_member_id(ref: str) -> int:
    """Who was given this ref, whoever goes by it now.

    :raises MemberNotFound: if nobody was.
    """
    member_id = Member.objects.filter(ref=ref).values_list("pk", flat=True).first()
    if member_id is None:
        raise MemberNotFound
    return member_id


def get_moved(merge_id: int, floor: str) -> dict[str, Any]:
    """What a floor noted of a merge."""
    moved: dict[str, Any] = get_merge(merge_id).moved.get(floor, {})
    return moved


def lock_merge(merge_id: int) -> Merge:
    """A merge, locked until commit: whoever moves something for it comes one after the other.

    :raises MergeNotFound: if there is none.
    """
    found = _merges().select_for_update(of=("self",), no_key=True).filter(pk=merge_id).first()
    if found is None:
        raise MergeNotFound
    return found


def get_step(merge_id: int) -> Step:
    """
    :raises MergeNotFound: if there is none.
    """
    return _step(get_merge(merge_id))


def lock_step(merge_id: int) -> Step:
    """The same, as other floors know it."""
    return _step(lock_merge(merge_id))


def _step(merge: Merge) -> Step:
    return Step(
        id=merge.pk,
        ref=merge.ref,
        member_id=merge.member_id,
        into_id=merge.into_id,
        state=merge.state,
        actor=merge.undone_by or merge.merged_by,
    )


def find_standing_merge(member_id: int) -> Merge | None:
    """By which merge a member is somebody else now."""
    return _merges().filter(member_id=member_id, state__in=STANDING).first()


def list_merges(member_id: int, *, limit: int) -> list[Merge]:
    """Merges of a member with others, either way, the newest first."""
    gone = _merges().filter(member_id=member_id)
    return list((gone | _merges().filter(into_id=member_id)).order_by("-pk")[:limit])


def list_unfinished() -> list[int]:
    """Merges that something interrupted, or that go on at this moment."""
    going_on = Merge.objects.filter(state__in=[MergeState.MOVING, MergeState.PARTING])
    return list(going_on.order_by("pk").values_list("pk", flat=True))


def list_merges_into_after(member_ids: Collection[int], *, after: int) -> list[int]:
    """Standing merges into one of these members that came after a merge, in their order."""
    standing = Merge.objects.filter(into_id__in=member_ids, state__in=STANDING, pk__gt=after)
    return list(standing.order_by("pk").values_list("pk", flat=True))


def list_merged_into(member_id: int) -> list[int]:
    """Everybody who is this member by now, by one merge or several, in the order of their ids. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE gone AS (
                SELECT g.member_id FROM members_merge g WHERE g.into_id = %(id)s AND g.state IN ('moving', 'merged')
                UNION
                SELECT g.member_id FROM gone
                JOIN members_merge g ON g.into_id = gone.member_id AND g.state IN ('moving', 'merged'))
            SELECT member_id FROM gone ORDER BY member_id
            """,
            {"id": member_id},
        )
        return [row[0] for row in cursor.fetchall()]


def list_way(member_id: int) -> list[Step]:
    """The standing merges that lead from a member to who they are by now, in this order; mostly none."""
    way: list[Step] = []
    while merge := find_standing_merge(way[-1].into_id if way else member_id):
        way.append(_step(merge))
    return way


def list_those_of(member_id: int) -> Sequence[int]:
    """A member and everybody who is this member by now: whose rows tell of this person."""
    gone = Member.objects.filter(merged_into_id=member_id).values_list("pk", flat=True)
    return [member_id, *gone]
