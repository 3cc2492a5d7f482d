"""Loyalty's part of a merge: points, debts and what counts towards tiers, wallet by wallet; then what can be used.

A wallet is locked with all others that are one person with it, in id order, after the merges that join them. Where
several merges lead from one to another, what goes back goes step by step, each by its own merge.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import takewhile

from django.db import connection, transaction

from loyalty.errors import PointsSetAside
from loyalty.models import MergedWallet
from loyalty.queries.batches import lock_wallets
from loyalty.queries.merges import (
    is_paying,
    list_joined_way,
    list_left_behind,
    list_programmes,
    list_programmes_merged,
    lock_person,
)
from loyalty.services.household_tiers import level_tiers_around
from loyalty.services.merged_goods import give_goods_back, take_goods_over
from members.member_data import Moving
from members.queries.merges import Step, list_way, lock_step

LEFT_BEHIND_AT_ONCE = 200


def ensure_still(member_ids: Collection[int], *, now: datetime) -> None:
    """
    :raises PointsSetAside: while points of one of them are set aside for a purchase.
    """
    if is_paying(member_ids, now=now):
        raise PointsSetAside


def take_over(moving: Moving, *, now: datetime) -> None:
    """Let who stays have points, debts, days, tiers, vouchers and offers of the one who goes. Safe to repeat."""
    with transaction.atomic():
        if lock_step(moving.id).is_standing:
            take_goods_over(moving, now=now)
    for programme_id in list_programmes():
        with transaction.atomic():
            if lock_step(moving.id).is_standing:
                _carry_on(moving.member_id, programme_id, now=now)
    level_tiers_around([moving.into_id], now=now)


def give_back(moving: Moving, *, now: datetime) -> None:
    """What is left of it goes back, lot by lot. Safe to repeat."""
    for programme_id in list_programmes_merged(moving.id, moving.member_id):
        with transaction.atomic():
            merge = lock_step(moving.id)
            if merge.is_parting:
                _part(merge, programme_id, now=now)
    with transaction.atomic():
        if lock_step(moving.id).is_parting:
            give_goods_back(moving, now=now)
    level_tiers_around([moving.member_id, moving.into_id], now=now)


def carry_what_came_since(*, now: datetime) -> int:
    """Points that came to somebody who had gone already follow them; answers in how many wallets there were any.
    Safe to repeat."""
    left = list_left_behind(limit=LEFT_BEHIND_AT_ONCE)
    for merge_id, programme_id in left:
        with transaction.atomic():
            merge = lock_step(merge_id)
            if merge.is_standing:
                _carry_on(merge.member_id, programme_id, now=now)
    return len(left)


@contextmanager
def as_before_merging(member_id: int, programme_id: int, *, now: datetime) -> Iterator[int]:
    """With the wallets of everybody they became locked: give a merged member back what is theirs, so that a purchase
    can be undone where it was booked; then let it follow the merge again. Answers who they are by now.
    """
    way = list_joined_way(member_id, programme_id)
    for merge in reversed(way):
        _move("part", merge, programme_id, now)
    yield way[-1].into_id if way else member_id
    for merge in way:
        _move("merge", merge, programme_id, now)


def _carry_on(member_id: int, programme_id: int, *, now: datetime) -> None:
    """All the way to who they are by now."""
    way = _lock_way(list_way(member_id))
    lock_wallets(_people(way), programme_id, now=now)
    for merge in way:
        _move("merge", merge, programme_id, now)


def _part(merge: Step, programme_id: int, *, now: datetime) -> None:
    """Whoever stayed may have gone on to somebody else: theirs comes back first, and follows again after."""
    lock_person(merge.member_id, programme_id, now=now)
    way = list_joined_way(merge.member_id, programme_id)
    if merge not in way:
        return
    for step in reversed(way):
        _move("part", step, programme_id, now)
        _end_standings(step, programme_id, now)
    _set_apart(merge, programme_id)
    for step in way[1:]:
        _move("merge", step, programme_id, now)


def _lock_way(way: Sequence[Step]) -> list[Step]:
    """The merges of a way as they stand, with none that was undone meanwhile, nor what lies behind it."""
    locked = {merge.id: lock_step(merge.id) for merge in sorted(way, key=lambda one: one.id)}
    return list(takewhile(lambda merge: merge.is_standing, (locked[merge.id] for merge in way)))


def _people(way: Sequence[Step]) -> list[int]:
    """Everybody along a way, from the one who went first."""
    return [merge.member_id for merge in way] + [merge.into_id for merge in way[-1:]]


def _move(what: str, merge: Step, programme_id: int, now: datetime) -> None:
    """:param what: merge or part."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT loyalty_{what}_wallet(%s, %s, %s, %s, %s, %s, %s)",
            [merge.id, merge.ref, merge.member_id, merge.into_id, programme_id, merge.actor, now],
        )


def _set_apart(merge: Step, programme_id: int) -> None:
    joined = MergedWallet.objects.filter(merge_id=merge.id, wallet__member_id=merge.member_id)
    joined.filter(wallet__programme_id=programme_id).update(is_apart=True)


def _end_standings(merge: Step, programme_id: int, now: datetime) -> None:
    """Tiers that came with the merge end with it, wherever they went."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE loyalty_tierstanding s SET until_at = greatest(s.from_at, %(now)s), ended_by = %(actor)s,"
            " end_reason = 'the merge was undone' FROM loyalty_wallet w"
            " WHERE w.member_id = %(into)s AND w.programme_id = %(programme)s AND s.wallet_id = w.id"
            " AND s.given_by = %(by)s AND s.until_at > %(now)s",
            {
                "now": now,
                "actor": merge.actor,
                "into": merge.into_id,
                "programme": programme_id,
                "by": f"merge:{merge.ref}",
            },
        )
