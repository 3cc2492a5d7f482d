"""Announcing facts. `publish` runs in the caller's transaction: fact and announcement exist together or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from django.db import connection

from config.outbox.events import Event
from config.outbox.registry import subscribers_of


@dataclass(frozen=True, slots=True)
class Announcement:
    """One of many events for `publish_many`."""

    event: Event
    member_id: int | None
    happened_at: datetime


def publish(event: Event, *, member_id: int | None, happened_at: datetime, now: datetime) -> int:
    """Write an event and one waiting delivery for each subscriber.

    :return: the event's id.
    """
    payload = msgspec.json.encode(event).decode()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT outbox_publish(%s, %s, %s::jsonb, %s, %s, %s::text[])",
            [event.name, member_id, payload, happened_at, now, subscribers_of(type(event))],
        )
        return int(cursor.fetchone()[0])


def publish_many(announcements: Sequence[Announcement], *, now: datetime) -> int:
    """`publish` for a batch, in one statement however many there are; ids follow the order given.

    :return: how many were written.
    """
    if not announcements:
        return 0
    events = [one.event for one in announcements]
    kinds = {event.name: type(event) for event in events}
    pairs = [(name, who) for name, kind in kinds.items() for who in subscribers_of(kind)]
    arguments = [
        [event.name for event in events],
        [one.member_id for one in announcements],
        [msgspec.json.encode(event).decode() for event in events],
        [one.happened_at for one in announcements],
        now,
        [name for name, _ in pairs],
        [who for _, who in pairs],
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT outbox_publish_many(%s::text[], %s::bigint[], %s::text[]::jsonb[], %s::timestamptz[], "
            "%s, %s::text[], %s::text[])",
            arguments,
        )
        return int(cursor.fetchone()[0])
