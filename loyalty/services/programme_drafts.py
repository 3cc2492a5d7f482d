"""The way of terms, limits of corrections and programmes' files: draft, submitted, approved by another."""

from datetime import datetime
from typing import Any

from django.db import transaction

from config.ground.typed import dump, load
from loyalty.errors import RuleDraftOfAnother, TermsNotValid
from loyalty.models import CorrectionLimit, ProgrammeDraft
from loyalty.models.programme_drafts import DraftKind
from loyalty.queries.drafts import list_waiting, lock_terms, needs_approval
from loyalty.queries.programme_drafts import (
    find_open_programme_draft,
    find_terms,
    list_limits,
)
from loyalty.queries.programme_files import find_programme_file
from loyalty.rules.programme_files import ProgrammeFile, TermsPart
from loyalty.services.coming_terms import let_hold
from loyalty.services.drafts import DraftRoad, begin
from loyalty.services.programme_files import bring_file


def write_terms_draft(
    programme_id: int, terms: TermsPart, *, live_from: datetime | None = None, by: str, now: datetime
) -> ProgrammeDraft:
    """Write down what the terms shall be. One's own open draft is written over, and is to be submitted again.

    :param live_from: from when on; None for the moment of approval.
    :param by: who writes, e.g. `staff:3`.
    :raises RuleDraftOfAnother: somebody else has a draft of them open.
    :raises TermsNotValid: from a later moment on another number of persons would be asked.
    """
    held = find_terms(programme_id)
    if live_from is not None and held and held.rules_need_approval != terms.rules_need_approval:
        raise TermsNotValid("Whether a second person approves is changed by itself, and at once.")
    return _write(programme_id, DraftKind.TERMS, dump(terms), live_from=live_from, by=by, now=now)


def write_limits_draft(
    programme_id: int, changed: dict[str, int], *, by: str, now: datetime
) -> ProgrammeDraft:
    """As `write_terms_draft`, for limits of corrections; what one's own open draft changes already stays in it.

    :param changed: role -> points, of the roles that change.
    """
    own = find_open_programme_draft(programme_id, DraftKind.LIMITS)
    limits = own.definition if own else list_limits(programme_id)
    return _write(programme_id, DraftKind.LIMITS, {**limits, **changed}, by=by, now=now)


def write_file_draft(programme_id: int, file: ProgrammeFile, *, by: str, now: datetime) -> ProgrammeDraft:
    """As `write_terms_draft`, for all that a file says."""
    return _write(programme_id, DraftKind.FILE, dump(file), by=by, now=now)


@transaction.atomic
def _write(
    programme_id: int,
    kind: DraftKind,
    definition: Any,
    *,
    live_from: datetime | None = None,
    by: str,
    now: datetime,
) -> ProgrammeDraft:
    lock_terms(programme_id)
    draft = find_open_programme_draft(programme_id, kind) or ProgrammeDraft(
        programme_id=programme_id, kind=kind, made_by=by
    )
    if draft.made_by != by:
        raise RuleDraftOfAnother
    draft.definition, draft.live_from = definition, live_from
    begin(draft, by=by, now=now)
    draft.save()
    return draft


def _publish(draft: ProgrammeDraft, by: str, now: datetime) -> None:
    """Let the terms, limits or all that a file names be what the draft says.

    :raises TermsNotValid: it asks for nobody else from now on, while something else waits for a second person; or
        other terms wait for their time.
    :raises Refusal: as `bring_file`.
    """
    if draft.kind == DraftKind.FILE:
        draft.before = dump(find_programme_file(draft.programme.code, now=now))
        file = load(ProgrammeFile, draft.definition)
        approved_by = by if draft.needs_approval else ""
        bring_file(file, by=draft.made_by, approved_by=approved_by, now=now)
        return
    if draft.kind == DraftKind.TERMS:
        _publish_terms(draft, now)
    else:
        draft.before = list_limits(draft.programme_id)
        _bring_limits(draft.programme_id, draft.definition)


def _publish_terms(draft: ProgrammeDraft, now: datetime) -> None:
    terms = load(TermsPart, draft.definition)
    waiting = list_waiting(draft.programme.code)
    if waiting and not terms.rules_need_approval and needs_approval(draft.programme_id):
        raise TermsNotValid(
            f"Waiting for a second person: {', '.join(waiting)}. Decide or discard that first."
        )
    let_hold(draft, now=now)


def _bring_limits(programme_id: int, limits: dict[str, int]) -> None:
    for role, points in limits.items():
        CorrectionLimit.objects.update_or_create(
            programme_id=programme_id, role=role, defaults={"points": points}
        )


PROGRAMME_DRAFTS = DraftRoad(ProgrammeDraft, lambda draft: lock_terms(draft.programme_id), _publish)
submit_programme_draft, approve_programme_draft = PROGRAMME_DRAFTS.submit, PROGRAMME_DRAFTS.approve
send_back_programme_draft, discard_programme_draft = PROGRAMME_DRAFTS.send_back, PROGRAMME_DRAFTS.discard
