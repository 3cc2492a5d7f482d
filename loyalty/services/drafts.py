"""The way that every draft takes: written, submitted, approved by another person, sent back or given up."""

from collections.abc import Callable
from datetime import datetime
from typing import Generic

from django.db import transaction

from loyalty.errors import NeedsAnotherPerson, RuleDraftChanged, RuleDraftNotOpen
from loyalty.models import DraftState
from loyalty.models.drafts import OPEN, Draft, Written
from loyalty.queries.drafts import D, get_draft, needs_approval


def begin(draft: Draft, *, by: str, now: datetime) -> None:
    """Somebody writes it, or writes it over: it is to be submitted, again if it was."""
    draft.state, draft.made_by, draft.made_at = DraftState.DRAFT, by, now
    draft.submitted_by, draft.submitted_at, draft.note = "", None, ""


def ensure_may_approve(written: Written, *, needs_another: bool, read: str, by: str) -> None:
    """
    :param read: the digest of what whoever approves it read.
    :raises NeedsAnotherPerson: who approves wrote or submitted it, and it asks for a second person.
    :raises RuleDraftChanged: it was written over since, and says something else.
    """
    if needs_another and by in written.writers():
        raise NeedsAnotherPerson
    if read != written.digest():
        raise RuleDraftChanged


class DraftRoad(Generic[D]):
    """The way of the drafts of one kind. What waits keeps asking for a second person, whatever becomes of the terms.

    :param hold: locks what a draft changes. Who writes a draft locks that first and then the draft, and so does
        everybody on its way.
    :param publish: `(draft, by, now)`, lets what the draft says hold, and raises what it refuses.
    """

    def __init__(
        self, kind: type[D], hold: Callable[[D], object], publish: Callable[[D, str, datetime], None]
    ) -> None:
        self._kind: type[D] = kind
        self._hold: Callable[[D], object] = hold
        self._publish: Callable[[D, str, datetime], None] = publish

    @transaction.atomic
    def submit(self, draft_id: int, *, by: str, now: datetime, asks_another: bool = False) -> D:
        """Ask for approval. Where the terms ask for no second person it is approved at once.

        :param asks_another: a second person is needed though the terms as they stand ask for none.
        :raises RuleDraftNotOpen: it is not being written any more.
        :raises Refusal: as `publish`, where it is approved at once.
        """
        draft = self._lock(draft_id, DraftState.DRAFT)
        draft.needs_approval = asks_another or needs_approval(draft.programme_id)
        draft.state, draft.submitted_by, draft.submitted_at = DraftState.SUBMITTED, by, now
        draft.save()
        return draft if draft.needs_approval else self.approve(draft_id, read=draft.digest(), by=by, now=now)

    @transaction.atomic
    def approve(self, draft_id: int, *, read: str, by: str, now: datetime) -> D:
        """Let hold what the draft says.

        :param read: the digest of the draft as whoever approves it read it.
        :raises RuleDraftNotOpen: it does not wait for approval.
        :raises NeedsAnotherPerson: who approves wrote or submitted it, and it asks for a second person.
        :raises RuleDraftChanged: it was written over since, and says something else.
        :raises Refusal: as `publish`.
        """
        draft = self._lock(draft_id, DraftState.SUBMITTED)
        ensure_may_approve(draft, needs_another=draft.needs_approval, read=read, by=by)
        self._publish(draft, by, now)
        return _decide(draft, DraftState.APPROVED, by=by, now=now)

    @transaction.atomic
    def send_back(self, draft_id: int, *, note: str, by: str, now: datetime) -> D:
        """Let it be written on, with a word on why.

        :raises RuleDraftNotOpen: it does not wait for approval.
        """
        draft = self._lock(draft_id, DraftState.SUBMITTED)
        draft.note = note or draft.note
        return _decide(draft, DraftState.DRAFT, by=by, now=now)

    @transaction.atomic
    def discard(self, draft_id: int, *, by: str, now: datetime) -> D:
        """Give it up; it stays written down.

        :raises RuleDraftNotOpen: it was approved or discarded before.
        """
        return _decide(self._lock(draft_id, *OPEN), DraftState.DISCARDED, by=by, now=now)

    def _lock(self, draft_id: int, *states: DraftState) -> D:
        self._hold(get_draft(self._kind, draft_id))
        draft = get_draft(self._kind, draft_id, locked=True)
        if draft.state not in states:
            raise RuleDraftNotOpen(
                f"This draft is {draft.get_state_display()}: its page tells what became of it."
            )
        return draft


def _decide(draft: D, state: DraftState, *, by: str, now: datetime) -> D:
    draft.state, draft.decided_by, draft.decided_at = state, by, now
    draft.save()
    return draft
