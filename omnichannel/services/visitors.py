"""Who a visitor is: a member signed in on a device or in a session, and what was told of it becomes theirs.

Telling of a name and signing in there exclude each other until commit, so that nothing told meanwhile stays nobody's.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import msgspec
from django.db import connection, transaction

from config.ground.guards import PURGING
from members.services.profiles import lock_unforgotten
from omnichannel.models import KnownVisitor, VisitorKind
from omnichannel.queries.behaviour import list_event_types
from omnichannel.queries.visitors import Visit, find_holders, find_newest, list_visits, lock_names
from omnichannel.rules.behaviour import earns_when_claimed, is_claimable
from omnichannel.services.behaviour import write_events_of_members

VISITS_AT_ONCE = 1_000


class Claimed(msgspec.Struct, frozen=True):
    """So many events became a member's, and so many of them may earn."""

    events: int
    counted: int


@transaction.atomic
def claim_visits(
    member_id: int, *, device: str = "", session: str = "", programme_id: int | None = None, now: datetime
) -> Claimed:
    """A member is on this device, or in this session, from now on: what was told of it before is theirs, unless
    somebody signed in there earlier; and what will be, until somebody else signs in. Safe to repeat.

    :param device: a name that nobody can guess; so `session`. Others are passed over.
    :param programme_id: the programme whose shop says so; None: the member did, for all of them.
    :raises MemberNotActive: the member was erased.
    """
    names = {VisitorKind.DEVICE: device, VisitorKind.SESSION: session}
    names = {kind: name for kind, name in names.items() if is_claimable(name)}
    if not names:
        return Claimed(0, 0)
    lock_unforgotten(member_id)
    lock_names(names.values())
    KnownVisitor.objects.bulk_create(
        (
            KnownVisitor(kind=kind, name=name, member_id=member_id, programme_id=programme_id, known_from=now)
            for kind, name in names.items()
            if programme_id is None or find_newest(kind, name, programme_id, until=now) != member_id
        ),
        ignore_conflicts=True,
    )
    return _move_visits(
        names.get(VisitorKind.DEVICE, ""), names.get(VisitorKind.SESSION, ""), programme_id, now=now
    )


def _move_visits(device: str, session: str, programme_id: int | None, *, now: datetime) -> Claimed:
    """Make visits of these names events of whose they are, some at a time."""
    after = moved = counted = 0
    while visits := list_visits(
        device, session, programme_id=programme_id, after=after, limit=VISITS_AT_ONCE
    ):
        after = visits[-1].id
        for _, several in groupby(
            sorted(visits, key=lambda one: one.programme_id), lambda one: one.programme_id
        ):
            taken = _take(list(several))
            moved += len(taken)
            counted += _write(taken, now=now)
    return Claimed(moved, counted)


def _take(visits: Sequence[Visit]) -> list[tuple[Visit, int]]:
    """Those of one programme that are somebody's, and whose; out of their table."""
    holders = find_holders([one.seen for one in visits], programme_id=visits[0].programme_id)
    held = {one.id: holder for one, holder in zip(visits, holders, strict=True) if holder is not None}
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, 'on', true)", [PURGING])
        cursor.execute(
            "DELETE FROM omnichannel_visitorevent WHERE id = ANY (%s::bigint[]) RETURNING id", [list(held)]
        )
        gone = {id_ for (id_,) in cursor.fetchall()}
        cursor.execute("SELECT set_config(%s, 'off', true)", [PURGING])
    return [(one, held[one.id]) for one in visits if one.id in gone]


def _write(taken: Sequence[tuple[Visit, int]], *, now: datetime) -> int:
    """How many of them count."""
    if not taken:
        return 0
    first, _ = taken[0]
    types = list_event_types(first.programme_id)
    rows: list[dict[str, Any]] = [
        {
            **msgspec.structs.asdict(one),
            "recorded_at": now,
            "member_id": member_id,
            "is_counted": earns_when_claimed(types.get(one.type_code), one.happened_at, now=now),
        }
        for one, member_id in taken
    ]
    return write_events_of_members(rows, types, first.programme_code, now=now)
