"""A file that somebody brings: it holds at once, or waits as a whole for a second person."""

from datetime import datetime

import msgspec
from django.db import transaction

from loyalty.errors import ProgrammeFileNotFitting
from loyalty.queries.drafts import has_waiting_file
from loyalty.queries.programme_files import find_programme_file
from loyalty.rules.programme_files import ProgrammeFile, has_changes, without_ended
from loyalty.services.programme_drafts import submit_programme_draft, write_file_draft
from loyalty.services.programme_files import Brought, bring_file
from omnichannel.services.places import open_programme

THE_FILE = "The file"
"""What waits where all of a file does."""

ANOTHER = "another person"


def try_programme(file: ProgrammeFile, *, by: str, now: datetime) -> Brought:
    """What bringing the file in would change, and what would wait. It is brought in and undone, so that whatever
    refuses the one refuses the other.

    :raises Refusal: as `bring_programme`.
    """
    with transaction.atomic():
        brought = bring_programme(file, by=by, now=now)
        transaction.set_rollback(True)
    return brought


@transaction.atomic
def bring_programme(file: ProgrammeFile, *, by: str, now: datetime) -> Brought:
    """Make the programme what the file says. Where its terms ask for a second person all that the file changes, names
    and benefits too, is one draft, and nothing holds before it is approved.

    :raises RuleDraftOfAnother: somebody else's file waits.
    :raises Refusal: as `bring_file`, at once though it would only wait.
    """
    today = find_programme_file(file.programme.code, now=now)
    if today is None or today.terms is None or not today.terms.rules_need_approval:
        if has_waiting_file(file.programme.code):
            raise ProgrammeFileNotFitting("A file waits for a second person: decide or discard it first.")
        return bring_file(file, by=by, now=now)
    with transaction.atomic():
        brought = bring_file(file, by=by, approved_by=ANOTHER, now=now)
        transaction.set_rollback(True)
    if not has_changes(today, without_ended(file, now)[0]):
        return brought
    programme = open_programme(**msgspec.structs.asdict(today.programme))
    draft = write_file_draft(programme.pk, file, by=by, now=now)
    submit_programme_draft(draft.pk, by=by, now=now, asks_another=True)
    return Brought(brought.changes, [THE_FILE])
