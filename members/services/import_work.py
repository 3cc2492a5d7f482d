"""What is to be done about imports, for whoever has time: the clock's task, or a command at the console."""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from members.adapters.exports import forget_copies
from members.models import ImportState, MemberImport
from members.queries.imports import list_at_work, lock_import
from members.services.import_applying import apply_on
from members.services.import_reading import read_import
from members.services.import_undoing import undo_on


def work_on(*, now: datetime, may_go_on: Callable[[], bool]) -> int:
    """Go on with every import that is at work, the oldest first; answers how many there were."""
    waiting = list_at_work()
    for import_id, state in waiting:
        _STEPS[state](import_id, now=now, may_go_on=may_go_on)
        forget_applied_file(import_id)
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


_STEPS = {
    ImportState.READING: read_import,
    ImportState.APPLYING: apply_on,
    ImportState.UNDOING: undo_on,
}
