"""Delivering: what waits is handed to its subscriber, batch by batch.

One relay at a time serves a subscriber (an advisory lock until commit); several relays share the subscribers. What
the subscriber writes and the removal of what it learnt are one transaction, so a relay that is killed leaves no trace
and the batch comes again.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from django.db import connection, transaction

from config.outbox.events import Delivered, Event
from config.outbox.registry import Subscriber, list_subscribers

MOST_ATTEMPTS = 12
FIRST_WAIT_S = 1
LONGEST_WAIT_S = 3600

_log = logging.getLogger("regulars.outbox")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery that is due, with its event's row; `payload` is JSON text."""

    id: int
    event_id: int
    attempts: int
    name: str
    payload: str
    member_id: int | None
    happened_at: datetime
    recorded_at: datetime


def deliver_due(*, now: datetime) -> int:
    """One round: a batch to each subscriber that has something waiting. Safe to run any number at once.

    :return: how many deliveries were settled, learnt or failed; 0 means there was nothing to do.
    """
    due = _subscribers_with_work(now)
    return sum(deliver_batch(one, now=now) for one in list_subscribers() if one.name in due)


def deliver_batch(subscriber: Subscriber, *, now: datetime) -> int:
    """Hand one batch to a subscriber, in the order of event ids; if it fails, one by one.

    One by one, each event has a transaction of its own: what a subscriber locks for one is free before the next.
    """
    count, fault = _deliver(subscriber, subscriber.batch, now)
    if fault is None or count == 1:
        return count
    return sum(_deliver(subscriber, 1, now)[0] for _ in range(count))


def _deliver(subscriber: Subscriber, most: int, now: datetime) -> tuple[int, Exception | None]:
    """Hand at most so many events to a subscriber, in a transaction of their own.

    An event that fails alone waits longer each time, and later events of the same member wait with it; after
    `MOST_ATTEMPTS` it is dead: it no longer holds anything up and waits for a person. Of several that fail nothing is
    noted: nobody knows yet which it was.

    :return: how many were handed over, and what the subscriber raised.
    """
    with transaction.atomic(durable=True):
        if not _lock_subscriber(subscriber.name):
            return 0, None
        waiting = _lock_due(subscriber, most, now)
        if not waiting:
            return 0, None
        fault = _learn(subscriber, waiting, now)
        if fault is None:
            _remove(waiting)
        elif len(waiting) == 1:
            _note_failure(waiting[0], fault, now)
        return len(waiting), fault


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many failures: 1 s, 2 s, 4 s ... at most an hour."""
    return timedelta(seconds=min(FIRST_WAIT_S * 2 ** (attempts - 1), LONGEST_WAIT_S))


def _subscribers_with_work(now: datetime) -> set[str]:
    names = [one.name for one in list_subscribers()]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT who FROM unnest(%s::text[]) AS who WHERE EXISTS (
                SELECT 1 FROM outbox_delivery
                WHERE subscriber = who AND NOT is_dead AND next_attempt_at <= %s
            )
            """,
            [names, now],
        )
        return {name for (name,) in cursor.fetchall()}


def _lock_subscriber(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended('outbox:' || %s::text, 0))", [name])
        return bool(cursor.fetchone()[0])


def _lock_due(subscriber: Subscriber, most: int, now: datetime) -> list[Waiting]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT waiting.id, event.id, waiting.attempts, event.name, event.payload::text, event.member_id,
                   event.happened_at, event.recorded_at
            FROM outbox_delivery AS waiting JOIN outbox_event AS event ON event.id = waiting.event_id
            WHERE waiting.subscriber = %(subscriber)s AND NOT waiting.is_dead AND waiting.next_attempt_at <= %(now)s
              AND NOT EXISTS (
                  SELECT 1 FROM outbox_delivery AS earlier
                  WHERE earlier.subscriber = waiting.subscriber AND earlier.member_id = waiting.member_id
                    AND earlier.id < waiting.id AND earlier.attempts > 0 AND NOT earlier.is_dead
                    AND earlier.next_attempt_at > %(now)s
              )
            ORDER BY waiting.id LIMIT %(limit)s
            FOR UPDATE OF waiting SKIP LOCKED
            """,
            {"subscriber": subscriber.name, "now": now, "limit": most},
        )
        return [Waiting(*row) for row in cursor.fetchall()]


def _learn(subscriber: Subscriber, waiting: Sequence[Waiting], now: datetime) -> Exception | None:
    """Let the subscriber learn within a savepoint; what it raised, if it did."""
    try:
        with transaction.atomic():
            subscriber.learn([_delivered(subscriber, one) for one in waiting], now=now)
    except Exception as fault:
        count, first = len(waiting), waiting[0].event_id
        _log.warning(
            "%s did not learn %d event(s) from %d on.", subscriber.name, count, first, exc_info=fault
        )
        return fault
    return None


def _delivered(subscriber: Subscriber, one: Waiting) -> Delivered:
    kind = subscriber.listens_to.get(one.name)
    if kind is None:
        raise LookupError(f"{subscriber.name} no longer listens to {one.name}.")
    event: Event = msgspec.json.decode(one.payload, type=kind)
    return Delivered(one.event_id, event, one.member_id, one.happened_at, one.recorded_at)


def _remove(waiting: Sequence[Waiting]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM outbox_delivery WHERE id = ANY(%s)", [[one.id for one in waiting]])


def _note_failure(one: Waiting, fault: Exception, now: datetime) -> None:
    attempts = one.attempts + 1
    is_dead = attempts >= MOST_ATTEMPTS
    said = f"{type(fault).__name__}: {fault}".replace("\0", "")[:2000]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE outbox_delivery SET attempts = %s, next_attempt_at = %s, last_error = %s, is_dead = %s
            WHERE id = %s
            """,
            [attempts, now + wait_after(attempts), said, is_dead, one.id],
        )
