"""Counting for challenges: what happened becomes steps, these become progress, and that what is given or taken back.

A step is what a purchase *as it stands now*, an act or a friend counts; it is written over, never added to. So news
that comes twice, late or in any order ends in the same progress, and goods that come back take theirs along.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import msgspec
from django.db import connection, transaction

from config.ground.moments import day
from config.outbox.services import Announcement, publish_many
from loyalty.events import ChallengeProgressed
from loyalty.models import ChallengeProgress
from loyalty.queries.challenges import (
    ActNow,
    Pair,
    Running,
    find_purchases,
    find_purchases_of,
    list_progress_of,
    list_started,
    list_steps_of,
    lock_play,
)
from loyalty.rules.challenge_counting import PurchaseNow
from loyalty.rules.challenge_standing import Progress, progress_of
from loyalty.rules.challenges import Acts, counted_of
from loyalty.services.challenge_rewards import bring_rewards_in_step

NEAR = 5
"""A fifth of what is needed, or one unit, is near the end."""


class StepNow(msgspec.Struct, frozen=True, kw_only=True):
    """What something counts now. `happened_on` is of the programme's calendar."""

    challenge_id: int
    member_id: int
    cause: str
    units: int
    happened_at: datetime
    happened_on: str


@transaction.atomic
def count_purchases(
    order_refs: Collection[str], *, programme_codes: Collection[str], now: datetime
) -> set[int]:
    """Count purchases, or what is left of them, for the challenges of their moment. Safe to repeat.

    :return: the ids of those who bought, where there are challenges.
    """
    running = list_started(codes=programme_codes)
    if not running:
        return set()
    lock_play({one.programme_id for one in running})
    bought = find_purchases(order_refs)
    _take_note(_steps_of_purchases(running, bought), running, now=now)
    return {one.member_id for one in bought}


@transaction.atomic
def count_acts(acts: Sequence[ActNow], *, programme_code: str, now: datetime) -> None:
    """Count acts for the challenges of their moment. Safe to repeat."""
    running = [
        one
        for one in list_started(codes=[programme_code])
        if isinstance(counted_of(one.definition.goal), Acts)
    ]
    if not running:
        return
    lock_play({one.programme_id for one in running})
    _take_note(steps_of_acts(running, acts), running, now=now)


def take_stock(running: Running, member_ids: Sequence[int], acts: Sequence[ActNow], *, now: datetime) -> None:
    """Count what these members did so far for one challenge. Within a transaction that holds `lock_play`.

    :param acts: those of the challenge's type.
    """
    bought: list[PurchaseNow] = []
    if not isinstance(counted_of(running.definition.goal), Acts):
        bought = find_purchases_of(
            member_ids, running.programme_id, since=running.live_from, until=running.live_until
        )
    steps = [*_steps_of_purchases([running], bought), *steps_of_acts([running], acts)]
    _take_note(steps, [running], now=now, is_told=False)


def take_step(running: Running, step: StepNow, *, now: datetime) -> None:
    """Count one thing that is no purchase. Within a transaction that holds `lock_play`."""
    _take_note([step], [running], now=now)


def steps_of_acts(running: Iterable[Running], acts: Sequence[ActNow]) -> list[StepNow]:
    """Each act is a unit of the challenges that ask for its type."""
    return [
        step_now(one, act.member_id, cause=act.ref, units=1, at=act.happened_at)
        for one in running
        for act in acts
        if isinstance(of := counted_of(one.definition.goal), Acts)
        and of.act == act.type
        and one.is_live(act.happened_at)
    ]


def step_now(running: Running, member_id: int, *, cause: str, units: int, at: datetime) -> StepNow:
    """A step on the calendar of the challenge's programme."""
    return StepNow(
        challenge_id=running.id,
        member_id=member_id,
        cause=cause,
        units=units,
        happened_at=at,
        happened_on=day(at, running.zone),
    )


def _steps_of_purchases(running: Iterable[Running], bought: Sequence[PurchaseNow]) -> list[StepNow]:
    return [
        step_now(
            one,
            purchase.member_id,
            cause=purchase.order_ref,
            units=one.units(purchase),
            at=purchase.placed_at,
        )
        for one in running
        for purchase in bought
        if purchase.programme_id == one.programme_id and one.is_live(purchase.placed_at)
    ]


def _take_note(
    steps: Sequence[StepNow], running: Iterable[Running], *, now: datetime, is_told: bool = True
) -> None:
    """Write steps down, and what follows from those that are new or different.

    :param is_told: who is near the end now is announced; not so where the past is counted.
    """
    pairs = _write_steps(steps)
    if not pairs:
        return
    by_id = {one.id: one for one in running}
    told = list_steps_of(pairs)
    known = list_progress_of(pairs)
    progress = {pair: progress_of(by_id[pair[0]].definition, told[pair]) for pair in sorted(pairs)}
    near = [pair for pair in progress if is_told and _is_near(progress[pair], known.get(pair))]
    _write_progress(progress, near, now)
    bring_rewards_in_step(progress, by_id, now=now)
    publish_many([_near_news(by_id[pair[0]], pair, progress[pair], now) for pair in near], now=now)


# What counts nothing is only written where it counted before.
_STEPS = """
WITH told AS (
  SELECT * FROM jsonb_to_recordset(%s::jsonb) AS x(
    challenge_id bigint, member_id bigint, cause text, units bigint, happened_at timestamptz, happened_on date)),
dropped AS (
  UPDATE loyalty_challengestep s SET units = 0 FROM told t
  WHERE s.member_id = t.member_id AND s.challenge_id = t.challenge_id AND s.cause = t.cause AND t.units = 0
    AND s.units <> 0
  RETURNING s.challenge_id, s.member_id),
kept AS (
  INSERT INTO loyalty_challengestep AS s (challenge_id, member_id, cause, units, happened_at, happened_on)
  SELECT t.challenge_id, t.member_id, t.cause, t.units, t.happened_at, t.happened_on FROM told t WHERE t.units > 0
  ON CONFLICT (member_id, challenge_id, cause) DO UPDATE SET units = excluded.units
    WHERE s.units <> excluded.units
  RETURNING s.challenge_id, s.member_id)
SELECT challenge_id, member_id FROM dropped UNION SELECT challenge_id, member_id FROM kept
"""


def _write_steps(steps: Sequence[StepNow]) -> set[Pair]:
    """Who is touched by what is new or different, in which challenge."""
    if not steps:
        return set()
    once = {(step.challenge_id, step.member_id, step.cause): step for step in steps}
    with connection.cursor() as cursor:
        cursor.execute(_STEPS, [msgspec.json.encode(list(once.values())).decode()])
        return set(cursor.fetchall())


def _write_progress(progress: dict[Pair, Progress], near: Collection[Pair], now: datetime) -> None:
    rows = [
        ChallengeProgress(
            challenge_id=challenge_id,
            member_id=member_id,
            reached=one.reached,
            completions=len(one.completions),
            last_period=one.last_period,
            changed_at=now,
        )
        for (challenge_id, member_id), one in progress.items()
    ]
    fields = ["reached", "completions", "last_period", "changed_at"]
    ChallengeProgress.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["member", "challenge"], update_fields=fields
    )
    for challenge_id, member_id in near:
        number = len(progress[challenge_id, member_id].completions) + 1
        ChallengeProgress.objects.filter(challenge_id=challenge_id, member_id=member_id).update(
            told_near=number
        )


def _is_near(progress: Progress, known: ChallengeProgress | None) -> bool:
    """Whether so little is missing for the first time on the way to this completion."""
    told = known.told_near if known else 0
    near = max(progress.needed // NEAR, 1)
    return 0 < progress.missing <= near and progress.reached > 0 and told <= len(progress.completions)


def _near_news(running: Running, pair: Pair, progress: Progress, now: datetime) -> Announcement:
    event = ChallengeProgressed(
        programme_code=running.programme_code,
        challenge_code=running.code,
        title=running.name,
        missing=progress.missing,
        needed=progress.needed,
    )
    return Announcement(event, member_id=pair[1], happened_at=now)
