"""Which member a device or session is: who signed in there, from when on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zlib import crc32

import msgspec
from django.db import connection
from django.db.models import Q

from omnichannel.models import KnownVisitor

LOCKS = 16
"""Names share so few locks, however many a batch has."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was told of a device or session, and when it happened."""

    device: str
    session: str
    happened_at: datetime


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """An event of nobody, as it was told."""

    id: int
    ref: str
    programme_id: int
    programme_code: str
    type_code: str
    source: str
    external_id: str
    device: str
    session: str
    place_id: int | None
    place_code: str
    properties: dict[str, str | bool | int | float]
    happened_at: datetime

    @property
    def seen(self) -> Seen:
        return Seen(self.device, self.session, self.happened_at)


_HOLDERS = """
SELECT e.n, m.id FROM unnest(%(devices)s::text[], %(sessions)s::text[], %(moments)s::timestamptz[])
    WITH ORDINALITY AS e(device, session, happened_at, n)
CROSS JOIN LATERAL (
    SELECT k.member_id FROM omnichannel_knownvisitor k
    WHERE (k.kind, k.name) IN (('device', e.device), ('session', e.session))
        AND (k.programme_id IS NULL OR k.programme_id = %(programme)s)
    ORDER BY k.kind DESC, k.known_from <= e.happened_at DESC, abs(extract(epoch FROM k.known_from - e.happened_at))
    LIMIT 1
) k
JOIN members_member g ON g.id = k.member_id
JOIN members_member m ON m.id = coalesce(g.merged_into_id, g.id) AND m.state = 'active'
"""
_VISITS = """
SELECT (to_jsonb(v) || jsonb_build_object('programme_code', p.code, 'place_code', coalesce(l.code, '')))::text
FROM (
    SELECT * FROM omnichannel_visitorevent e
    WHERE id > %(after)s AND (%(programme)s::bigint IS NULL OR programme_id = %(programme)s)
        AND (device = %(device)s AND device <> '' OR session = %(session)s AND session <> '')
    ORDER BY id LIMIT %(limit)s
) v
JOIN omnichannel_programme p ON p.id = v.programme_id
LEFT JOIN omnichannel_place l ON l.id = v.place_id
ORDER BY v.id
"""


def find_holders(seen: Sequence[Seen], *, programme_id: int) -> list[int | None]:
    """Whose each of these is: of who had signed in there last when it happened, or else of who signed in first. What a
    session says comes before what a device says. One statement."""
    holders: list[int | None] = [None] * len(seen)
    told: dict[str, Any] = {
        "devices": [one.device for one in seen],
        "sessions": [one.session for one in seen],
        "moments": [one.happened_at for one in seen],
        "programme": programme_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_HOLDERS, told)
        for place, member_id in cursor.fetchall():
            holders[place - 1] = member_id
    return holders


def list_visits(
    device: str, session: str, *, programme_id: int | None, after: int, limit: int
) -> list[Visit]:
    """What was told of a device or of a session, and is nobody's; the next after a row already seen.

    :param programme_id: to this programme alone.
    """
    told: dict[str, Any] = {
        "device": device,
        "session": session,
        "after": after,
        "limit": limit,
        "programme": programme_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_VISITS, told)
        return [msgspec.json.decode(row, type=Visit) for (row,) in cursor.fetchall()]


def find_newest(kind: str, name: str, programme_id: int, *, until: datetime) -> int | None:
    """Id of who had signed in last on a device or in a session at a moment, as this programme's events see it."""
    seen = Q(programme__isnull=True) | Q(programme_id=programme_id)
    known = KnownVisitor.objects.filter(seen, kind=kind, name=name, known_from__lte=until)
    return known.order_by("-known_from").values_list("member_id", flat=True).first()


def share_names(names: Iterable[str]) -> None:
    """Until commit, let nobody sign in there; others may tell of it meanwhile. One statement."""
    _lock("pg_advisory_xact_lock_shared", names)


def lock_names(names: Iterable[str]) -> None:
    """Until commit, let nobody tell of it or sign in there. One statement."""
    _lock("pg_advisory_xact_lock", names)


def _lock(how: str, names: Iterable[str]) -> None:
    locks = sorted({crc32(name.encode()) % LOCKS for name in names})
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {how}(hashtext('omnichannel.visitors'), n) FROM unnest(%s::int[]) AS n",  # noqa: S608 - one of two
            [locks],
        )
