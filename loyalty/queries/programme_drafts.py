"""What a programme declares, as drafts say it, and the open draft of it."""

from config.ground.typed import load
from loyalty.models import CorrectionLimit, ProgrammeDraft, ProgrammeTerms
from loyalty.models.drafts import OPEN
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
