"""The way of a programme's terms and limits of corrections: draft, submitted, approved by another, then they hold."""

from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction

from config.ground.typed import dump, load
from loyalty.errors import RuleDraftNotOpen, RuleDraftOfAnother, TermsNotValid
from loyalty.models import CorrectionLimit, ProgrammeDraft, ProgrammeTerms, RuleDraftState
from loyalty.models.programme_drafts import DraftKind
from loyalty.queries.programme_drafts import (
    find_open_programme_draft,
    find_terms,
    list_limits,
    list_waiting_drafts,
    lock_programme_draft,
)
from loyalty.queries.rule_drafts import list_waiting_rules, needs_approval
from loyalty.rules.programme_files import TermsPart
from loyalty.services.drafts import decide, ensure_may_approve, submit


def write_terms_draft(programme_id: int, terms: TermsPart, *, by: str, now: datetime) -> ProgrammeDraft:
    """Write down what the terms shall be. One's own open draft is written over, and is to be submitted again.

    :param by: who writes, e.g. `staff:3`.
    :raises RuleDraftOfAnother: somebody else has a draft of them open.
    """
    return _write(programme_id, DraftKind.TERMS, dump(terms), by=by, now=now)


def write_limits_draft(
    programme_id: int, changed: dict[str, int], *, by: str, now: datetime
) -> ProgrammeDraft:
    """As `write_terms_draft`, for limits of corrections; what one's own open draft changes already stays in it.

    :param changed: role -> points, of the roles that change.
    """
    own = find_open_programme_draft(programme_id, DraftKind.LIMITS)
    limits = own.definition if own else list_limits(programme_id)
    return _write(programme_id, DraftKind.LIMITS, {**limits, **changed}, by=by, now=now)


@transaction.atomic
def _write(programme_id: int, kind: DraftKind, definition: Any, *, by: str, now: datetime) -> ProgrammeDraft:
    ProgrammeTerms.objects.select_for_update().filter(programme_id=programme_id).first()
    draft = find_open_programme_draft(programme_id, kind) or ProgrammeDraft(
        programme_id=programme_id, kind=kind, made_by=by
    )
    if draft.made_by != by:
        raise RuleDraftOfAnother
    draft.definition, draft.made_at = definition, now
    draft.state, draft.submitted_by, draft.submitted_at, draft.note = RuleDraftState.DRAFT, "", None, ""
    draft.save()
    return draft


@transaction.atomic
def submit_programme_draft(
    draft_id: int, *, by: str, now: datetime, asks_another: bool = False
) -> ProgrammeDraft:
    """Ask for approval. Where the terms ask for no second person it is approved at once.

    :param asks_another: a second person is needed though the terms as they stand ask for none.
    :raises RuleDraftNotOpen: it is not being written any more.
    """
    draft = _lock(draft_id, RuleDraftState.DRAFT)
    needs = asks_another or needs_approval(draft.programme_id)
    submit(draft, needs_approval=needs, by=by, now=now)
    return draft if needs else approve_programme_draft(draft_id, read=draft.digest(), by=by, now=now)


@transaction.atomic
def approve_programme_draft(draft_id: int, *, read: str, by: str, now: datetime) -> ProgrammeDraft:
    """Let the terms or limits be what the draft says, from now.

    :param read: the digest of the draft as whoever approves it read it.
    :raises RuleDraftNotOpen: it does not wait for approval.
    :raises NeedsAnotherPerson: who approves wrote or submitted it, and it asks for a second person.
    :raises RuleDraftChanged: it was written over since, and says something else.
    :raises TermsNotValid: it asks for nobody else from now on, while something else waits for a second person.
    """
    draft = _lock(draft_id, RuleDraftState.SUBMITTED)
    ensure_may_approve(draft, read=read, by=by)
    if draft.kind == DraftKind.TERMS:
        draft.before = dump(find_terms(draft.programme_id))
        _bring_terms(draft, load(TermsPart, draft.definition))
    else:
        draft.before = list_limits(draft.programme_id)
        _bring_limits(draft.programme_id, draft.definition)
    return decide(draft, RuleDraftState.APPROVED, by=by, now=now)


@transaction.atomic
def send_back_programme_draft(draft_id: int, *, note: str, by: str, now: datetime) -> ProgrammeDraft:
    """Let it be written on, with a word on why.

    :raises RuleDraftNotOpen: it does not wait for approval.
    """
    draft = _lock(draft_id, RuleDraftState.SUBMITTED)
    return decide(draft, RuleDraftState.DRAFT, by=by, now=now, note=note)


@transaction.atomic
def discard_programme_draft(draft_id: int, *, by: str, now: datetime) -> ProgrammeDraft:
    """Give it up; it stays written down.

    :raises RuleDraftNotOpen: it was approved or discarded before.
    """
    draft = _lock(draft_id, RuleDraftState.DRAFT, RuleDraftState.SUBMITTED)
    return decide(draft, RuleDraftState.DISCARDED, by=by, now=now)


def _bring_terms(draft: ProgrammeDraft, terms: TermsPart) -> None:
    code = draft.programme.code
    waiting = list_waiting_rules(code) + list_waiting_drafts(code)
    if waiting and not terms.rules_need_approval and needs_approval(draft.programme_id):
        raise TermsNotValid(
            f"Waiting for a second person: {', '.join(waiting)}. Decide or discard that first."
        )
    row = ProgrammeTerms.objects.select_for_update().get(programme_id=draft.programme_id)
    for name, value in msgspec.structs.asdict(terms).items():
        setattr(row, name, value)
    row.save(update_fields=[*TermsPart.__struct_fields__, "updated_at"])


def _bring_limits(programme_id: int, limits: dict[str, int]) -> None:
    for role, points in limits.items():
        CorrectionLimit.objects.update_or_create(
            programme_id=programme_id, role=role, defaults={"points": points}
        )


def _lock(draft_id: int, *states: RuleDraftState) -> ProgrammeDraft:
    draft = lock_programme_draft(draft_id)
    if draft.state not in states:
        raise RuleDraftNotOpen(f"This draft is {draft.get_state_display()}.")
    return draft
