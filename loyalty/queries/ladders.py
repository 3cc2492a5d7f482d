"""The ladders of a programme."""

from datetime import datetime

from config.ground.typed import load
from loyalty.models import Ladder, LadderDraft, Tier
from loyalty.models.drafts import OPEN
from loyalty.queries.drafts import lock_terms
from loyalty.rules.ladder_words import words_of_demand
from loyalty.rules.ladders import LadderDefinition
from omnichannel.models import Programme


def list_ladders(programme_id: int) -> list[Ladder]:
    """Those that hold, held, or wait for their time, in the order in which they begin."""
    rows = Ladder.objects.filter(programme_id=programme_id, withdrawn_at=None)
    return list(rows.order_by("live_from", "version"))


def lock_ladders(programme_id: int) -> list[Ladder]:
    """As `list_ladders`, while nobody else changes the programme's terms or ladders until commit."""
    lock_terms(programme_id)
    return list_ladders(programme_id)


def find_ladder(programme_id: int, *, now: datetime) -> LadderDefinition | None:
    """The ladder of a moment; None in a programme without tiers."""
    live = [ladder for ladder in list_ladders(programme_id) if ladder.live_from <= now]
    return load(LadderDefinition, live[-1].definition) if live else None


def find_last_ladder(programme_id: int) -> LadderDefinition | None:
    """The ladder that holds, or that will after it; None in a programme without tiers."""
    ladders = list_ladders(programme_id)
    return load(LadderDefinition, ladders[-1].definition) if ladders else None


def list_demands(*, now: datetime) -> dict[int, str]:
    """Tier -> what reaches it, in words, in all programmes."""
    tiers: dict[int, dict[str, int]] = {}
    for tier in Tier.objects.all():
        tiers.setdefault(tier.programme_id, {})[tier.code] = tier.pk
    found = {}
    for programme in Programme.objects.filter(pk__in=tiers):
        ladder = find_ladder(programme.pk, now=now)
        for step in ladder.steps if ladder else ():
            words = words_of_demand(step, ladder.terms, programme.currency) if ladder else ""
            found[tiers[programme.pk][step.tier]] = words
    return found


def find_open_ladder_draft(programme_id: int) -> LadderDraft | None:
    """What somebody is writing, or what waits for approval."""
    return LadderDraft.objects.filter(programme_id=programme_id, state__in=OPEN).first()


def list_live_ladders(*, now: datetime) -> list[Ladder]:
    """The ladder that holds, of each programme."""
    begun = Ladder.objects.filter(withdrawn_at=None, live_from__lte=now).select_related("programme")
    return list(begun.order_by("programme_id", "-live_from", "-version").distinct("programme_id"))
