"""Doors for the clock."""

import time
from typing import Any

from celery import shared_task

from config.ground import clock
from omnichannel.services.sending import LARGEST_BATCH, send_due

WORK_S = 20.0
"""How long one run goes on while messages wait; the next tick takes over from there."""


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
