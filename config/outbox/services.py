"""Announcing facts. `publish` runs in the caller's transaction: fact and announcement exist together or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import connection, transaction

from config.ground.guards import PURGING
from config.outbox.events import Event
from config.outbox.models import Delivery
from config.outbox.registry import subscribers_of

EVENTS_KEPT = timedelta(days=90)


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
    arguments: list[Any] = [
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


def replay_dead(delivery_ids: Sequence[int], *, now: datetime) -> int:
    """Let dead deliveries be tried again, at once and with all their attempts.

    :return: how many of them were dead.
    """
    revived = Delivery.objects.filter(pk__in=delivery_ids, is_dead=True)
    return revived.update(is_dead=False, attempts=0, next_attempt_at=now)


def give_up_dead(delivery_ids: Sequence[int]) -> int:
    """Remove dead deliveries that nobody will miss; their events stay.

    :return: how many of them were dead.
    """
    return Delivery.objects.filter(pk__in=delivery_ids, is_dead=True).delete()[0]


def forget_old_events(*, now: datetime, limit: int) -> int:
    """Remove events recorded more than 90 days ago that nobody waits for, at most `limit` of them.

    :return: how many went; fewer than `limit` means none is left.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, 'on', true)", [PURGING])
        cursor.execute(
            """
            DELETE FROM outbox_event WHERE id IN (
                SELECT id FROM outbox_event AS old WHERE old.recorded_at < %s
                  AND NOT EXISTS (SELECT 1 FROM outbox_delivery WHERE event_id = old.id)
                LIMIT %s
            )
            """,
            [now - EVENTS_KEPT, limit],
        )
        gone = int(cursor.rowcount)
        cursor.execute("SELECT set_config(%s, 'off', true)", [PURGING])
    return gone
