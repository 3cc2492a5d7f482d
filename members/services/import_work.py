"""What is to be done about imports, for whoever has time: the clock's task, or a command at the console.

Each import fails for itself: it says so, is tried again later, and the others go on.
"""

import logging
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import OperationalError, connection, transaction
from django.db.models import Q

from members.adapters.exports import forget_copies
from members.models import ImportState, MemberImport
from members.models.imports import AT_WORK
from members.queries.imports import list_at_work, lock_import
from members.services.import_applying import apply_on
from members.services.import_reading import read_import
from members.services.import_undoing import undo_on

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
log = logging.getLogger(__name__)


def work_on(*, now: datetime, may_go_on: Callable[[], bool]) -> int:
    """Go on with every import that is at work, the oldest first; answers how many there were."""
    waiting = list_at_work(now=now)
    for import_id, state in waiting:
        try:
            with connection.wrap_database_errors:
                _STEPS[state](import_id, now=now, may_go_on=may_go_on)
            forget_applied_file(import_id)
        except Exception as fault:
            # What the fault says may be a person's words: the database quotes the row.
            where = "".join(traceback.format_tb(fault.__traceback__))
            said = {"import_id": import_id, "fault": type(fault).__name__, "where": where}
            log.error("An import of members could not go on", extra=said)
            _put_off(import_id, fault, now=now)
        else:
            _forget_stumbles(import_id)
        if not may_go_on():
            break
    return len(waiting)


@transaction.atomic
def forget_applied_file(import_id: int) -> None:
    """What was applied is not read again."""
    batch = lock_import(import_id, ImportState.APPLIED)
    if batch is not None and batch.file:
        forget_copies([batch.file])
        MemberImport.objects.filter(pk=import_id).update(file="")


@transaction.atomic
def _put_off(import_id: int, fault: Exception, *, now: datetime) -> None:
    """Say that it stopped, and try again later and later. What cannot be read is over, unless the database was away."""
    batch = lock_import(import_id, *AT_WORK)
    if batch is None:
        return
    if batch.state == ImportState.READING and not isinstance(fault, OperationalError):
        batch.state = ImportState.FAILED
        batch.problem = (
            f"Reading stopped after row {batch.last_row_read or 1} by something that nobody foresaw"
            f" ({type(fault).__name__}). Look at the rows below that, or save it as CSV, and upload that."
        )
    else:
        batch.stumbles += 1
        batch.try_at = now + min(FIRST_WAIT * 2 ** min(batch.stumbles - 1, 10), LONGEST_WAIT)
        batch.problem = (
            f"It stopped by a fault of the house ({type(fault).__name__}), which is in its log. What was done so far"
            f" is kept, and it is tried again at {batch.try_at:%H:%M} UTC."
        )
    batch.save(update_fields=["state", "problem", "stumbles", "try_at"])


def _forget_stumbles(import_id: int) -> None:
    stumbled = MemberImport.objects.filter(~Q(state=ImportState.FAILED), pk=import_id, stumbles__gt=0)
    stumbled.update(stumbles=0, try_at=None, problem="")


_STEPS = {
    ImportState.READING: read_import,
    ImportState.APPLYING: apply_on,
    ImportState.UNDOING: undo_on,
}
