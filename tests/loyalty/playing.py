"""Challenges for tests, made through the services, and news delivered as the relay does."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from config.outbox.delivery import deliver_batch
from config.outbox.registry import list_subscribers
from loyalty.models import Challenge, ChallengeProgress, ChallengeReward
from loyalty.rules.challenges import ChallengeDefinition, Gives, GivesPoints, Goal
from loyalty.services.challenge_drafts import start_challenge, write_challenge
from loyalty.services.challenge_past import catch_up
from members.models import Member
from tests.loyalty.conftest import LONG_AGO, Shop

_numbers = count(1)
FIFTY = GivesPoints(points=50)


def challenge(shop: Shop, goal: Goal, gives: Gives | None = FIFTY, **more: Any) -> Challenge:
    """A challenge of the shop that has been live for long; `more` is of the definition, or its days."""
    days = {name: more.pop(name) for name in ("live_from", "live_until") if name in more}
    now = datetime.now(UTC)
    draft = write_challenge(
        programme_id=shop.programme.pk,
        code=f"challenge-{next(_numbers)}",
        name=more.pop("name", "Ten cups"),
        definition=ChallengeDefinition(goal=goal, gives=gives, **more),
        by="staff:1",
        now=min(now, days.get("live_from", LONG_AGO)),
        **({"live_from": LONG_AGO} | days),
    )
    started = start_challenge(draft.pk, read=draft.digest(), by="staff:2", now=now)
    count_past()
    return started


def count_past() -> None:
    """As the worker does, until nothing is left."""
    while catch_up(now=datetime.now(UTC)):
        pass


def deliver() -> None:
    """Tell challenges all news that waits."""
    (mine,) = [one for one in list_subscribers() if one.name == "loyalty.challenges"]
    while deliver_batch(mine, now=datetime.now(UTC)):
        pass


def standing(of: Challenge, member: Member) -> tuple[int, int]:
    """Units reached, and completions."""
    row = ChallengeProgress.objects.filter(challenge=of, member=member).first()
    return (row.reached, row.completions) if row else (0, 0)


def rewards(of: Challenge, member: Member) -> list[tuple[int, str, int]]:
    """Number, state and points of what the member got."""
    rows = ChallengeReward.objects.filter(challenge=of, member=member).order_by("number")
    return [(row.number, row.state, row.points) for row in rows]
