"""Breakage of a programme: its cohorts as the books hold them, with forecast and error."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Sum

from loyalty.models import CohortLine, ProgrammeTerms
from loyalty.queries.vocabulary import Home
from loyalty.rules.breakage import Breakage, breakage_of
from loyalty.rules.cohorts import life_months


def get_breakage(home: Home, *, now: datetime) -> Breakage:
    """From the whole months that are over on the programme's calendar."""
    today: date = now.astimezone(ZoneInfo(home.timezone)).date()
    moves = list(
        CohortLine.objects.filter(programme_id=home.id)
        .values_list("cohort_on", "moved_on", "kind")
        .annotate(sum=Sum("points"))
        .order_by("cohort_on", "moved_on", "kind")
    )
    terms = ProgrammeTerms.objects.filter(programme_id=home.id).first()
    life = life_months(terms.expiry_kind, terms.expiry_days) if terms else None
    return breakage_of(moves, until=today.replace(day=1), life_months=life)
