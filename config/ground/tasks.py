"""The ground's doors for the clock."""

from typing import Any

from celery import shared_task

from config.ground import clock, services

ANSWERS_PER_STATEMENT = 10_000
STATEMENTS_PER_RUN = 50


@shared_task(name="ground.forget", acks_late=True)
def forget(**_newer_arguments: Any) -> int:
    """Remove remembered answers after 30 days and job runs after 90. Bounded, safe to repeat, any number at once."""
    now = clock.now()
    services.forget_old_runs(now=now)
    forgotten = 0
    for _ in range(STATEMENTS_PER_RUN):
        gone = services.forget_old_answers(now=now, limit=ANSWERS_PER_STATEMENT)
        forgotten += gone
        if gone < ANSWERS_PER_STATEMENT:
            break
    return forgotten
