"""The page behind the address of an invitation: a survey, answered once and without signing in. GET changes nothing."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import path
from django.utils import translation
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from config.ground import clock
from config.ground.refusals import InvalidInput
from members.errors import MemberNotActive
from omnichannel.errors import SurveyAnswered, SurveyLinkNotValid, SurveyOver
from omnichannel.models import SurveyInvitation
from omnichannel.queries.surveys import definition_of
from omnichannel.rules.surveys import (
    HIGHEST,
    LONGEST_TEXT,
    Answers,
    ChoiceQuestion,
    ScoreQuestion,
    SurveyDefinition,
    spoken,
)
from omnichannel.services.surveys import answer_survey, read_survey_token

MAY_LOAD = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


@method_decorator(csrf_exempt, name="dispatch")
class AnswerSurvey(View):
    """`GET /s/<token>` shows the questions, `POST` takes the answers. The signed token is the permission."""

    http_method_names = ["get", "head", "post", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = super().dispatch(request, *args, **kwargs)
        except (SurveyLinkNotValid, MemberNotActive):
            response = _closed(request, {"is_broken": True}, status=404)
        except SurveyOver:
            response = _closed(request, {"is_over": True}, status=410)
        response.headers["Content-Security-Policy"] = MAY_LOAD
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        return response

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        invitation = read_survey_token(token)
        is_over = not invitation.survey.is_open or clock.now() >= invitation.expires_at
        is_done = invitation.answered_at is not None
        return _page(request, invitation, is_done=is_done, is_over=is_over and not is_done)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        invitation = read_survey_token(token)
        told = {name: value for name, value in request.POST.items() if isinstance(value, str)}
        try:
            answer_survey(
                invitation.pk,
                _answers(invitation, told),
                actor=f"member:{invitation.member_id}",
                now=clock.now(),
            )
        except SurveyAnswered:
            return _page(request, invitation, is_done=True)
        except SurveyOver:
            return _page(request, invitation, is_over=True, status=410)
        except InvalidInput as refused:
            pointers = {error["pointer"].rpartition("/")[2] for error in refused.facts["errors"]}
            return _page(request, invitation, told=told, wanting=pointers, status=422)
        return _page(request, invitation, is_done=True)


def _answers(invitation: SurveyInvitation, told: dict[str, str]) -> Answers:
    """What was filled in; a page sends every box of text, and no names but its own are read."""
    answers: Answers = {}
    for question in definition_of(invitation.survey).questions:
        said = told.get(question.code, "").replace("\0", "").strip()
        if said and isinstance(question, ScoreQuestion):
            answers[question.code] = int(said) if said.isdecimal() and len(said) < 3 else said
        elif said:
            answers[question.code] = said[:LONGEST_TEXT]
    return answers


def _page(
    request: HttpRequest,
    invitation: SurveyInvitation,
    *,
    told: dict[str, str] | None = None,
    wanting: set[str] | None = None,
    status: int = 200,
    **states: bool,
) -> HttpResponse:
    """The page in the member's language, or the browser's; questions in what they were written in."""
    own = invitation.member.language
    languages = [
        one
        for one in (own, *_aliases(own), request.headers.get("Accept-Language", "")[:5].rstrip(",;"))
        if one
    ]
    with translation.override(_supported(request, own)):
        shown = words_of_page(definition_of(invitation.survey), languages, told, wanting)
        return render(request, "omnichannel/survey.html", shown | states, status=status)


def _closed(request: HttpRequest, states: dict[str, bool], *, status: int) -> HttpResponse:
    """In the browser's language: nobody knows any more whose page it was."""
    with translation.override(translation.get_language_from_request(request)):
        return render(request, "omnichannel/survey.html", states, status=status)


def preview_of(request: HttpRequest, definition: SurveyDefinition, language: str) -> HttpResponse:
    """The page as a member would see it who reads this language. Nothing can be sent from it."""
    with translation.override(_supported(request, language)):
        shown = words_of_page(definition, [language, *_aliases(language)])
        return render(request, "omnichannel/survey.html", shown | {"is_preview": True})


def words_of_page(
    definition: SurveyDefinition,
    languages: list[str],
    told: dict[str, str] | None = None,
    wanting: set[str] | None = None,
) -> dict[str, Any]:
    """What stands on the page, in the first of the languages in which each sentence was written."""
    return {
        "title": spoken(definition.questions[0].words, languages),
        "intro": spoken(definition.intro, languages) if definition.intro else "",
        "send": spoken(definition.send, languages),
        "thanks": spoken(definition.thanks, languages),
        "questions": list(_questions(definition, languages, told or {}, wanting or set())),
    }


def _questions(
    definition: SurveyDefinition, languages: list[str], told: dict[str, str], wanting: set[str]
) -> Iterator[dict[str, Any]]:
    for question in definition.questions:
        options: list[tuple[str, str]] = []
        if isinstance(question, ScoreQuestion):
            options = [(str(number), str(number)) for number in range(HIGHEST + 1)]
        elif isinstance(question, ChoiceQuestion):
            options = [(one.code, spoken(one.words, languages)) for one in question.options]
        yield {
            "code": question.code,
            "words": spoken(question.words, languages),
            "is_required": question.is_required,
            "is_score": isinstance(question, ScoreQuestion),
            "options": options,
            "told": told.get(question.code, ""),
            "is_wanting": question.code in wanting,
        }


def _aliases(language: str) -> list[str]:
    """Chinese by its letters, where a country was said."""
    letters = {"zh-tw": "zh-Hant", "zh-hk": "zh-Hant", "zh-cn": "zh-Hans", "zh-sg": "zh-Hans"}
    return [letters[language.lower()]] if language.lower() in letters else []


def _supported(request: HttpRequest, language: str) -> str:
    try:
        return translation.get_supported_language_variant(language.lower())
    except LookupError:
        return translation.get_language_from_request(request)


urlpatterns = [path("s/<str:token>", AnswerSurvey.as_view(), name="survey")]
