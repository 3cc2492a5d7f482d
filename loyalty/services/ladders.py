"""Ladders change by new versions, from a moment on; what held stays written down."""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Max

from config.ground.typed import dump
from loyalty.errors.tiers import LadderNotValid
from loyalty.models import Ladder, Tier
from loyalty.models.ledger import EPOCH
from loyalty.queries.ladders import list_ladders, lock_ladders
from loyalty.rules.ladders import LadderDefinition, fault_in

OUT_OF_THE_WAY = 10_000
"""Ranks are unique in a programme: those that change step aside before they take their places."""


@transaction.atomic
def publish_ladder(
    *,
    programme_id: int,
    definition: LadderDefinition,
    live_from: datetime | None = None,
    made_by: str,
    approved_by: str = "",
    now: datetime,
) -> Ladder:
    """Let a ladder hold from a moment on, until the next one begins. A programme's first one holds for all of the past.

    :param live_from: None for now.
    :raises LadderNotValid: it is no ladder, names tiers that are not there or leaves one out that members may hold, or
        begins before another one that waits for its time.
    """
    ladders = lock_ladders(programme_id)
    live_from = max(live_from or now, now) if ladders else EPOCH
    _ensure_fits(programme_id, definition, ladders)
    if ladders and ladders[-1].live_from > live_from:
        raise LadderNotValid("Another ladder begins later: withdraw it, or choose a later moment.")
    _put_in_order(programme_id, [step.tier for step in definition.steps])
    last = Ladder.objects.filter(programme_id=programme_id).aggregate(last=Max("version"))["last"] or 0
    return Ladder.objects.create(
        programme_id=programme_id,
        version=last + 1,
        definition=dump(definition),
        live_from=live_from,
        made_by=made_by,
        approved_by=approved_by,
        made_at=now,
    )


def withdraw_ladder(ladder: Ladder, *, by: str, now: datetime) -> None:
    """Take back a ladder that waits for its time.

    :raises LadderNotValid: it has begun, or was withdrawn before.
    """
    waiting = Ladder.objects.filter(pk=ladder.pk, live_from__gt=now, withdrawn_at=None)
    if not waiting.update(withdrawn_at=now, withdrawn_by=by):
        raise LadderNotValid("This ladder has begun, or was withdrawn before.")


def ensure_can_hold(programme_id: int, definition: LadderDefinition) -> None:
    """
    :raises LadderNotValid: as `publish_ladder`, but for its moment.
    """
    _ensure_fits(programme_id, definition, list_ladders(programme_id))


def _ensure_fits(programme_id: int, definition: LadderDefinition, ladders: list[Ladder]) -> None:
    if fault := fault_in(definition):
        raise LadderNotValid(fault)
    steps = [step.tier for step in definition.steps]
    known = set(Tier.objects.filter(programme_id=programme_id).values_list("code", flat=True))
    if unknown := [code for code in steps if code not in known]:
        raise LadderNotValid(f"There is no tier {unknown[0]!r}.")
    standing = [step["tier"] for step in ladders[-1].definition["steps"]] if ladders else []
    if missing := [code for code in standing if code not in steps]:
        raise LadderNotValid(f"Members may stand on {missing[0]!r}, and the ladder does not name it.")


def _put_in_order(programme_id: int, codes: list[str]) -> None:
    """Tiers on the ladder take its order, the others come after them."""
    tiers = list(Tier.objects.filter(programme_id=programme_id).order_by("rank"))
    place = {code: at for at, code in enumerate(codes)}
    wanted = sorted(tiers, key=lambda tier: (place.get(tier.code, len(codes)), tier.rank))
    moving = [(tier, rank) for rank, tier in enumerate(wanted) if tier.rank != rank]
    Tier.objects.filter(pk__in=[tier.pk for tier, _ in moving]).update(rank=F("rank") + OUT_OF_THE_WAY)
    for tier, rank in moving:
        tier.rank = rank
        tier.save(update_fields=["rank"])
