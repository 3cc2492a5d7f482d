"""A challenge tried on what real members did: nothing is written."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from loyalty.queries.challenges import Running, find_acts_of, find_purchases_of
from loyalty.rules.challenge_standing import Step, progress_of, reached_by
from loyalty.rules.challenge_words import words_of_reached
from loyalty.rules.challenges import Acts, counted_of, needed_by
from members.models import Member
from members.rules.people import name_of

TRIED = timedelta(days=365)
"""A challenge that begins now or later is tried on so long a past."""


class Tried(msgspec.Struct, frozen=True):
    """How far a member would have come between two moments, and how many purchases or acts counted."""

    name: str
    ref: str
    since: datetime
    progress: str
    completions: int
    counted: int


def try_on(running: Running, member_ids: Sequence[int], *, now: datetime) -> list[Tried]:
    """How far these members would have come: since the challenge began, or in the last year where it did not yet."""
    since = running.live_from if running.live_from < now - timedelta(days=1) else now - TRIED
    steps = _steps(running, member_ids, since, now)
    members = Member.objects.filter(pk__in=member_ids).order_by("pk")
    return [_tried(running, member, steps[member.pk], since, now) for member in members]


def _steps(
    running: Running, member_ids: Sequence[int], since: datetime, now: datetime
) -> dict[int, list[Step]]:
    of = counted_of(running.definition.goal)
    told: list[tuple[int, str, datetime, int]] = []
    if isinstance(of, Acts):
        acts = find_acts_of(member_ids, running.programme_id, of.act, since=since, until=now)
        told = [(act.member_id, act.ref, act.happened_at, 1) for act in acts]
    elif of is not None:
        bought = find_purchases_of(member_ids, running.programme_id, since=since, until=now)
        told = [(one.member_id, one.order_ref, one.placed_at, running.units(one)) for one in bought]
    steps: dict[int, list[Step]] = {member_id: [] for member_id in member_ids}
    for member_id, cause, at, units in told:
        happened_on = at.astimezone(running.zone).date()
        steps[member_id].append(Step(cause=cause, happened_at=at, happened_on=happened_on, units=units))
    return steps


def _tried(running: Running, member: Member, steps: list[Step], since: datetime, now: datetime) -> Tried:
    definition = running.definition
    progress = progress_of(definition, steps)
    reached = reached_by(definition, progress, now.astimezone(running.zone).date())
    return Tried(
        name=name_of(member),
        ref=member.ref,
        since=since,
        progress=words_of_reached(definition.goal, reached, needed_by(definition.goal)),
        completions=len(progress.completions),
        counted=sum(step.units > 0 for step in steps),
    )
