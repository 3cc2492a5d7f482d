"""Surveys: how the score goes month by month, and what was said last. They are declared by the API."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from config.ground import clock
from config.staff.admin.readonly import ToldAdmin
from config.staff.dashboard import Chart, Series
from config.staff.site import site
from omnichannel.admin.contacts import may_read_words, words_for
from omnichannel.admin.own_stores import of_own_programmes
from omnichannel.admin.shown import member_link, wall_time
from omnichannel.models import Survey
from omnichannel.queries.places import list_places_served
from omnichannel.queries.surveys import MonthScore, definition_of, list_latest_answers, list_scores
from omnichannel.rules.surveys import in_own_words, nps, spoken

MONTHS = 12
SHOWN = 25


@admin.register(Survey, site=site)
class SurveyAdmin(ToldAdmin):
    """The net promoter score, and the latest answers."""

    change_form_outer_before_template = "omnichannel/admin/survey.html"
    list_display = ("title", "code", "programme", "asks", "case_from", "is_open")
    list_select_related = ("programme",)
    ordering = ("programme", "code")
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Survey]:
        surveys: QuerySet[Survey] = super().get_queryset(request)
        return of_own_programmes(request, surveys)

    def tell(self, request: HttpRequest, row: Survey) -> dict[str, Any]:
        zone, definition = row.programme.timezone, definition_of(row)
        since = clock.now() - timedelta(days=MONTHS * 31)
        places = list_places_served(request.user.pk or 0)
        months = list_scores(row.pk, since=since, timezone=zone, places=places)[-MONTHS:]
        sums = [sum(getattr(one, name) for one in months) for name in ("promoters", "passives", "detractors")]
        return {
            "survey": row,
            "chart": _chart(months),
            "nps": nps(*sums),
            "answered": sum(sums),
            "questions": [spoken(one.words, ["en"]) for one in definition.questions],
            "case_from": self.case_from(row),
            "latest": [
                {
                    "at": wall_time(one.answered_at, zone) if one.answered_at else "",
                    "who": member_link(one.member),
                    "where": one.place.name if one.place else "",
                    "score": one.score,
                    "colour": _colour(one.score),
                    "words": words_for(request, in_own_words(definition, one.answers)),
                }
                for one in list_latest_answers(row.pk, limit=SHOWN, places=places)
            ],
            "is_of_own_stores": bool(places),
            "is_masked": not may_read_words(request),
        }

    @display(description="asks")
    def asks(self, survey: Survey) -> str:
        return f"{len(definition_of(survey).questions)} questions"

    @display(description="opens a case")
    def case_from(self, survey: Survey) -> str:
        return "never" if survey.case_up_to is None else f"for a score up to {survey.case_up_to}"


def _chart(months: list[MonthScore]) -> Chart | None:
    """Shares of who scored what in each month, and the net score as a line; None where nobody did."""
    if not months:
        return None
    answered = [one.promoters + one.passives + one.detractors for one in months]

    def shares(name: str) -> list[int]:
        return [round(100 * getattr(one, name) / count) for one, count in zip(months, answered, strict=True)]

    return Chart(
        [f"{one.month:%b %Y}" for one in months],
        [
            Series("net promoter score", [one.nps for one in months], kind="line"),
            Series("promoters (9, 10)", shares("promoters")),
            Series("detractors (0 to 6)", shares("detractors")),
            Series("passives (7, 8)", shares("passives"), is_quiet=True),
        ],
        unit="% of answers; net score",
        is_stacked=True,
    )


def _colour(score: int | None) -> str:
    if score is None:
        return "default"
    return "success" if score >= 9 else "warning" if score >= 7 else "danger"
