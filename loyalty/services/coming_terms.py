"""Terms that hold from a moment on. The row of the terms says what holds; a draft says what is coming, and what was."""

from datetime import datetime

import msgspec
from django.db import transaction

from config.ground.typed import dump, load
from loyalty.errors import TermsNotValid
from loyalty.models import DraftState, ProgrammeDraft, ProgrammeTerms
from loyalty.models.programme_drafts import WAITS, DraftKind
from loyalty.queries.programme_drafts import find_coming_terms, terms_of
from loyalty.rules.programme_files import TermsPart


def let_hold(draft: ProgrammeDraft, *, now: datetime) -> None:
    """Let approved terms hold from their moment, or from now on where it has passed. The draft is not saved.

    :raises TermsNotValid: other terms wait for their time.
    """
    row = _locked(draft.programme_id)
    if find_coming_terms(draft.programme_id) is not None:
        raise TermsNotValid("Other terms wait for their time: withdraw them first.")
    draft.live_from = max(draft.live_from or now, now)
    if draft.live_from > now:
        _move_stamp(row)
    else:
        _begin(draft, row)


@transaction.atomic
def schedule_terms(
    programme_id: int, terms: TermsPart, *, live_from: datetime, by: str, approved_by: str, now: datetime
) -> None:
    """Terms of a file that hold from a moment on.

    :param approved_by: who approved the file; empty where nobody had to.
    :raises TermsNotValid: other terms wait for their time.
    """
    draft = ProgrammeDraft(
        programme_id=programme_id,
        kind=DraftKind.TERMS,
        definition=dump(terms),
        live_from=live_from,
        state=DraftState.APPROVED,
        needs_approval=bool(approved_by),
        made_by=by,
        made_at=now,
        submitted_by=by,
        submitted_at=now,
        decided_by=approved_by or by,
        decided_at=now,
    )
    let_hold(draft, now=now)
    draft.save()


@transaction.atomic
def withdraw_terms(draft: ProgrammeDraft, *, by: str, now: datetime) -> None:
    """Take back terms that wait for their time.

    :raises TermsNotValid: they have begun, were withdrawn before or are none.
    """
    row = _locked(draft.programme_id)
    waiting = ProgrammeDraft.objects.filter(WAITS, pk=draft.pk, live_from__gt=now)
    if not waiting.update(withdrawn_at=now, withdrawn_by=by):
        raise TermsNotValid("These terms have begun, or were withdrawn before.")
    _move_stamp(row)


def begin_terms(*, now: datetime) -> int:
    """Write down terms whose time has come as those that hold. Purchases are settled by them from their very moment,
    whenever this runs. Safe to repeat.

    :return: of how many programmes.
    """
    due = ProgrammeDraft.objects.filter(WAITS, live_from__lte=now)
    return sum(_begin_due(programme_id, now) for programme_id in due.values_list("programme_id", flat=True))


@transaction.atomic
def _begin_due(programme_id: int, now: datetime) -> bool:
    row = _locked(programme_id)
    draft = find_coming_terms(programme_id)
    if draft is None or draft.live_from is None or draft.live_from > now:
        return False
    _begin(draft, row)
    draft.save(update_fields=["before"])
    return True


def _begin(draft: ProgrammeDraft, row: ProgrammeTerms) -> None:
    draft.before = dump(terms_of(row))
    for name, value in msgspec.structs.asdict(load(TermsPart, draft.definition)).items():
        setattr(row, name, value)
    row.save(update_fields=[*TermsPart.__struct_fields__, "updated_at"])


def _locked(programme_id: int) -> ProgrammeTerms:
    """Who changes what is coming waits for whoever else does."""
    return ProgrammeTerms.objects.select_for_update().get(programme_id=programme_id)


def _move_stamp(row: ProgrammeTerms) -> None:
    """Every write of the terms moves their stamp: all processes read anew what is coming."""
    row.save(update_fields=["updated_at"])
