"""What a programme declares, as drafts say it, and the open draft of it."""

from datetime import datetime
from typing import Any

import msgspec
from django.db.models import Q
from django.db.models.functions import Coalesce

from config.ground.typed import load
from loyalty.models import CorrectionLimit, ProgrammeDraft, ProgrammeTerms
from loyalty.models.drafts import OPEN, DraftState
from loyalty.models.programme_drafts import WAITS, DraftKind
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


class TermsChange(msgspec.Struct, frozen=True):
    """Terms that hold from a moment on, and those they took the place of; `before` is None until that moment."""

    live_from: datetime
    before: TermsPart | None
    after: TermsPart


def list_terms_changes(programme_id: int) -> list[TermsChange]:
    """All changes of a programme's terms that were approved, as they begin."""
    drafts = ProgrammeDraft.objects.filter(programme_id=programme_id, state=DraftState.APPROVED)
    drafts = drafts.filter(Q(kind=DraftKind.TERMS) | Q(kind=DraftKind.FILE, before__terms__isnull=False))
    drafts = drafts.filter(withdrawn_at=None).annotate(begins_at=Coalesce("live_from", "decided_at"))
    return [
        TermsChange(begins_at, _terms_in(before) if before else None, _terms_in(definition))
        for begins_at, before, definition in drafts.order_by("begins_at", "pk").values_list(
            "begins_at", "before", "definition"
        )
    ]


def _terms_in(stored: dict[str, Any]) -> TermsPart:
    """The terms that a draft of terms, or of a whole file, names."""
    terms: TermsPart = load(TermsPart, stored.get("terms", stored))
    return terms


def find_coming_terms(programme_id: int) -> ProgrammeDraft | None:
    """Terms that were approved and wait for their time."""
    return ProgrammeDraft.objects.filter(WAITS, programme_id=programme_id).first()
