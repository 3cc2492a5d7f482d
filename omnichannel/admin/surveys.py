"""Surveys: what they ask, how the score goes month by month, and what was said last."""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from unfold.decorators import action, display

from config.ground import clock
from config.staff.admin.readonly import ToldAdmin
from config.staff.dashboard import Chart, Series
from config.staff.site import site
from omnichannel.admin.contacts import may_read_words, words_for
from omnichannel.admin.own_stores import of_own_programmes
from omnichannel.admin.shown import member_link, wall_time
from omnichannel.admin.survey_form import SurveyForm, definition_from, question_rows
from omnichannel.api.answering import preview_of
from omnichannel.errors import SurveyChangedMeanwhile
from omnichannel.models import Programme, Survey
from omnichannel.queries.places import list_places_served
from omnichannel.queries.surveys import (
    MonthScore,
    definition_of,
    get_survey,
    list_latest_answers,
    list_scores,
)
from omnichannel.rules.surveys import SurveyDefinition, in_own_words, nps, spoken
from omnichannel.services.surveys import declare_survey

MONTHS = 12
SHOWN = 25


@admin.register(Survey, site=site)
class SurveyAdmin(ToldAdmin):
    """The net promoter score and the latest answers; what is asked stands on a form of its own."""

    actions_detail = ("ask_otherwise",)
    change_form_outer_before_template = "omnichannel/admin/survey.html"
    list_display = ("title", "code", "programme", "asks", "case_from", "is_open")
    list_select_related = ("programme",)
    ordering = ("programme", "code")
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Survey]:
        surveys: QuerySet[Survey] = super().get_queryset(request)
        return of_own_programmes(request, surveys)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("omnichannel.add_survey")

    def has_ask_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        return request.user.has_perm("omnichannel.change_survey")

    @action(description="Change what it asks", icon="edit", permissions=["ask"])
    def ask_otherwise(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:omnichannel_survey_ask", args=[object_id]))

    def get_urls(self) -> list[URLPattern]:
        ask, preview = self.admin_site.admin_view(self.ask), self.admin_site.admin_view(self.preview)
        return [
            path("<int:pk>/ask/", ask, name="omnichannel_survey_ask"),
            path("<int:pk>/preview/", preview, name="omnichannel_survey_preview"),
            *super().get_urls(),
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return self._asked(request, None)

    def ask(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What a survey asks, to be changed."""
        survey = self.get_object(request, str(pk))
        if survey is None:
            raise Http404
        if not self.has_ask_permission(request):
            raise PermissionDenied
        return self._asked(request, survey)

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The page as members see it, in one of its languages."""
        survey = self.get_object(request, str(pk))
        if survey is None or not self.has_view_permission(request, survey):
            raise Http404
        return preview_of(request, definition_of(survey), request.GET.get("language", "en"))

    def _asked(self, request: HttpRequest, survey: Survey | None) -> HttpResponse:
        data = request.POST if request.method == "POST" else None
        programmes = of_own_programmes(request, Programme.objects.order_by("pk"), programme="pk")
        form, rows = SurveyForm(data, survey=survey, programmes=programmes), question_rows(data, survey)
        is_sound = data is not None and form.is_valid() & rows.is_valid()
        definition = definition_from(form, rows) if is_sound else None
        if definition is not None and "preview" in request.POST:
            return preview_of(request, definition, "en")
        if definition is not None and (saved := self._saved(request, form, definition)):
            page_of_it = reverse("admin:omnichannel_survey_change", args=[saved.pk])
            again = reverse("admin:omnichannel_survey_ask", args=[saved.pk])
            return HttpResponseRedirect(again if "more" in request.POST else page_of_it)
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": survey.title if survey else "What do you want to ask?",
            "form": form,
            "rows": rows,
            "back": reverse("admin:omnichannel_survey_change", args=[survey.pk])
            if survey
            else reverse("admin:omnichannel_survey_changelist"),
        }
        return render(request, "omnichannel/admin/survey_form.html", page)

    def _saved(self, request: HttpRequest, form: SurveyForm, definition: SurveyDefinition) -> Survey | None:
        """None where it was refused; why stands on the form."""
        told = form.cleaned_data
        try:
            is_new = declare_survey(
                form.programme_id,
                form.survey_code,
                title=told["title"],
                definition=definition,
                case_up_to=told["case_up_to"],
                is_open=told["is_open"],
                seen=told["seen"],
            )
        except SurveyChangedMeanwhile as refused:
            taken = "The programme has a survey of this code already. Open that one to change it."
            form.add_error(None, f"{refused.title}. Open it again." if form.survey else taken)
            return None
        saved = get_survey(form.programme_id, form.survey_code)
        (self.log_addition if is_new else self.log_change)(request, saved, "What it asks was written.")
        messages.success(request, "Saved. It counts for everybody who has not answered yet.")
        return saved

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
            "languages": sorted({language for one in definition.questions for language in one.words}),
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
