"""Recording what people did: a batch is judged event by event, and written in a handful of statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from django.db import connection, transaction

from config.ground.ids import new_ref
from config.outbox.services import Announcement, publish_many
from members.queries.members import find_active
from omnichannel.events import ActRecorded
from omnichannel.queries.behaviour import find_told, list_event_types
from omnichannel.queries.places import find_place_ids
from omnichannel.queries.visitors import Seen, find_holders, share_names
from omnichannel.rules.behaviour import (
    EventType,
    Fault,
    Value,
    earns_when_claimed,
    find_fault,
    find_fault_of_moment,
    is_claimable,
)

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
_ROWS = f"""SELECT {_COLUMNS}, member_id, is_counted FROM jsonb_to_recordset(%s::jsonb) AS told (
    ref text, programme_id bigint, type_code text, source text, external_id text, device text, session text,
    place_id bigint, properties jsonb, happened_at timestamptz, recorded_at timestamptz, member_id bigint,
    is_counted boolean)"""  # noqa: S608 - our own column names
_OF_MEMBERS = f"INSERT INTO omnichannel_behaviourevent ({_COLUMNS}, member_id, is_counted) {_ROWS}"
_OF_VISITORS = f"INSERT INTO omnichannel_visitorevent ({_COLUMNS}) SELECT {_COLUMNS} FROM ({_ROWS}) AS told"  # noqa: S608 - as above

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

    Acts of members are announced, so that rules can give points for them; what is told of a device or session where a
    member signed in is theirs, and announced only where its type says so.

    :return: an outcome for each event, in the order given.
    """
    return _Batch(told, teller, now).carry_out()


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
        self.visitors = self._find_visitors(fitting)
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

    def _find_visitors(self, fitting: Mapping[str, Told]) -> dict[str, int]:
        """Own id -> id of the member who signed in on the device or in the session of whom nobody is named; asks only
        about names that can be claimed. Nobody signs in there until this is committed."""
        if self.teller.member_id is not None:
            return {}
        seen = {
            id_: Seen(one.device, one.session, one.happened_at)
            for id_, one in fitting.items()
            if one.member is None and (is_claimable(one.device) or is_claimable(one.session))
        }
        if not seen:
            return {}
        share_names({name for one in seen.values() for name in (one.device, one.session)})
        holders = find_holders(list(seen.values()), programme_id=self.teller.programme_id)
        return {id_: holder for id_, holder in zip(seen, holders, strict=True) if holder is not None}

    def _write(self, new: Sequence[tuple[Told, str]]) -> None:
        rows = [self._row(one, ref) for one, ref in new]
        of_members = [row for row in rows if row["member_id"] is not None]
        of_visitors = [row for row in rows if row["member_id"] is None]
        if of_visitors:
            with connection.cursor() as cursor:
                cursor.execute(_OF_VISITORS, [msgspec.json.encode(of_visitors).decode()])
        write_events_of_members(of_members, self.types, self.teller.programme_code, now=self.now)

    def _row(self, one: Told, ref: str) -> dict[str, Any]:
        visitor = self.visitors.get(one.id)
        is_counted = visitor is None or earns_when_claimed(
            self.types[one.type], one.happened_at, now=self.now
        )
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
            "member_id": self.members[one.member] if one.member else visitor or self.teller.member_id,
            "is_counted": is_counted,
        }


def write_events_of_members(
    rows: Sequence[dict[str, Any]], types: Mapping[str, EventType], programme_code: str, *, now: datetime
) -> int:
    """Write what members of one programme did, and announce the acts among it that count.

    :return: how many were announced.
    """
    if not rows:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_OF_MEMBERS, [msgspec.json.encode(rows).decode()])
    acts = [
        _announcement(row, types[row["type_code"]], programme_code)
        for row in rows
        if row["is_counted"] and types[row["type_code"]].is_act
    ]
    return publish_many(acts, now=now)


def _announcement(row: dict[str, Any], kind: EventType, programme_code: str) -> Announcement:
    act = ActRecorded(
        act_ref=row["ref"],
        programme_code=programme_code,
        type_code=row["type_code"],
        title=kind.title,
        source=row["source"],
        place_code=row["place_code"],
        properties=row["properties"],
    )
    return Announcement(act, member_id=row["member_id"], happened_at=row["happened_at"])
