"""Runs of jobs, kept so that the admin can show what ran, how far it came and how it ended."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from config.ground import clock
from config.ground.models import JobRun


class Progress:
    """How far a run has come. Each call writes, so report chunks, not rows."""

    def __init__(self, run: JobRun) -> None:
        self._run = run

    def expect(self, total: int) -> None:
        """Say how much there is to do."""
        self._run.total = total
        self._run.save(update_fields=["total"])

    def advance(self, done: int) -> None:
        """Say that so many more are done."""
        self._run.done += done
        self._run.save(update_fields=["done"])

    def note(self, detail: str) -> None:
        """Say something a person will want to read."""
        self._run.detail = detail
        self._run.save(update_fields=["detail"])


@contextmanager
def run_job(name: str, now: datetime) -> Iterator[Progress]:
    """Record a run from here to the end of the block; an exception marks it failed and travels on.

    Open no transaction around it: a run that fails must stay visible.

    :param name: `<floor>.<verb>`, e.g. `loyalty.book_expiry`.
    """
    run = JobRun.objects.create(name=name, started_at=now)
    try:
        yield Progress(run)
    except BaseException as fault:
        run.detail = f"{type(fault).__name__}: {fault}"[:2000]
        _end(run, JobRun.State.FAILED)
        raise
    _end(run, JobRun.State.FINISHED)


def _end(run: JobRun, state: JobRun.State) -> None:
    run.state = state
    run.finished_at = max(clock.now(), run.started_at)
    run.save(update_fields=["state", "finished_at", "detail"])
