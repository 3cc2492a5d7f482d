"""Keeping the features true.

Sums are never added to: the days and months that were touched are read again from the orders, so an event
told twice or out of order changes nothing, and a rebuild is the same work for every day there is.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from campaigns.queries import features, programmes
from campaigns.queries.feature_sql import CATEGORY_SUMS, DAY_SUMS, ENDED_TIERS, FEATURES
from campaigns.queries.programmes import ProgrammeFacts
from campaigns.queries.segments import list_stale_segments
from campaigns.services import segments

MEMBERS_AT_ONCE = 2_000
_LOCK = 0x0FEA


@dataclass(frozen=True, slots=True)
class Touched:
    """A member of whom something changed; `bought_at` is the moment of the purchase, if that was it.

    Without a programme the change concerns every programme the member is known in.
    """

    member_id: int
    programme_code: str = ""
    bought_at: datetime | None = None


@transaction.atomic
def learn(touched: Iterable[Touched], *, now: datetime) -> None:
    """Bring the features and segments of these members up to date, of nobody who was erased. Safe to repeat, in any
    order."""
    for programme, changed in _by_programme(list(touched)):
        zone = ZoneInfo(programme.timezone)
        days = {(one.member_id, one.bought_at.astimezone(zone).date()) for one in changed if one.bought_at}
        members = sorted({one.member_id for one in changed})
        _lock(programme.id, "pg_advisory_xact_lock_shared")
        _derive(programme, members, days, now)
        segments.refresh_members(programme.id, members, now=now)


def rebuild_features(programme_id: int, *, now: datetime) -> int:
    """Derive everything of a programme from its orders again and refresh its segments; the number of members.

    Works through the members in slices with a transaction each, so it can be stopped and started again.
    """
    programme = programmes.get_programme_by_id(programme_id)
    count, after = 0, 0
    while members := features.list_known_members(programme_id, after=after, limit=MEMBERS_AT_ONCE):
        with transaction.atomic():
            _lock(programme_id, "pg_advisory_xact_lock")
            days = features.list_days(members, programme_id, programme.timezone)
            _derive(programme, members, days, now)
        count, after = count + len(members), members[-1]
    segments.refresh_all(programme.id, now=now)
    return count


def _by_programme(touched: Sequence[Touched]) -> Iterator[tuple[ProgrammeFacts, list[Touched]]]:
    """The changes of each programme, programmes in order of their codes."""
    everywhere = {one.member_id for one in touched if not one.programme_code}
    known = features.list_programme_codes(everywhere)
    spread = [Touched(member_id, code) for member_id, code in known]
    changes: dict[str, list[Touched]] = {}
    for one in [*(one for one in touched if one.programme_code), *spread]:
        changes.setdefault(one.programme_code, []).append(one)
    for code in sorted(changes):
        yield programmes.get_programme(code), changes[code]


def _derive(
    programme: ProgrammeFacts, members: list[int], days: Collection[tuple[int, date]], now: datetime
) -> None:
    remembered = set(features.leave_erased_out(members))
    ordered = sorted(day for day in days if day[0] in remembered)
    values: dict[str, Any] = {
        "programme": programme.id,
        "zone": programme.timezone,
        "members": [member_id for member_id, _day in ordered],
        "days": [day for _member_id, day in ordered],
        "all_members": sorted(remembered),
        "now": now,
    }
    with connection.cursor() as cursor:
        if ordered:
            cursor.execute(DAY_SUMS, values)
            cursor.execute(CATEGORY_SUMS, values)
        cursor.execute(FEATURES, values)


def _lock(programme_id: int, how: str) -> None:
    """Learning shares, a rebuild excludes: else it would write sums from before an order that was just learnt."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {how}(%s, %s)", [_LOCK, programme_id])


def turn_the_day(*, now: datetime) -> int:
    """Refresh the programmes that have segments from an earlier day: tiers first, then memberships; how many segments.

    Asks which day each segment is true for, so a night without workers is made up for in the morning.
    """
    stale = list_stale_segments(now)
    for programme_id in sorted({segment.programme_id for segment in stale}):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(ENDED_TIERS, {"programme": programme_id, "now": now})
    for segment in stale:
        segments.refresh_segment(segment.pk, now=now)
    return len(stale)
