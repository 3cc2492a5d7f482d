"""Doors for the clock."""

import time
from datetime import timedelta
from typing import Any

from celery import shared_task

from config.ground import clock
from members.services.common_names import count_common_names
from members.services.copies import forget_past_copies, make_waiting_copies
from members.services.erasing import erase_due_members
from members.services.import_work import work_on
from members.services.imports import forget_left_files, forget_unknown_files
from members.services.merging import finish_merges
from members.services.presence import purge_presences
from members.services.retention import apply_retention
from members.services.sign_in import purge_sign_ins
from members.services.sign_in_codes import purge_codes

KEPT = timedelta(days=1)
COPIES_PER_RUN = 5
ERASED_PER_RUN = 20
WORK_S = 20.0
"""How long one run works on imports; the next tick takes over from there."""


@shared_task(name="members.purge_sign_ins", acks_late=True)
def purge_spent_sign_ins(**_newer_arguments: Any) -> int:
    """Delete codes, proofs and tokens a day after they ran out. Safe to repeat, any number at once."""
    before = clock.now() - KEPT
    return purge_codes(before=before) + purge_presences(before=before) + purge_sign_ins(before=before)


@shared_task(name="members.count_names", acks_late=True)
def count_names(**_newer_arguments: Any) -> int:
    """Count how common names are among members. Safe to repeat, any number at once."""
    return count_common_names()


@shared_task(name="members.make_copies", acks_late=True)
def make_copies(**_newer_arguments: Any) -> int:
    """Make the copies of their data that were asked for, and delete files whose days are over. Safe to repeat."""
    now = clock.now()
    forget_past_copies(now=now)
    forget_left_files(now=now)
    return make_waiting_copies(now=now, limit=COPIES_PER_RUN)


@shared_task(name="members.apply_retention", acks_late=True)
def let_past_data_go(**_newer_arguments: Any) -> int:
    """Let go what is past its days, of every kind that floors declare. Safe to repeat, any number at once."""
    now = clock.now()
    forget_unknown_files(now=now)
    return sum(outcome.rows for outcome in apply_retention(now=now))


@shared_task(name="members.erase_due", acks_late=True)
def erase_due(**_newer_arguments: Any) -> int:
    """Erase members whose days of grace are over, and go on with what was begun. Safe to repeat, any number at once."""
    return erase_due_members(now=clock.now(), limit=ERASED_PER_RUN)


@shared_task(name="members.finish_merges", acks_late=True)
def go_on_with_merges(**_newer_arguments: Any) -> int:
    """Go on with merges that something interrupted. Safe to repeat, any number at once."""
    return finish_merges(now=clock.now())


@shared_task(name="members.work_on_imports", acks_late=True)
def work_on_imports(**_newer_arguments: Any) -> int:
    """Read, apply and undo imports, piece by piece, for a bounded while. Safe to repeat, any number at once."""
    end = time.monotonic() + WORK_S
    return work_on(now=clock.now(), may_go_on=lambda: time.monotonic() < end)
