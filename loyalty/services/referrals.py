"""Referrals: a member's code, friends who join by it, and what both get once a friend's purchase was paid and kept."""

from collections.abc import Collection
from datetime import datetime

from django.db import connection, transaction

from loyalty.errors import NotAFriend, ReferralCodeNotFound
from loyalty.models import ChallengeReward, ReferralCode, ReferredFriend
from loyalty.queries.challenges import Running, find_purchases_of, list_started, lock_play
from loyalty.queries.referrals import (
    find_due_programme,
    get_member_of_code,
    has_bought,
    list_due_friends,
    list_waiting_friends,
)
from loyalty.rules.challenges import Referral
from loyalty.rules.referrals import kept_at
from loyalty.rules.voucher_codes import new_codes
from loyalty.services.challenge_rewards import FRIEND, Due, give_and_take_back
from loyalty.services.challenges import step_now, take_step

FRIENDS_PER_PIECE = 100


def give_code(member_id: int, programme_id: int) -> None:
    """See that a member has a code; the one they have stays."""
    if ReferralCode.objects.filter(member_id=member_id, programme_id=programme_id).exists():
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO loyalty_referralcode (programme_id, member_id, code) VALUES (%s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            [programme_id, member_id, next(new_codes(1))],
        )


@transaction.atomic
def join_by_code(member_id: int, programme_id: int, *, code: str, now: datetime) -> None:
    """Write down by whose code a member came. Told again, the first one stands.

    :raises ReferralCodeNotFound: nobody has this code.
    :raises NotAFriend: it is their own, they bought something before, or came by another's code.
    """
    referred_by = get_member_of_code(programme_id, code)
    if referred_by == member_id:
        raise NotAFriend("This is the member's own code.", pointer="/code")
    known = ReferredFriend.objects.filter(member_id=member_id, programme_id=programme_id).first()
    if known is not None and known.referred_by_id == referred_by:
        return
    if known is not None or has_bought(member_id, programme_id):
        raise NotAFriend("They bought before, or came by another code.", pointer="/code")
    _write_friend(member_id, programme_id, referred_by, now)


def take_note_of_friend(member_id: int, *, programme_code: str, code: str, joined_at: datetime) -> None:
    """A new member named somebody's code when they enrolled; one that nobody has is left aside. Safe to repeat."""
    programmes = {one.programme_id for one in list_started(codes=[programme_code])}
    for programme_id in programmes:
        try:
            referred_by = get_member_of_code(programme_id, code)
        except ReferralCodeNotFound:
            return
        if referred_by != member_id:
            _write_friend(member_id, programme_id, referred_by, joined_at)


def watch_friends(member_ids: Collection[int]) -> None:
    """Say when purchases of friends, as they stand now, will have been kept long enough. Holds `lock_play`."""
    waiting = list_waiting_friends(member_ids) if member_ids else []
    running = _referrals({friend.programme_id for friend in waiting})
    for friend in waiting:
        friend.due_at = min((at for one in running if (at := _kept_at(friend, one))), default=None)
    ReferredFriend.objects.bulk_update(waiting, ["due_at"])


@transaction.atomic
def count_friends(*, now: datetime) -> int:
    """Give both sides what is due for friends whose purchase was kept. Safe to repeat, any number at once.

    :return: how many friends were looked at.
    """
    programme_id = find_due_programme(now)
    if programme_id is None:
        return 0
    lock_play([programme_id])
    running = _referrals([programme_id])
    friends = list_due_friends(programme_id, now, limit=FRIENDS_PER_PIECE)
    for friend in friends:
        moments = [(at, one) for one in running if (at := _kept_at(friend, one))]
        counting = [(at, one) for at, one in moments if at <= now]
        if counting:
            _count(friend, *counting[0], now=now)
        else:
            friend.due_at = min((at for at, _ in moments), default=None)
    ReferredFriend.objects.bulk_update(friends, ["due_at", "counted_at"])
    return len(friends)


def _count(friend: ReferredFriend, at: datetime, running: Running, *, now: datetime) -> None:
    friend.counted_at = now
    cause = f"friend:{friend.member_id}"
    goal = running.definition.goal
    if isinstance(goal, Referral) and goal.friend_gives is not None:
        reward = ChallengeReward(
            challenge_id=running.id,
            member_id=friend.member_id,
            number=FRIEND,
            completed_by=cause,
            completed_at=at,
            given_at=now,
        )
        give_and_take_back([Due(running=running, reward=reward)], [], now=now)
    take_step(running, step_now(running, friend.referred_by_id, cause=cause, units=1, at=at), now=now)


def _kept_at(friend: ReferredFriend, running: Running) -> datetime | None:
    goal = running.definition.goal
    if not isinstance(goal, Referral) or running.programme_id != friend.programme_id:
        return None
    bought = find_purchases_of(
        [friend.member_id],
        running.programme_id,
        since=running.live_from,
        until=running.live_until,
    )
    return kept_at(goal, bought, running.zone)


def _referrals(programme_ids: Collection[int]) -> list[Running]:
    started = list_started(programme_ids) if programme_ids else []
    return [one for one in started if isinstance(one.definition.goal, Referral)]


def _write_friend(member_id: int, programme_id: int, referred_by: int, joined_at: datetime) -> None:
    ReferredFriend.objects.bulk_create(
        [
            ReferredFriend(
                member_id=member_id,
                programme_id=programme_id,
                referred_by_id=referred_by,
                joined_at=joined_at,
            )
        ],
        ignore_conflicts=True,
    )
