"""Doors for the clock."""

import time
from typing import Any

from celery import shared_task

from config.ground import clock
from omnichannel.services.behaviour import forget_old_visits
from omnichannel.services.sending import LARGEST_BATCH, send_due

WORK_S = 20.0
"""How long one run goes on while messages wait; the next tick takes over from there."""

VISITS_PER_STATEMENT = 10_000
STATEMENTS_PER_RUN = 50


@shared_task(name="omnichannel.send_due_messages", acks_late=True)
def send_due_messages(**_newer_arguments: Any) -> int:
    """Send what is due, batch after batch, for a bounded while. Safe to repeat, any number at once."""
    end = time.monotonic() + WORK_S
    sent = 0
    while time.monotonic() < end:
        batch = send_due(LARGEST_BATCH, now=clock.now())
        sent += batch.sent
        if batch.claimed < LARGEST_BATCH:
            break
    return sent


@shared_task(name="omnichannel.forget_visits", acks_late=True)
def forget_visits(**_newer_arguments: Any) -> int:
    """Remove what visitors did after 90 days. Bounded, safe to repeat, any number at once."""
    now = clock.now()
    forgotten = 0
    for _ in range(STATEMENTS_PER_RUN):
        gone = forget_old_visits(now=now, limit=VISITS_PER_STATEMENT)
        forgotten += gone
        if gone < VISITS_PER_STATEMENT:
            break
    return forgotten
