"""What the ground itself does: move a sandbox's clock, forget answers that are old enough."""

from datetime import datetime, timedelta
from math import ceil

from django.conf import settings
from django.db import connection

from config.ground import clock
from config.ground.models import JobRun, SandboxClock
from config.ground.refusals import Refusal

ANSWERS_KEPT = timedelta(days=30)
RUNS_KEPT = timedelta(days=90)


class NotASandbox(Refusal):
    status = 404
    code = "not_a_sandbox"
    title = "Only a sandbox can move its clock"


def move_clock(*, to: datetime, real_now: datetime) -> None:
    """Make `clock.now()` go on from `to` or a moment later, in every process within a second.

    :raises NotASandbox: where purchases are real.
    """
    ensure_sandbox()
    offset_s = ceil((to - real_now).total_seconds())
    SandboxClock.objects.update_or_create(pk=1, defaults={"offset_s": offset_s})
    clock.forget_offset()


def set_clock_right() -> None:
    """Let the sandbox's clock tell the real time again.

    :raises NotASandbox: where it never told another.
    """
    ensure_sandbox()
    SandboxClock.objects.all().delete()
    clock.forget_offset()


def ensure_sandbox() -> None:
    """
    :raises NotASandbox: where purchases are real.
    """
    if not settings.SANDBOX:
        raise NotASandbox("Start with REGULARS_SANDBOX=1 to try other days.")


def forget_old_answers(*, now: datetime, limit: int) -> int:
    """Remove answers kept longer than 30 days, at most `limit` of them.

    :return: how many went; fewer than `limit` means none is left.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM ground_idempotencykey WHERE id IN (
                SELECT id FROM ground_idempotencykey WHERE recorded_at < %s
                ORDER BY recorded_at LIMIT %s FOR UPDATE SKIP LOCKED
            )
            """,
            [now - ANSWERS_KEPT, limit],
        )
        return int(cursor.rowcount)


def forget_old_runs(*, now: datetime) -> int:
    """Remove records of job runs that started more than 90 days ago."""
    return JobRun.objects.filter(started_at__lt=now - RUNS_KEPT).delete()[0]
