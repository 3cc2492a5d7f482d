"""What challenges have to know: which there are, what was kept of purchases, how far members have come."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection
from django.db.models import Q

from config.ground.typed import load
from loyalty.errors import ChallengeNotFound
from loyalty.models import Challenge, ChallengeProgress, ChallengeReward, ChallengeStep
from loyalty.rules.challenge_counting import PurchaseNow, Units, units_of
from loyalty.rules.challenge_standing import Step
from loyalty.rules.challenges import ChallengeDefinition

Pair = tuple[int, int]
"""Ids of a challenge and a member."""


@dataclass(frozen=True)
class Running:
    """A challenge that was started, be it over or still to come: what is told late counts where it belongs."""

    id: int
    programme_id: int
    programme_code: str
    currency: str
    code: str
    name: str
    zone: ZoneInfo
    definition: ChallengeDefinition
    live_from: datetime
    live_until: datetime | None

    @cached_property
    def units(self) -> Units:
        """How many units a purchase is."""
        return units_of(self.definition.goal, self.zone)

    def is_live(self, at: datetime) -> bool:
        """Whether what happened at a moment counts."""
        return self.live_from <= at and (self.live_until is None or at < self.live_until)


_PURCHASES = """
SELECT json_build_object('order_ref', o.ref, 'member_id', o.member_id, 'programme_id', o.programme_id,
  'place_code', p.code, 'place_kind', p.kind, 'placed_at', o.placed_at,
  'paid_by', (SELECT coalesce(json_agg(x->>'kind'), '[]') FROM jsonb_array_elements(o.payments) x),
  'lines', (SELECT coalesce(json_agg(json_build_object('sku', l.sku, 'category', l.category,
      'department', l.department, 'brand', l.brand, 'kind', l.kind, 'quantity', l.quantity,
      'returned', omnichannel_returned(o.id, l.position), 'unit_price_minor', l.unit_price_minor,
      'discount_minor', l.discount_minor, 'tax_minor', l.tax_minor, 'paid_minor', l.paid_minor)
      ORDER BY l.position), '[]')
    FROM omnichannel_orderline l WHERE l.order_id = o.id AND l.member_id = o.member_id))::text
FROM omnichannel_order o JOIN omnichannel_place p ON p.id = o.place_id
"""
_decoder = msgspec.json.Decoder(PurchaseNow)


def running_of(row: Challenge) -> Running:
    """A started challenge, or a draft that is tried, as the rules take it. Its programme was selected with it."""
    return Running(
        id=row.pk,
        programme_id=row.programme_id,
        programme_code=row.programme.code,
        currency=row.programme.currency,
        code=row.code,
        name=row.name,
        zone=ZoneInfo(row.programme.timezone),
        definition=load(ChallengeDefinition, row.definition),
        live_from=row.live_from or row.made_at,
        live_until=row.live_until,
    )


def list_started(programme_ids: Iterable[int] = (), codes: Iterable[str] = ()) -> list[Running]:
    """The challenges of these programmes, by id or code, that were ever started, the oldest first."""
    chosen = Q(programme_id__in=set(programme_ids)) | Q(programme__code__in=set(codes))
    rows = Challenge.objects.filter(chosen, started_at__isnull=False).select_related("programme")
    return [running_of(row) for row in rows.order_by("pk")]


def get_challenge(challenge_id: int) -> Challenge:
    """
    :raises ChallengeNotFound: there is none with this id.
    """
    row = Challenge.objects.select_related("programme").filter(pk=challenge_id).first()
    if row is None:
        raise ChallengeNotFound
    return row


def lock_play(programme_ids: Collection[int]) -> None:
    """Let nobody else count for challenges of these programmes until commit, so that what is read stays true."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('challenges:' || x, 0))"
            " FROM unnest(%s::bigint[]) x ORDER BY x",
            [sorted(set(programme_ids))],
        )


def find_purchases(order_refs: Collection[str]) -> list[PurchaseNow]:
    """Members' purchases as they stand now."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_PURCHASES} WHERE o.ref = ANY (%s::text[])", [list(order_refs)])
        return [_decoder.decode(row) for (row,) in cursor.fetchall()]


def find_purchases_of(
    member_ids: Collection[int], programme_id: int, *, since: datetime, until: datetime | None
) -> list[PurchaseNow]:
    """What these members bought in a stretch of time, as it stands now."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_PURCHASES} WHERE o.member_id = ANY (%s::bigint[]) AND o.programme_id = %s AND o.placed_at >= %s"
            " AND (%s::timestamptz IS NULL OR o.placed_at < %s::timestamptz)",
            [list(member_ids), programme_id, since, until, until],
        )
        return [_decoder.decode(row) for (row,) in cursor.fetchall()]


@dataclass(frozen=True)
class ActNow:
    """An act of a member."""

    ref: str
    member_id: int
    type: str
    happened_at: datetime


def find_acts_of(
    member_ids: Collection[int], programme_id: int, type_code: str, *, since: datetime, until: datetime | None
) -> list[ActNow]:
    """The acts of one type that these members did in a stretch of time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ref, member_id, type_code, happened_at FROM omnichannel_behaviourevent"
            " WHERE member_id = ANY (%s::bigint[]) AND programme_id = %s AND type_code = %s AND happened_at >= %s"
            " AND is_counted AND (%s::timestamptz IS NULL OR happened_at < %s::timestamptz)",
            [list(member_ids), programme_id, type_code, since, until, until],
        )
        return [ActNow(*row) for row in cursor.fetchall()]


def list_members_after(member_id: int, *, limit: int) -> list[int]:
    """The ids of the next members."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM members_member WHERE id > %s ORDER BY id LIMIT %s", [member_id, limit])
        return [id_ for (id_,) in cursor.fetchall()]


def list_steps_of(pairs: Collection[Pair]) -> dict[Pair, list[Step]]:
    """What counted for each of these members."""
    steps: dict[Pair, list[Step]] = {pair: [] for pair in pairs}
    rows = ChallengeStep.objects.filter(_of(pairs), units__gt=0)
    for row in rows:
        if (row.challenge_id, row.member_id) in steps:
            step = Step(
                cause=row.cause, happened_at=row.happened_at, happened_on=row.happened_on, units=row.units
            )
            steps[row.challenge_id, row.member_id].append(step)
    return steps


def list_progress_of(pairs: Collection[Pair]) -> dict[Pair, ChallengeProgress]:
    """How far each of these members was when it was written down."""
    rows = ChallengeProgress.objects.filter(_of(pairs))
    return {(row.challenge_id, row.member_id): row for row in rows}


def list_rewards_of(pairs: Collection[Pair]) -> dict[Pair, dict[int, ChallengeReward]]:
    """What each of these members got, by the number of the completion."""
    rewards: dict[Pair, dict[int, ChallengeReward]] = {pair: {} for pair in pairs}
    for row in ChallengeReward.objects.filter(_of(pairs)):
        rewards.setdefault((row.challenge_id, row.member_id), {})[row.number] = row
    return rewards


def _of(pairs: Collection[Pair]) -> Q:
    """Rows of these members in these challenges, and perhaps some of the same members in others of them."""
    return Q(
        challenge_id__in={challenge_id for challenge_id, _ in pairs},
        member_id__in={member_id for _, member_id in pairs},
    )


def lock_challenge_to_catch_up() -> Challenge | None:
    """The oldest challenge of which the past is still to be counted, locked; None if there is none to take."""
    rows = Challenge.objects.select_for_update(skip_locked=True, no_key=True, of=("self",)).select_related(
        "programme"
    )
    return rows.filter(caught_up_to__isnull=False).order_by("pk").first()


class Sums(NamedTuple):
    """What a challenge has done so far, after returns: `members` of whom something counted, `completed` of them."""

    members: int
    completed: int
    completions: int
    points: int
    vouchers: int


def sums_of(challenges: Sequence[Challenge]) -> dict[int, Sums]:
    """The sums of each of these challenges, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c, coalesce(p.members, 0), coalesce(p.completed, 0), coalesce(p.completions, 0),
              coalesce(r.points, 0), coalesce(r.vouchers, 0)
            FROM unnest(%(ids)s::bigint[]) c
            LEFT JOIN (SELECT challenge_id, count(*) FILTER (WHERE reached > 0 OR completions > 0) AS members,
                count(*) FILTER (WHERE completions > 0) AS completed, sum(completions)::bigint AS completions
              FROM loyalty_challengeprogress WHERE challenge_id = ANY (%(ids)s::bigint[]) GROUP BY 1) p
              ON p.challenge_id = c
            LEFT JOIN (SELECT challenge_id, sum(points)::bigint AS points,
                count(*) FILTER (WHERE has_voucher) AS vouchers
              FROM loyalty_challengereward WHERE challenge_id = ANY (%(ids)s::bigint[]) GROUP BY 1) r
              ON r.challenge_id = c
            """,
            {"ids": [one.pk for one in challenges]},
        )
        return {row[0]: Sums(*row[1:]) for row in cursor.fetchall()}
