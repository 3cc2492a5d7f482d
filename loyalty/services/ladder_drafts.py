"""A ladder's way: draft, who would move, submitted, approved by another where the terms ask for it, then a version."""

from datetime import datetime

from django.db import transaction

from config.ground.typed import dump, load
from loyalty.models import LadderDraft
from loyalty.models.drafts import OPEN
from loyalty.queries.ladder_moves import has_more_wallets, list_moves
from loyalty.queries.ladders import find_open_ladder_draft, lock_ladders
from loyalty.rules.ladders import LadderDefinition
from loyalty.services.drafts import DraftRoad, begin
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
    begin(draft, by=by, now=now)
    draft.movers, draft.counted_at = None, None
    if not has_more_wallets(programme_id, than=AT_ONCE):
        draft.movers, draft.counted_at = dump(list_moves(programme_id, definition, now=now)), now
    draft.save()
    return draft


def count_moves_of_drafts(*, now: datetime) -> int:
    """Count who would move by the drafts of which it is not known yet. Safe to repeat.

    :return: how many drafts were counted.
    """
    waiting = LadderDraft.objects.filter(state__in=OPEN, counted_at=None)
    for draft in waiting:
        moves = list_moves(draft.programme_id, load(LadderDefinition, draft.definition), now=now)
        same = LadderDraft.objects.filter(pk=draft.pk, made_at=draft.made_at)
        same.update(movers=dump(moves), counted_at=now)
    return len(waiting)


def _publish(draft: LadderDraft, by: str, now: datetime) -> None:
    """Make the draft a ladder, from the moment it names, or from now if that has passed.

    :raises LadderNotValid: as `publish_ladder`.
    """
    draft.ladder = publish_ladder(
        programme_id=draft.programme_id,
        definition=load(LadderDefinition, draft.definition),
        live_from=draft.live_from,
        made_by=draft.made_by,
        approved_by=by if draft.needs_approval else "",
        now=now,
    )


LADDER_DRAFTS = DraftRoad(LadderDraft, lambda draft: lock_ladders(draft.programme_id), _publish)
submit_ladder_draft, approve_ladder_draft = LADDER_DRAFTS.submit, LADDER_DRAFTS.approve
send_back_ladder_draft, discard_ladder_draft = LADDER_DRAFTS.send_back, LADDER_DRAFTS.discard
