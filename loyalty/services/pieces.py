"""Long work in pieces: each in one transaction, by whoever has time, and repeatable after any crash."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from django.db import models, transaction

log = logging.getLogger(__name__)

Row = TypeVar("Row", bound=models.Model)


def work_off(lock: Callable[[], Row | None], work: Callable[[Row, datetime], None], *, now: datetime) -> bool:
    """Work one piece off the oldest row that is open; False if there is none to take.

    A piece that fails marks its row (`state`, `finished_at`, `problem`) failed, so that it is not tried for ever.

    :param lock: takes the row that nobody works on, locked until commit.
    """
    with transaction.atomic():
        row = lock()
        if row is None:
            return False
        try:
            with transaction.atomic():
                work(row, now)
        except Exception as fault:
            log.exception("A piece of work failed.", extra={"model": row._meta.label, "id": row.pk})
            problem = f"{type(fault).__name__}: {fault}"[:300]
            same = type(row)._default_manager.filter(pk=row.pk)
            same.update(state="failed", finished_at=now, problem=problem)
    return True
