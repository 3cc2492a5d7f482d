"""A challenge's way: a draft that is written over, started (by another person, where the terms say so), and ended."""

from datetime import datetime

from django.db import transaction

from config.ground.typed import dump, load
from loyalty.errors import ChallengeNotValid, ChallengeStarted
from loyalty.models import Challenge, VoucherSeries
from loyalty.queries.drafts import needs_approval
from loyalty.rules.challenges import Acts, ChallengeDefinition, GivesVoucher, Referral, counted_of
from loyalty.services.drafts import ensure_may_approve
from omnichannel.queries.behaviour import list_event_types


@transaction.atomic
def write_challenge(
    *,
    programme_id: int,
    code: str,
    name: str,
    definition: ChallengeDefinition,
    words: str = "",
    live_from: datetime | None = None,
    live_until: datetime | None = None,
    challenge: Challenge | None = None,
    by: str,
    now: datetime,
) -> Challenge:
    """Write a draft, or what a draft says over.

    :param live_from: None for the moment it is started.
    :param challenge: the draft to write over.
    :raises ChallengeStarted: it is no draft any more.
    :raises ChallengeNotValid: it ends before it starts, its code is taken, or it asks for or gives what there is not.
    """
    if live_until is not None and live_until <= (live_from or now):
        raise ChallengeNotValid("A challenge must end after it starts.", pointer="/live_until")
    _ensure_there_is(definition, programme_id)
    row = challenge or Challenge(programme_id=programme_id, code=code)
    if row.started_at is not None:
        raise ChallengeStarted
    taken = Challenge.objects.filter(programme_id=programme_id, code=code).exclude(pk=row.pk)
    if taken.exists():
        raise ChallengeNotValid(f"There is a challenge {code!r} already.", pointer="/code")
    row.code, row.name, row.words, row.definition = code, name, words, dump(definition)
    row.live_from, row.live_until, row.made_by, row.made_at = live_from, live_until, by, now
    row.save()
    return row


@transaction.atomic
def start_challenge(challenge_id: int, *, read: str, by: str, now: datetime) -> Challenge:
    """Let it count: from the moment it names, be it past or to come, or from now. The past is counted later.

    :param read: the digest of the challenge as whoever starts it read it.
    :raises ChallengeStarted: it was started before.
    :raises NeedsAnotherPerson: who starts it wrote it, and the programme's terms ask for a second person.
    :raises RuleDraftChanged: it was written over since, and says something else.
    :raises ChallengeNotValid: as `write_challenge`.
    """
    row = Challenge.objects.select_for_update(no_key=True).get(pk=challenge_id)
    if row.started_at is not None:
        raise ChallengeStarted
    ensure_may_approve(row, needs_another=needs_approval(row.programme_id), read=read, by=by)
    _ensure_there_is(load(ChallengeDefinition, row.definition), row.programme_id)
    row.live_from = row.live_from or now
    if row.live_until is not None and row.live_until <= row.live_from:
        raise ChallengeNotValid("A challenge must end after it starts.", pointer="/live_until")
    row.started_by, row.started_at = by, now
    row.caught_up_to = 0 if row.live_from < now else None
    row.save()
    return row


@transaction.atomic
def end_challenge(challenge_id: int, *, at: datetime, now: datetime) -> Challenge:
    """Let nothing count that happens from a moment on; what is told late of before still does.

    :raises ChallengeNotValid: it ended before, was never started, or the moment lies in the past.
    """
    row = Challenge.objects.select_for_update(no_key=True).get(pk=challenge_id)
    if row.started_at is None or row.live_from is None:
        raise ChallengeNotValid("It was not started: discard the draft instead.")
    if row.live_until is not None and row.live_until <= now:
        raise ChallengeNotValid("It is over.")
    if at < now or at <= row.live_from:
        raise ChallengeNotValid("It ends now or later, and after it began.", pointer="/live_until")
    row.live_until = at
    row.save()
    return row


def discard_challenge(challenge: Challenge) -> None:
    """Throw a draft away.

    :raises ChallengeStarted: it is no draft any more.
    """
    if challenge.started_at is not None:
        raise ChallengeStarted
    challenge.delete()


def _ensure_there_is(definition: ChallengeDefinition, programme_id: int) -> None:
    """
    :raises ChallengeNotValid: what it asks for or gives is not there.
    """
    of, goal = counted_of(definition.goal), definition.goal
    if isinstance(of, Acts):
        kind = list_event_types(programme_id).get(of.act)
        if kind is None or not kind.is_act:
            raise ChallengeNotValid(f"There is no act {of.act!r}.", pointer="/definition/goal/of/act")
    given = [definition.gives, goal.friend_gives if isinstance(goal, Referral) else None]
    for gives in given:
        if isinstance(gives, GivesVoucher) and not _is_series(gives.series, programme_id):
            raise ChallengeNotValid(
                f"There is no series of vouchers {gives.series!r}.", pointer="/definition/gives/series"
            )


def _is_series(code: str, programme_id: int) -> bool:
    return VoucherSeries.objects.filter(programme_id=programme_id, code=code, revoked_at=None).exists()
