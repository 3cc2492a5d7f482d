"""What a programme declares, as drafts say it; the open draft of it, and all drafts that are open."""

from datetime import datetime
from typing import Any

import msgspec

from config.ground.typed import load
from loyalty.errors import RuleDraftNotFound
from loyalty.models import CorrectionLimit, LadderDraft, ProgrammeDraft, ProgrammeTerms
from loyalty.queries.rule_drafts import OPEN
from loyalty.rules.programme_files import TermsPart


def terms_of(row: ProgrammeTerms) -> TermsPart:
    """The terms as a frozen value."""
    terms: TermsPart = load(TermsPart, {name: getattr(row, name) for name in TermsPart.__struct_fields__})
    return terms


def find_terms(programme_id: int) -> TermsPart | None:
    """The terms that hold; None where there are none yet."""
    row = ProgrammeTerms.objects.filter(programme_id=programme_id).first()
    return terms_of(row) if row else None


def list_limits(programme_id: int) -> dict[str, int]:
    """Role -> how many points it corrects alone."""
    rows = CorrectionLimit.objects.filter(programme_id=programme_id).order_by("role")
    return dict(rows.values_list("role", "points"))


def find_open_programme_draft(programme_id: int, kind: str) -> ProgrammeDraft | None:
    """What somebody is writing, or what waits for approval."""
    return ProgrammeDraft.objects.filter(programme_id=programme_id, kind=kind, state__in=OPEN).first()


def lock_programme_draft(draft_id: int) -> ProgrammeDraft:
    """The draft, locked until commit.

    :raises RuleDraftNotFound: there is none with this id.
    """
    draft = ProgrammeDraft.objects.select_for_update(of=("self",)).filter(pk=draft_id).first()
    if draft is None:
        raise RuleDraftNotFound
    return draft


class OpenDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A draft that is written or waits. `model`: of its page, e.g. `ladderdraft`."""

    model: str
    id: int
    title: str
    programme: str
    state: str
    state_words: str
    made_by: str
    made_at: datetime


def list_open_drafts(models: list[str]) -> list[OpenDraft]:
    """Drafts of these models other than rules, those that wait first.

    :param models: `ladderdraft`, `programmedraft`.
    """
    found: list[OpenDraft] = []
    for name, model, title in (
        ("ladderdraft", LadderDraft, lambda _: "Ladder"),
        ("programmedraft", ProgrammeDraft, lambda one: one.get_kind_display().capitalize()),
    ):
        if name not in models:
            continue
        rows: Any = model._default_manager.filter(state__in=OPEN).select_related("programme").order_by("pk")
        found += [
            OpenDraft(
                model=name,
                id=row.pk,
                title=title(row),
                programme=row.programme.name,
                state=row.state,
                state_words=row.get_state_display(),
                made_by=row.made_by,
                made_at=row.made_at,
            )
            for row in rows
        ]
    return sorted(found, key=lambda one: one.state, reverse=True)


def list_waiting_drafts(programme_code: str) -> list[str]:
    """What of a programme, other than rules, waits for approval, e.g. `limits of corrections`; but not its terms."""
    waits = {"programme__code": programme_code, "state": "submitted"}
    limits = ProgrammeDraft.objects.filter(**waits, kind="limits")
    ladders = LadderDraft.objects.filter(**waits)
    return ["ladder"] * ladders.exists() + ["limits of corrections"] * limits.exists()
