"""Copies and erasures: what was asked for, what is due, and by what a person may be found where no row is theirs."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import connection
from django.db.models import Q, QuerySet

from config.outbox.models import Delivery
from members.errors import CopyNotReady, ErasureNotFound
from members.member_data import Traces
from members.models import (
    DataExport,
    ErasureRequest,
    ErasureState,
    ExportState,
    Member,
    Merge,
    MergeState,
)
from members.models.privacy import OPEN
from members.queries.merges import list_those_of


def find_erasure(member_id: int) -> ErasureRequest | None:
    """The member's erasure that is under way, if there is one; also of who is this member by now."""
    return _open_erasures(member_id).first()


def lock_open_erasure(member_id: int) -> ErasureRequest | None:
    """The same, locked until commit: whoever calls it off or begins it comes before, or after."""
    return _open_erasures(member_id).select_for_update(of=("self",)).first()


def _open_erasures(member_id: int) -> QuerySet[ErasureRequest]:
    return ErasureRequest.objects.filter(member_id__in=list_those_of(member_id), state__in=OPEN)


def find_newest_erasure(member_id: int) -> ErasureRequest | None:
    return ErasureRequest.objects.filter(member_id__in=list_those_of(member_id)).order_by("-pk").first()


def get_erasure(member_id: int) -> ErasureRequest:
    """The member's erasure that is under way.

    :raises ErasureNotFound: if there is none.
    """
    found = find_erasure(member_id)
    if found is None:
        raise ErasureNotFound
    return found


def lock_erasure(request_id: int) -> ErasureRequest | None:
    """Lock a request until commit; None while somebody else works on it."""
    requests = ErasureRequest.objects.filter(pk=request_id).select_for_update(skip_locked=True, of=("self",))
    return requests.first()


def list_due_erasures(*, now: datetime) -> list[int]:
    """Ids of requests whose days of grace are over, and of those that were begun; the longest due first."""
    begun_or_agreed = Q(state__in=(ErasureState.AGREED, ErasureState.ERASING))
    due = ErasureRequest.objects.filter(begun_or_agreed, due_at__lte=now).order_by("due_at", "pk")
    return list(due.values_list("pk", flat=True))


def is_under_way(member_ids: Collection[int]) -> bool:
    """Whether something about them has to be over first: a merge, or news that parts of the house may yet learn."""
    merging = Q(member_id__in=member_ids) | Q(into_id__in=member_ids)
    return (
        Delivery.objects.filter(event__member_id__in=member_ids, is_dead=False).exists()
        or Merge.objects.filter(merging, state__in=(MergeState.MOVING, MergeState.PARTING)).exists()
    )


def find_newest_copy(member_id: int) -> DataExport | None:
    return DataExport.objects.filter(member_id__in=list_those_of(member_id)).order_by("-pk").first()


def list_whole_person(member_id: int) -> Sequence[int]:
    """Who this member is by now, and everybody who is that member."""
    pointer = Member.objects.filter(pk=member_id).values_list("merged_into_id", flat=True)
    return list_those_of(pointer[0] or member_id)


def get_ready_copy(member_id: int, *, now: datetime) -> DataExport:
    """The member's newest copy, if it can be fetched.

    :raises CopyNotReady: none was asked for, or it is being made, or gone.
    """
    newest = find_newest_copy(member_id)
    if newest is None or not is_fetchable(newest, now=now):
        raise CopyNotReady
    return newest


def is_fetchable(copy: DataExport, *, now: datetime) -> bool:
    return copy.state == ExportState.READY and copy.kept_until is not None and copy.kept_until > now


def lock_copies_of(member_id: int) -> list[str]:
    """Names of all files that were made for a member; locked until commit, so that none is being made meanwhile."""
    copies = DataExport.objects.filter(member_id=member_id).exclude(file="")
    return list(copies.select_for_update().values_list("file", flat=True))


def copies_waiting() -> QuerySet[DataExport]:
    return DataExport.objects.filter(state=ExportState.WAITING).order_by("pk")


def copies_past(*, now: datetime) -> QuerySet[DataExport]:
    """Copies whose days are over."""
    return DataExport.objects.filter(state=ExportState.READY, kept_until__lte=now)


def traces_of(member_id: int) -> Traces:
    """Whatever a member goes by or went by before, and was called."""
    with connection.cursor() as cursor:
        cursor.execute(_ADDRESSES, {"member": member_id})
        addresses = tuple(value for (value,) in cursor.fetchall())
        cursor.execute(_NAMES, {"member": member_id})
        called = cursor.fetchall()
    phrases = {phrase for row in called for phrase in _phrases(*row) if _is_telling(phrase)}
    return Traces(addresses=addresses, names=tuple(sorted(phrases)))


_ADDRESSES = """
SELECT value FROM members_identity WHERE member_id = %(member)s
UNION SELECT value FROM members_identityevent WHERE member_id = %(member)s
UNION SELECT e.value FROM members_identity i JOIN members_identityevent e ON e.pgh_obj_id = i.id
    WHERE i.member_id = %(member)s
ORDER BY 1
"""
_NAMES = """
SELECT given_name, family_name, display_name FROM members_member WHERE id = %(member)s
UNION SELECT given_name, family_name, display_name FROM members_memberevent WHERE pgh_obj_id = %(member)s
"""


def _is_telling(phrase: str) -> bool:
    """Three letters stand in too many words; three characters of Chinese are a name."""
    return len(phrase) > 3 or (len(phrase) > 1 and not phrase.isascii())


def _phrases(given: str, family: str, display: str) -> set[str]:
    """A person in one order or the other; of two names one alone is too many people's."""
    if given and family:
        return {f"{given} {family}", f"{family} {given}", f"{family}{given}", display}
    return {given, family, display}
