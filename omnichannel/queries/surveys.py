"""Asking for surveys: what they ask, who was asked, and what came of it."""

from collections.abc import Collection
from datetime import date, datetime
from hashlib import blake2b

import msgspec
from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from config.ground.typed import load
from omnichannel.errors import SurveyLinkNotValid, SurveyNotFound
from omnichannel.models import Survey, SurveyInvitation
from omnichannel.rules.surveys import SurveyDefinition, nps


class MonthScore(msgspec.Struct, frozen=True, kw_only=True):
    """What members scored in a month of the programme's calendar. `nps`: from -100 to 100, null where nobody did."""

    month: date
    promoters: int
    passives: int
    detractors: int
    nps: int | None


class CauseScore(msgspec.Struct, frozen=True, kw_only=True):
    """What came of asking for one cause. `answers`: also of those who gave no score; `nps` as in `MonthScore`."""

    answers: int
    promoters: int
    passives: int
    detractors: int
    nps: int | None


def surveys_of(programme_id: int) -> QuerySet[Survey]:
    return Survey.objects.filter(programme_id=programme_id).select_related("programme")


def get_survey(programme_id: int, code: str) -> Survey:
    """
    :raises SurveyNotFound: the programme has none by this code.
    """
    found = surveys_of(programme_id).filter(code=code).first()
    if found is None:
        raise SurveyNotFound(f"There is no survey {code!r}.")
    return found


def lock_survey(programme_id: int, code: str) -> Survey:
    """A survey, locked until commit.

    :raises SurveyNotFound: the programme has none by this code.
    """
    found = find_locked_survey(programme_id, code)
    if found is None:
        raise SurveyNotFound(f"There is no survey {code!r}.")
    return found


def find_open_survey(programme_id: int, code: str) -> Survey | None:
    return surveys_of(programme_id).filter(code=code, is_open=True).first()


def is_open_survey(programme_id: int, code: str) -> bool:
    return find_open_survey(programme_id, code) is not None


def list_open_surveys(programme_id: int) -> list[tuple[str, str]]:
    """Code and title of each, by title."""
    rows = surveys_of(programme_id).filter(is_open=True).order_by("title", "pk")
    return list(rows.values_list("code", "title"))


def list_invitations(survey_id: int, member_ids: Collection[int], cause: str) -> list[SurveyInvitation]:
    """The invitations of these members for a cause, with who they are."""
    rows = SurveyInvitation.objects.filter(survey_id=survey_id, member_id__in=member_ids, cause=cause)
    return list(rows.select_related("member"))


def fingerprint_of(survey: Survey) -> str:
    """Short, and different as soon as anything of the survey is."""
    said = [survey.title, survey.definition, survey.case_up_to, survey.is_open]
    return blake2b(msgspec.json.encode(said, order="sorted"), digest_size=12).hexdigest()


def find_locked_survey(programme_id: int, code: str) -> Survey | None:
    """A survey, locked until commit; None if the programme has none by this code."""
    return surveys_of(programme_id).select_for_update(of=("self",)).filter(code=code).first()


def definition_of(survey: Survey) -> SurveyDefinition:
    definition: SurveyDefinition = load(SurveyDefinition, survey.definition)
    return definition


def get_invitation(ref: str) -> SurveyInvitation:
    """An invitation with its survey and member.

    :raises SurveyLinkNotValid: if there is none.
    """
    found = find_invitation(ref)
    if found is None:
        raise SurveyLinkNotValid
    return found


def find_invitation(ref: str) -> SurveyInvitation | None:
    """An invitation with its survey and member; None if there is none any more."""
    rows = SurveyInvitation.objects.select_related("survey__programme", "member", "place")
    return rows.filter(ref=ref).first()


def get_person_of_invitation(invitation_id: int) -> int:
    """Who was asked, or who they were merged into."""
    person = Coalesce("member__merged_into_id", "member_id")
    return int(SurveyInvitation.objects.values_list(person, flat=True).get(pk=invitation_id))


def lock_invitation(invitation_id: int) -> SurveyInvitation:
    rows = SurveyInvitation.objects.select_related("survey", "member")
    return rows.select_for_update(of=("self",)).get(pk=invitation_id)


def list_scores(
    survey_id: int, *, since: datetime, timezone: str, places: Collection[int] = ()
) -> list[MonthScore]:
    """Promoters (9, 10), passives (7, 8) and detractors (up to 6) of each month in which somebody answered. One
    statement, by an index over the answers of a survey.

    :param places: at these stores, or at none; empty for all.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT date_trunc('month', a.answered_at AT TIME ZONE %s)::date,
              count(*) FILTER (WHERE a.score >= 9), count(*) FILTER (WHERE a.score BETWEEN 7 AND 8),
              count(*) FILTER (WHERE a.score <= 6)
            FROM omnichannel_surveyinvitation a
            WHERE a.survey_id = %s AND a.answered_at >= %s AND a.score IS NOT NULL
              AND (cardinality(%s::bigint[]) = 0 OR a.place_id IS NULL OR a.place_id = ANY (%s))
            GROUP BY 1 ORDER BY 1
            """,
            [timezone, survey_id, since, list(places), list(places)],
        )
        return [
            MonthScore(
                month=month, promoters=high, passives=middle, detractors=low, nps=nps(high, middle, low)
            )
            for month, high, middle, low in cursor.fetchall()
        ]


def sum_scores(programme_id: int, code: str, cause: str) -> CauseScore:
    """What members answered who were asked for a cause. One statement, by an index over the answers alone."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*), count(*) FILTER (WHERE a.score >= 9),
              count(*) FILTER (WHERE a.score BETWEEN 7 AND 8), count(*) FILTER (WHERE a.score <= 6)
            FROM omnichannel_surveyinvitation a
            WHERE a.survey_id = (SELECT s.id FROM omnichannel_survey s WHERE s.programme_id = %s AND s.code = %s)
              AND a.cause = %s AND a.answered_at IS NOT NULL
            """,
            [programme_id, code, cause],
        )
        answers, high, middle, low = cursor.fetchone()
    return CauseScore(
        answers=answers, promoters=high, passives=middle, detractors=low, nps=nps(high, middle, low)
    )


def list_latest_answers(
    survey_id: int, *, limit: int, places: Collection[int] = ()
) -> list[SurveyInvitation]:
    """What was answered last, with who and where.

    :param places: at these stores, or at none; empty for all.
    """
    rows = SurveyInvitation.objects.filter(survey_id=survey_id, answered_at__isnull=False)
    if places:
        rows = rows.filter(Q(place_id__in=places) | Q(place__isnull=True))
    return list(rows.select_related("member", "place").order_by("-answered_at", "-pk")[:limit])
