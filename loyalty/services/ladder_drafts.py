"""A ladder's way: draft, who would move, submitted, approved by another where the terms ask for it, then a version."""

from datetime import datetime

from django.db import transaction

from config.ground.typed import dump, load
from loyalty.errors.tiers import LadderDraftNotOpen
from loyalty.models import LadderDraft, RuleDraftState
from loyalty.queries.ladder_moves import has_more_wallets, list_moves
from loyalty.queries.ladders import find_open_ladder_draft, lock_ladder_draft, lock_ladders
from loyalty.queries.rule_drafts import needs_approval
from loyalty.rules.ladders import LadderDefinition
from loyalty.services.drafts import decide, ensure_may_approve, submit
from loyalty.services.ladders import ensure_can_hold, publish_ladder

AT_ONCE = 20_000
"""Of up to so many wallets it is counted at once who would move; of more, in the background."""


@transaction.atomic
def write_ladder_draft(
    *, programme_id: int, definition: LadderDefinition, live_from: datetime | None, by: str, now: datetime
) -> LadderDraft:
    """Write down what the ladder shall be. An open draft is written over, and is to be submitted again.

    :param live_from: None for the moment of approval.
    :param by: who writes, e.g. `staff:3`.
    :raises LadderNotValid: as `publish_ladder`.
    """
    lock_ladders(programme_id)
    ensure_can_hold(programme_id, definition)
    draft = find_open_ladder_draft(programme_id) or LadderDraft(programme_id=programme_id)
    draft.definition, draft.live_from = dump(definition), live_from
    draft.state, draft.made_by, draft.made_at = RuleDraftState.DRAFT, by, now
    draft.submitted_by, draft.submitted_at, draft.note = "", None, ""
    draft.movers, draft.counted_at = None, None
    if not has_more_wallets(programme_id, than=AT_ONCE):
        draft.movers, draft.counted_at = dump(list_moves(programme_id, definition, now=now)), now
    draft.save()
    return draft


def count_moves_of_drafts(*, now: datetime) -> int:
    """Count who would move by the drafts of which it is not known yet. Safe to repeat.

    :return: how many drafts were counted.
    """
    waiting = LadderDraft.objects.filter(
        state__in=[RuleDraftState.DRAFT, RuleDraftState.SUBMITTED], counted_at=None
    )
    for draft in waiting:
        moves = list_moves(draft.programme_id, load(LadderDefinition, draft.definition), now=now)
        same = LadderDraft.objects.filter(pk=draft.pk, made_at=draft.made_at)
        same.update(movers=dump(moves), counted_at=now)
    return len(waiting)


@transaction.atomic
def submit_ladder_draft(draft_id: int, *, by: str, now: datetime, asks_another: bool = False) -> LadderDraft:
    """Ask for approval. Where the terms ask for no second person it is approved at once.

    :param asks_another: a second person is needed though the terms as they stand ask for none.
    :raises LadderDraftNotOpen: it is not being written any more.
    :raises LadderNotValid: as `publish_ladder`.
    """
    draft = _lock(draft_id, RuleDraftState.DRAFT)
    needs = asks_another or needs_approval(draft.programme_id)
    submit(draft, needs_approval=needs, by=by, now=now)
    if needs:
        return draft
    return approve_ladder_draft(draft_id, read=draft.digest(), by=by, now=now)


@transaction.atomic
def approve_ladder_draft(draft_id: int, *, read: str, by: str, now: datetime) -> LadderDraft:
    """Make the draft a ladder, from the moment it names, or from now if that has passed.

    :param read: the digest of the draft as whoever approves it read it.
    :raises LadderDraftNotOpen: it does not wait for approval.
    :raises NeedsAnotherPerson: who approves wrote or submitted it, and it asks for a second person.
    :raises RuleDraftChanged: it was written over since, and says something else.
    :raises LadderNotValid: as `publish_ladder`.
    """
    draft = _lock(draft_id, RuleDraftState.SUBMITTED)
    ensure_may_approve(draft, read=read, by=by)
    draft.ladder = publish_ladder(
        programme_id=draft.programme_id,
        definition=load(LadderDefinition, draft.definition),
        live_from=draft.live_from,
        made_by=draft.made_by,
        approved_by=by if draft.needs_approval else "",
        now=now,
    )
    return decide(draft, RuleDraftState.APPROVED, by=by, now=now)


@transaction.atomic
def send_back_ladder_draft(draft_id: int, *, note: str, by: str, now: datetime) -> LadderDraft:
    """Let it be written on, with a word on why.

    :raises LadderDraftNotOpen: it does not wait for approval.
    """
    draft = _lock(draft_id, RuleDraftState.SUBMITTED)
    return decide(draft, RuleDraftState.DRAFT, by=by, now=now, note=note)


@transaction.atomic
def discard_ladder_draft(draft_id: int, *, by: str, now: datetime) -> LadderDraft:
    """Give it up; it stays written down.

    :raises LadderDraftNotOpen: it was approved or discarded before.
    """
    draft = _lock(draft_id, RuleDraftState.DRAFT, RuleDraftState.SUBMITTED)
    return decide(draft, RuleDraftState.DISCARDED, by=by, now=now)


def _lock(draft_id: int, *states: RuleDraftState) -> LadderDraft:
    draft = lock_ladder_draft(draft_id)
    if draft.state not in states:
        raise LadderDraftNotOpen(
            f"This draft is {draft.get_state_display()}; open the ladder to see what holds."
        )
    return draft
