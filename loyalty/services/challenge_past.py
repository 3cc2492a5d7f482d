"""Counting the past for a challenge, piece by piece: where it begins before it was started, or history was imported."""

from datetime import datetime

from django.db import transaction

from loyalty.models import Challenge, ReferredFriend
from loyalty.queries.challenges import (
    ActNow,
    find_acts_of,
    list_members_after,
    lock_challenge_to_catch_up,
    lock_play,
    running_of,
)
from loyalty.rules.challenges import Acts, Referral, counted_of
from loyalty.services.challenges import take_stock

MEMBERS_PER_PIECE = 500


def count_again(programme_code: str, *, now: datetime) -> int:
    """Let the past be counted once more for all challenges of a programme; what was counted before stays the same.

    :return: for how many challenges.
    """
    ReferredFriend.objects.filter(programme__code=programme_code, counted_at=None).update(due_at=now)
    started = Challenge.objects.filter(programme__code=programme_code, started_at__isnull=False)
    return started.update(caught_up_to=0)


@transaction.atomic
def catch_up(*, now: datetime) -> bool:
    """Count what the next members did, for the oldest challenge that waits for it; False if none does.

    Where it stopped is written in the same transaction: whoever comes next goes on from there.
    """
    challenge = lock_challenge_to_catch_up()
    if challenge is None:
        return False
    members = list_members_after(challenge.caught_up_to or 0, limit=MEMBERS_PER_PIECE)
    running = running_of(challenge)
    if members and not isinstance(running.definition.goal, Referral):
        lock_play([running.programme_id])
        of = counted_of(running.definition.goal)
        acts: list[ActNow] = []
        if isinstance(of, Acts):
            acts = find_acts_of(
                members, running.programme_id, of.act, since=running.live_from, until=running.live_until
            )
        take_stock(running, members, acts, now=now)
    challenge.caught_up_to = members[-1] if members else None
    challenge.save(update_fields=["caught_up_to"])
    return True
