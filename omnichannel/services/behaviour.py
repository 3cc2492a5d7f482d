"""Recording what people did: a batch is judged event by event, and written in a handful of statements."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from django.db import connection, transaction

from config.ground.guards import PURGING
from config.ground.ids import new_ref
from config.outbox.services import Announcement, publish_many
from members.queries.members import find_active
from omnichannel.events import ActRecorded
from omnichannel.queries.behaviour import find_told, list_event_types
from omnichannel.queries.places import find_place_ids
from omnichannel.rules.behaviour import EventType, Fault, Value, find_fault, find_fault_of_moment

_CLAIM = """
    INSERT INTO omnichannel_eventtold (programme_id, source, teller, external_id, ref, recorded_at)
    SELECT %(programme_id)s, %(source)s, %(teller)s, told.id, told.ref, %(now)s
      FROM unnest(%(ids)s::text[], %(refs)s::text[]) AS told (id, ref)
     ORDER BY told.id
        ON CONFLICT (programme_id, source, teller, external_id) DO NOTHING
    RETURNING external_id
"""
_COLUMNS = """ref, programme_id, type_code, source, external_id, device, session, place_id, properties, happened_at,
    recorded_at"""
_ROWS = f"""SELECT {_COLUMNS}, member_id FROM jsonb_to_recordset(%s::jsonb) AS told (
    ref text, programme_id bigint, type_code text, source text, external_id text, device text, session text,
    place_id bigint, properties jsonb, happened_at timestamptz, recorded_at timestamptz, member_id bigint)"""  # noqa: S608 - our own column names
_OF_MEMBERS = f"INSERT INTO omnichannel_behaviourevent ({_COLUMNS}, member_id) {_ROWS}"
_OF_VISITORS = f"INSERT INTO omnichannel_visitorevent ({_COLUMNS}) SELECT {_COLUMNS} FROM ({_ROWS}) AS told"  # noqa: S608 - as above

_FORGET = """
    WITH old AS (
        DELETE FROM omnichannel_visitorevent WHERE id IN (
            SELECT id FROM omnichannel_visitorevent WHERE recorded_at < %(before)s
             LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
        RETURNING programme_id, source, external_id
    ), told AS (
        DELETE FROM omnichannel_eventtold AS told USING old
         WHERE told.programme_id = old.programme_id AND told.source = old.source AND told.teller = 0
           AND told.external_id = old.external_id
    )
    SELECT count(*) FROM old
"""

VISITS_KEPT = timedelta(days=90)


BROUGHT_BY_TIME = ("event_type_retired", "told_too_late")
"""Reasons that an event which was taken once can have by now: told again, it is known all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """Who tells events.

    :ivar source: a name that stays though keys are rotated, e.g. `webshop`.
    :ivar member_id: of the member whose own app it is; None for the house's shops and services.
    :ivar oldest: how late events may be told; None: at any time.
    """

    programme_id: int
    programme_code: str
    source: str
    member_id: int | None = None
    oldest: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An event as it is told.

    :ivar id: its own id at the source.
    :ivar member: (kind, value) of the member, as `members.queries.members.lookup_of` gives it; None if nobody is named.
    :ivar fault: why it is not taken, where that is known already.
    """

    id: str
    type: str
    happened_at: datetime
    member: tuple[str, str] | None = None
    device: str = ""
    session: str = ""
    place: str = ""
    properties: dict[str, Value] = field(default_factory=dict)
    fault: Fault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of an event. `ref` is ours, also of one that was told before."""

    outcome: Literal["recorded", "known", "refused"]
    ref: str | None = None
    fault: Fault | None = None


@transaction.atomic
def record_events(told: Sequence[Told], *, teller: Teller, now: datetime) -> list[Outcome]:
    """Record events, each for itself: one that is refused leaves the others alone. What was told before counts no more.

    Acts of members are announced, so that rules can give points for them.

    :return: an outcome for each event, in the order given.
    """
    return _Batch(told, teller, now).carry_out()


def forget_old_visits(*, now: datetime, limit: int) -> int:
    """Remove what visitors did, told more than 90 days ago, and that it was told: at most `limit` events.

    :return: how many went; fewer than `limit` means that none is left.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, 'on', true)", [PURGING])
        cursor.execute(_FORGET, {"before": now - VISITS_KEPT, "limit": limit})
        (gone,) = cursor.fetchone()
        cursor.execute("SELECT set_config(%s, 'off', true)", [PURGING])
    return int(gone)


class _Batch:
    def __init__(self, told: Sequence[Told], teller: Teller, now: datetime) -> None:
        self.told, self.teller, self.now = told, teller, now
        self.types = list_event_types(teller.programme_id)
        keys = {one.member for one in told if one.member is not None}
        self.members = find_active(sorted(keys)) if keys else {}
        codes = {one.place for one in told if one.place}
        self.places = find_place_ids(teller.programme_id, codes) if codes else {}

    def carry_out(self) -> list[Outcome]:
        faults = [self._fault(one) for one in self.told]
        fitting: dict[str, Told] = {}
        for one, fault in zip(self.told, faults, strict=True):
            if fault is None:
                fitting.setdefault(one.id, one)
        new = self._claim(fitting)
        late = {
            one.id
            for one, fault in zip(self.told, faults, strict=True)
            if fault and fault.code in BROUGHT_BY_TIME
        }
        known = self._find_known((fitting.keys() | late) - new.keys())
        self._write([(fitting[id_], ref) for id_, ref in new.items()])
        outcomes = []
        for one, fault in zip(self.told, faults, strict=True):
            if fault is not None and not (one.id in known and fault.code in BROUGHT_BY_TIME):
                outcomes.append(Outcome(outcome="refused", fault=fault))
            elif one.id in new and fitting.get(one.id) is one:
                outcomes.append(Outcome(outcome="recorded", ref=new[one.id]))
            else:
                outcomes.append(Outcome(outcome="known", ref=new.get(one.id) or known[one.id]))
        return outcomes

    def _fault(self, one: Told) -> Fault | None:
        """The first reason not to take it."""
        if one.fault is not None:
            return one.fault
        by_member = self.teller.member_id is not None
        if one.member is not None and one.member not in self.members:
            return Fault("member_not_found", "Nobody goes by this.", "/member")
        if one.place and one.place not in self.places:
            return Fault("store_not_found", "There is no store or web shop with this code.", "/store")
        if not (one.member or by_member or one.device or one.session):
            return Fault("nobody_named", "Name a member, or the visitor's device or session.", "/member")
        return find_fault(
            self.types.get(one.type), one.properties, by_member=by_member
        ) or find_fault_of_moment(one.happened_at, now=self.now, oldest=self.teller.oldest)

    def _claim(self, fitting: dict[str, Told]) -> dict[str, str]:
        """Own id -> new ref of those that nobody told before."""
        if not fitting:
            return {}
        refs = {id_: new_ref("evt") for id_ in fitting}
        with connection.cursor() as cursor:
            cursor.execute(
                _CLAIM, self._key() | {"ids": list(refs), "refs": list(refs.values()), "now": self.now}
            )
            won = {id_ for (id_,) in cursor.fetchall()}
        return {id_: ref for id_, ref in refs.items() if id_ in won}

    def _find_known(self, ids: set[str]) -> dict[str, str]:
        return find_told(ids=ids, **self._key()) if ids else {}

    def _key(self) -> dict[str, Any]:
        teller = self.teller
        return {
            "programme_id": teller.programme_id,
            "source": teller.source,
            "teller": teller.member_id or 0,
        }

    def _write(self, new: Sequence[tuple[Told, str]]) -> None:
        rows = [self._row(one, ref) for one, ref in new]
        of_members = [row for row in rows if row["member_id"] is not None]
        of_visitors = [row for row in rows if row["member_id"] is None]
        with connection.cursor() as cursor:
            if of_members:
                cursor.execute(_OF_MEMBERS, [msgspec.json.encode(of_members).decode()])
            if of_visitors:
                cursor.execute(_OF_VISITORS, [msgspec.json.encode(of_visitors).decode()])
        acts = [self._announcement(row, self.types[row["type_code"]]) for row in of_members]
        publish_many([one for one in acts if one is not None], now=self.now)

    def _row(self, one: Told, ref: str) -> dict[str, Any]:
        return {
            "ref": ref,
            "programme_id": self.teller.programme_id,
            "type_code": one.type,
            "source": self.teller.source,
            "external_id": one.id,
            "device": one.device,
            "session": one.session,
            "place_id": self.places.get(one.place),
            "place_code": one.place,
            "properties": one.properties,
            "happened_at": one.happened_at,
            "recorded_at": self.now,
            "member_id": self.members[one.member] if one.member else self.teller.member_id,
        }

    def _announcement(self, row: dict[str, Any], kind: EventType) -> Announcement | None:
        if not kind.is_act:
            return None
        act = ActRecorded(
            act_ref=row["ref"],
            programme_code=self.teller.programme_code,
            type_code=row["type_code"],
            title=kind.title,
            source=row["source"],
            place_code=row["place_code"],
            properties=row["properties"],
        )
        return Announcement(act, member_id=row["member_id"], happened_at=row["happened_at"])
