"""How a member stands in the challenges of a programme, told for apps and for the member's page."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from django.db.models import Q

from loyalty.models import Challenge, ChallengeProgress, ChallengeReward, VoucherSeries
from loyalty.queries.challenges import running_of
from loyalty.rules.challenge_standing import Progress, reached_by
from loyalty.rules.challenge_words import (
    Names,
    given_by_challenge,
    sentence_of_challenge,
    words_of_missing,
    words_of_reached,
)
from loyalty.rules.challenges import ChallengeDefinition, GivesPoints, GivesVoucher, needed_by
from loyalty.rules.condition_words import Manner
from omnichannel.models import Place
from omnichannel.queries.behaviour import list_event_types

SHOWN = 10
"""So many challenges the member's page shows."""


class ChallengeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A challenge that runs, and how far the member has come towards its next completion.

    :ivar kind: `stamp_card`, `mission`, `streak` or `referral`; `says` tells all of it in a sentence.
    :ivar reached: units of `needed`; `missing`: how many more, 0 once it is over.
    :ivar progress: in words: `7 of 9 stamps`; `next`: `2 more stamps until 500 points`, empty once it is over.
    :ivar completed: how often it is complete now; `most`: how often it can be, null for no limit.
    :ivar points, voucher: what completing it gives: points, or the name of a voucher; null where it is not that.
    """

    code: str
    name: str
    words: str
    says: str
    kind: str
    reached: int
    needed: int
    missing: int
    progress: str
    next: str
    gives: str
    points: int | None
    voucher: str | None
    badge: str
    completed: int
    most: int | None
    is_over: bool
    starts_at: datetime
    ends_at: datetime | None


class BadgeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A badge that the member wears, for good."""

    badge: str
    challenge: str
    earned_at: datetime


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """The challenges that run, those that are nearest to their end in front, and the badges."""

    challenges: list[ChallengeAnswer]
    badges: list[BadgeAnswer]


class ChallengeNames(msgspec.Struct, frozen=True):
    """What codes in a programme's challenges are called."""

    series: dict[str, str] = {}
    acts: dict[str, str] = {}
    places: dict[str, str] = {}


def list_challenge_names(programme_id: int) -> ChallengeNames:
    """The names of a programme's series of vouchers, event types and places."""
    return ChallengeNames(
        series=dict(VoucherSeries.objects.filter(programme_id=programme_id).values_list("code", "name")),
        acts={code: kind.title for code, kind in list_event_types(programme_id).items()},
        places=dict(Place.objects.filter(programme_id=programme_id).values_list("code", "name")),
    )


def get_board(member_id: int, programme_id: int, *, now: datetime) -> Board:
    """Seven statements at most, however many challenges there are."""
    live = Challenge.objects.filter(
        Q(live_until=None) | Q(live_until__gt=now),
        programme_id=programme_id,
        started_at__isnull=False,
        live_from__lte=now,
    )
    rows = list(live.select_related("programme"))
    mine = ChallengeProgress.objects.filter(member_id=member_id, challenge__in=rows)
    progress = {row.challenge_id: row for row in mine}
    names = list_challenge_names(programme_id) if rows else ChallengeNames()
    told = [_told(row, progress.get(row.pk), names, now) for row in rows]
    return Board(
        challenges=sorted(told, key=lambda one: (one.is_over, one.missing / one.needed, one.code)),
        badges=list_badges(member_id, programme_id),
    )


def list_badges(member_id: int, programme_id: int) -> list[BadgeAnswer]:
    """The badges of a member, the first earned in front."""
    earned = ChallengeReward.objects.filter(
        member_id=member_id, number=1, challenge__programme_id=programme_id
    ).exclude(challenge__definition__badge="")
    return [
        BadgeAnswer(
            badge=row.challenge.definition["badge"], challenge=row.challenge.name, earned_at=row.completed_at
        )
        for row in earned.select_related("challenge").order_by("completed_at", "pk")
    ]


def said_of(row: Challenge, names: ChallengeNames) -> str:
    """What a challenge says, in a sentence. Its programme was selected with it."""
    running = running_of(row)
    manner = Manner(currency=running.currency, zone=running.zone)
    return sentence_of_challenge(
        running.definition, manner, series=names.series, acts=names.acts, places=names.places
    )


def _told(
    row: Challenge, mine: ChallengeProgress | None, names: ChallengeNames, now: datetime
) -> ChallengeAnswer:
    running = running_of(row)
    definition, needed = running.definition, needed_by(running.definition.goal)
    completed = mine.completions if mine else 0
    is_over = definition.most is not None and completed >= definition.most
    reached = needed if is_over else _reached(definition, mine, running.zone, now)
    missing = 0 if is_over else needed - reached
    gives = definition.gives
    return ChallengeAnswer(
        code=row.code,
        name=row.name,
        words=row.words,
        says=said_of(row, names),
        kind=str(row.definition["goal"]["type"]),
        reached=reached,
        needed=needed,
        missing=missing,
        progress=words_of_reached(definition.goal, reached, needed),
        next=words_of_missing(definition, missing, names.series) if missing else "",
        gives=given_by_challenge(definition, names.series),
        points=gives.points if isinstance(gives, GivesPoints) else None,
        voucher=_name(gives.series, names.series) if isinstance(gives, GivesVoucher) else None,
        badge=definition.badge,
        completed=completed,
        most=definition.most,
        is_over=is_over,
        starts_at=running.live_from,
        ends_at=running.live_until,
    )


def _name(code: str, names: Names) -> str:
    return names.get(code, code)


def _reached(
    definition: ChallengeDefinition, mine: ChallengeProgress | None, zone: ZoneInfo, now: datetime
) -> int:
    if mine is None:
        return 0
    progress = Progress(
        reached=mine.reached,
        needed=needed_by(definition.goal),
        completions=[],
        is_over=False,
        last_period=mine.last_period,
    )
    return reached_by(definition, progress, now.astimezone(zone).date())


class ChallengeHeld(msgspec.Struct, frozen=True):
    """A challenge that a member takes part in; `state` is open, complete or ended."""

    id: int
    name: str
    progress: str
    completed: int
    state: str


def list_challenges_held(member_id: int, *, now: datetime) -> list[ChallengeHeld]:
    """The challenges in which something of a member counted, the latest first; ten at most. One statement."""
    rows = ChallengeProgress.objects.filter(member_id=member_id).select_related("challenge__programme")
    return [_held(row, now) for row in rows.order_by("-changed_at", "-pk")[:SHOWN]]


def list_badges_held(member_id: int) -> list[str]:
    """The badges that a member wears, in all programmes."""
    earned = ChallengeReward.objects.filter(member_id=member_id, number=1)
    shown = earned.exclude(challenge__definition__badge="").order_by("completed_at", "pk")
    return list(shown.values_list("challenge__definition__badge", flat=True))


def _held(row: ChallengeProgress, now: datetime) -> ChallengeHeld:
    running = running_of(row.challenge)
    definition, needed = running.definition, needed_by(running.definition.goal)
    is_over = definition.most is not None and row.completions >= definition.most
    reached = needed if is_over else _reached(definition, row, running.zone, now)
    state = "complete" if is_over else "open" if running.is_live(now) else "ended"
    return ChallengeHeld(
        row.challenge_id,
        row.challenge.name,
        words_of_reached(definition.goal, reached, needed),
        row.completions,
        state,
    )
