"""Writing down that somebody spoke with a member, and that a promise was kept."""

from datetime import date, datetime

from django.db import transaction

from members.queries.merges import list_those_of
from members.services.profiles import lock_unforgotten
from omnichannel.errors import CaseOfAnotherMember, NothingPromised, PromiseWithoutWords
from omnichannel.models import Interaction
from omnichannel.queries.cases import get_member_of_case
from omnichannel.queries.interactions import lock_interaction


@transaction.atomic
def log_interaction(
    member_id: int,
    *,
    programme_id: int,
    kind: str,
    outcome: str,
    happened_at: datetime,
    place_id: int | None = None,
    case_id: int | None = None,
    by: str = "",
    promise: str = "",
    promise_due_on: date | None = None,
    actor: str,
    now: datetime,
) -> Interaction:
    """
    :raises PromiseWithoutWords: a promise is due, and none was given.
    :raises CaseOfAnotherMember: the case is not of this member, nor of who was merged into them.
    :raises MemberNotActive: the member was erased.
    """
    if promise_due_on is not None and not promise:
        raise PromiseWithoutWords(pointer="/promise")
    lock_unforgotten(member_id)
    if case_id is not None and get_member_of_case(case_id) not in list_those_of(member_id):
        raise CaseOfAnotherMember(pointer="/case")
    return Interaction.objects.create(
        member_id=member_id,
        programme_id=programme_id,
        place_id=place_id,
        case_id=case_id,
        kind=kind,
        by=by,
        outcome=outcome,
        promise=promise,
        promise_due_on=promise_due_on,
        actor=actor,
        happened_at=happened_at,
        recorded_at=now,
    )


@transaction.atomic
def keep_promise(interaction_id: int, *, actor: str, now: datetime) -> Interaction:
    """The promise is kept. The first time counts; again changes nothing.

    :raises NothingPromised: nothing was promised there.
    """
    interaction = lock_interaction(interaction_id)
    if not interaction.promise:
        raise NothingPromised
    if interaction.promise_kept_at is None:
        interaction.promise_kept_at, interaction.promise_kept_by = now, actor
        interaction.save(update_fields=["promise_kept_at", "promise_kept_by"])
    return interaction
