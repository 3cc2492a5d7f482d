"""The outbox's door for the clock. Delivering is not here: the relay polls the table itself and needs no broker."""

from typing import Any

from celery import shared_task

from config.ground import clock
from config.outbox import services

EVENTS_PER_STATEMENT = 10_000
STATEMENTS_PER_RUN = 50


@shared_task(name="outbox.forget", acks_late=True)
def forget(**_newer_arguments: Any) -> int:
    """Remove delivered events after 90 days. Bounded, safe to repeat, any number at once."""
    now = clock.now()
    forgotten = 0
    for _ in range(STATEMENTS_PER_RUN):
        gone = services.forget_old_events(now=now, limit=EVENTS_PER_STATEMENT)
        forgotten += gone
        if gone < EVENTS_PER_STATEMENT:
            break
    return forgotten
