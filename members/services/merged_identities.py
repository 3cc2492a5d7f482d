"""Identities in a merge: they go to who stays, proven as they were, and back again unless somebody moved them since."""

from collections.abc import Collection, Sequence
from datetime import datetime

from members.models import Identity, IdentityMove, Merge
from members.rules.identities import BY_MERGING, MERGED, PARTED


def move_over(merge: Merge, *, now: datetime) -> list[int]:
    """Let who stays go by everything that the other went by. The person is the same, so what was proven stays proven.

    :return: ids of the identities, for taking the merge apart.
    """
    held = list(Identity.objects.select_for_update().filter(member_id=merge.member_id).order_by("pk"))
    _move(held, merge.into_id, MERGED, actor=merge.merged_by, now=now)
    return [identity.pk for identity in held]


def move_back(merge: Merge, *, holder_id: int, now: datetime) -> None:
    """Let the one who went go again by what came with them and nobody has moved by hand since.

    :param holder_id: who stays by now; the one whom the merge named may have gone on to somebody else.
    """
    moved: Sequence[int] = merge.moved["members"]["identities"]
    held = Identity.objects.select_for_update().filter(pk__in=moved, member_id=holder_id).order_by("pk")
    by_hand = _moved_by_hand(moved, since=merge.merged_at)
    back = [identity for identity in held if identity.pk not in by_hand]
    _move(back, merge.member_id, PARTED, actor=merge.undone_by, now=now)


def _moved_by_hand(identity_ids: Collection[int], *, since: datetime) -> set[int]:
    moves = IdentityMove.objects.filter(identity_id__in=identity_ids, moved_at__gte=since)
    return set(moves.exclude(evidence__in=BY_MERGING).values_list("identity_id", flat=True))


def _move(identities: Sequence[Identity], to_id: int, evidence: str, *, actor: str, now: datetime) -> None:
    IdentityMove.objects.bulk_create(
        IdentityMove(
            member_id=to_id,
            from_member_id=identity.member_id,
            identity_id=identity.pk,
            kind=identity.kind,
            was_verified_at=identity.verified_at,
            evidence=evidence,
            actor=actor,
            moved_at=now,
        )
        for identity in identities
    )
    Identity.objects.filter(pk__in=[identity.pk for identity in identities]).update(member_id=to_id)
