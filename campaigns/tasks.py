"""Doors for the clock. Each asks the tables what is due; any number may run at once, and a missed tick loses
nothing.
"""

from typing import Any

from celery import shared_task

from campaigns.services import features, runs
from config.ground import clock


@shared_task(name="campaigns.run_due", acks_late=True)
def run_due(**_newer_arguments: Any) -> int:
    """Send what is due: freeze runs and decide their chunks, for some seconds."""
    return runs.run_due(now=clock.now())


@shared_task(name="campaigns.turn_the_day", acks_late=True)
def turn_the_day(**_newer_arguments: Any) -> int:
    """Make true for the new day what flips with the calendar: tiers that ended, windows, birthdays."""
    return features.turn_the_day(now=clock.now())
