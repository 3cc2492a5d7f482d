"""The way that every draft takes: written, submitted, approved by another person, sent back or given up."""

from datetime import datetime
from typing import TypeVar

from loyalty.errors import NeedsAnotherPerson, RuleDraftChanged
from loyalty.models import LadderDraft, ProgrammeDraft, RuleDraft, RuleDraftState

Draft = TypeVar("Draft", RuleDraft, LadderDraft, ProgrammeDraft)


def submit(draft: Draft, *, needs_approval: bool, by: str, now: datetime) -> Draft:
    """Let it wait for approval. What waits keeps asking for a second person, whatever becomes of the terms."""
    draft.state, draft.submitted_by, draft.submitted_at = RuleDraftState.SUBMITTED, by, now
    draft.needs_approval = needs_approval
    draft.save()
    return draft


def ensure_may_approve(draft: RuleDraft | LadderDraft | ProgrammeDraft, *, read: str, by: str) -> None:
    """
    :param read: the digest of the draft as whoever approves it read it.
    :raises NeedsAnotherPerson: who approves wrote or submitted it, and it asks for a second person.
    :raises RuleDraftChanged: it was written over since, and says something else.
    """
    if draft.needs_approval and by in (draft.made_by, draft.submitted_by):
        raise NeedsAnotherPerson
    if read != draft.digest():
        raise RuleDraftChanged


def decide(draft: Draft, state: RuleDraftState, *, by: str, now: datetime, note: str = "") -> Draft:
    """Write down what became of it.

    :param note: why it was sent back.
    """
    draft.state, draft.decided_by, draft.decided_at = state, by, now
    draft.note = note or draft.note
    draft.save()
    return draft
