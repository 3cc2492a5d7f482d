"""Drafts of all kinds: which are open, what waits for whom, and whether a second person is asked for."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from django.db.models import Case, Model, QuerySet, Value, When

from loyalty.errors import RuleDraftNotFound
from loyalty.models import (
    Challenge,
    DraftState,
    LadderDraft,
    ProgrammeDraft,
    ProgrammeTerms,
    RuleDraft,
)
from loyalty.models.drafts import OPEN
from loyalty.models.programme_drafts import DraftKind

D = TypeVar("D", RuleDraft, LadderDraft, ProgrammeDraft)
Row = TypeVar("Row", bound=Model)

TO_START = "waits for somebody to start it"
"""What is said of a challenge that nobody has started, where its writer may not."""


def get_draft(kind: type[D], draft_id: int, *, locked: bool = False) -> D:
    """A draft of a kind.

    :param locked: until commit.
    :raises RuleDraftNotFound: there is none with this id.
    """
    drafts = kind._default_manager.filter(pk=draft_id)
    draft = (drafts.select_for_update(of=("self",)) if locked else drafts).first()
    if draft is None:
        raise RuleDraftNotFound
    return draft


def lock_terms(programme_id: int) -> None:
    """Nobody else changes the programme's terms until commit, nor anything that moves their stamp: who writes rules,
    ladders, terms, or drafts of them locks this before all else.
    """
    ProgrammeTerms.objects.select_for_update().filter(programme_id=programme_id).first()


def needs_approval(programme_id: int) -> bool:
    """Whether the programme's terms ask for a second person; without terms they do."""
    asked = ProgrammeTerms.objects.filter(programme_id=programme_id).values_list(
        "rules_need_approval", flat=True
    )
    return asked.first() is not False


def waiting_first(drafts: QuerySet[Row]) -> QuerySet[Row]:
    """Those that wait for approval before those that are written, then what was decided; the newest first."""
    rank = Case(
        When(state=DraftState.SUBMITTED, then=Value(0)),
        When(state=DraftState.DRAFT, then=Value(1)),
        default=Value(2),
    )
    return drafts.order_by(rank, "-pk")


def waiting_for(actor: str, drafts: QuerySet[Row]) -> QuerySet[Row]:
    """Those that this person could approve: submitted, and written by somebody else."""
    submitted = drafts.filter(state=DraftState.SUBMITTED)
    return submitted.exclude(made_by=actor).exclude(submitted_by=actor)


def list_waiting_rules(programme_code: str) -> list[str]:
    """The names of a programme's rules that wait for approval."""
    waiting = RuleDraft.objects.filter(rule__programme__code=programme_code, state=DraftState.SUBMITTED)
    return list(waiting.order_by("name").values_list("name", flat=True))


def list_waiting(programme_code: str, *, with_file: bool = True) -> list[str]:
    """What of a programme waits for approval, e.g. `Tea week`, `limits of corrections`; but not its terms.

    :param with_file: a file of the whole programme, too.
    """
    waits = {"programme__code": programme_code, "state": DraftState.SUBMITTED}
    limits = ProgrammeDraft.objects.filter(**waits, kind=DraftKind.LIMITS)
    ladders = LadderDraft.objects.filter(**waits)
    return [
        *list_waiting_rules(programme_code),
        *["ladder"] * ladders.exists(),
        *["limits of corrections"] * limits.exists(),
        *["file of the whole programme"] * (with_file and has_waiting_file(programme_code)),
    ]


def has_waiting_file(programme_code: str) -> bool:
    """Whether a file of the whole programme waits for approval."""
    waits = {"programme__code": programme_code, "state": DraftState.SUBMITTED, "kind": DraftKind.FILE}
    return ProgrammeDraft.objects.filter(**waits).exists()


class OpenDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A draft that is written, or `waits` for another person than its `writers`. `model`: of its page."""

    model: str
    id: int
    title: str
    programme: str
    state_words: str
    waits: bool
    writers: list[str]
    made_by: str
    made_at: datetime


def list_open_drafts(models: Collection[str]) -> list[OpenDraft]:
    """Drafts of these models other than rules, those that wait first.

    :param models: `ladderdraft`, `programmedraft`, `challenge`.
    """
    found = []
    if "ladderdraft" in models:
        found += [_open(row, "Ladder") for row in _list_open(LadderDraft)]
    if "programmedraft" in models:
        found += [_open(row, row.get_kind_display().capitalize()) for row in _list_open(ProgrammeDraft)]
    if "challenge" in models:
        found += _list_open_challenges()
    return sorted(found, key=lambda one: not one.waits)


def _list_open(kind: Any) -> Any:
    return kind.objects.filter(state__in=OPEN).select_related("programme").order_by("pk")


def _open(row: Any, title: str, *, state_words: str = "", waits: bool = False) -> OpenDraft:
    return OpenDraft(
        model=row._meta.model_name,
        id=row.pk,
        title=title,
        programme=row.programme.name,
        state_words=state_words or row.get_state_display(),
        waits=waits or getattr(row, "state", "") == DraftState.SUBMITTED,
        writers=list(row.writers()),
        made_by=row.made_by,
        made_at=row.made_at,
    )


def _list_open_challenges() -> list[OpenDraft]:
    """A challenge is not submitted: where a second person is asked for, it waits for one from when it is written."""
    alone = set(
        ProgrammeTerms.objects.filter(rules_need_approval=False).values_list("programme_id", flat=True)
    )
    rows = Challenge.objects.filter(started_at=None).select_related("programme").order_by("pk")
    found = []
    for row in rows:
        waits = row.programme_id not in alone
        words = TO_START if waits else str(DraftState.DRAFT.label)
        found.append(_open(row, f"Challenge {row.name}", state_words=words, waits=waits))
    return found
