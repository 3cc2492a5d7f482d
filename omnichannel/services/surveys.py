"""Declaring surveys, asking members, and taking their answers: once, and a low score opens a case."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse

from config.ground.refusals import InvalidInput
from config.ground.typed import dump
from members.services.profiles import lock_unforgotten
from omnichannel.errors import (
    SurveyAnswered,
    SurveyChangedMeanwhile,
    SurveyLinkNotValid,
    SurveyNotValid,
    SurveyOver,
)
from omnichannel.models import CaseKind, CasePriority, Survey, SurveyInvitation
from omnichannel.queries.surveys import (
    definition_of,
    find_invitation,
    find_locked_survey,
    find_open_survey,
    fingerprint_of,
    get_person_of_invitation,
    list_invitations,
    lock_invitation,
)
from omnichannel.rules.surveys import (
    Answers,
    Asking,
    SurveyDefinition,
    find_fault_of_answers,
    find_fault_of_definition,
    in_own_words,
    score_of,
    spoken,
)
from omnichannel.services.cases import open_case

ANSWERED_WITHIN = timedelta(days=30)
_SALT = "omnichannel.survey"


@transaction.atomic
def declare_survey(
    programme_id: int,
    code: str,
    *,
    title: str,
    definition: SurveyDefinition,
    case_up_to: int | None,
    is_open: bool,
    seen: str | None = None,
) -> bool:
    """Let a survey ask this from now on.

    :param seen: the fingerprint of what who changes it saw, "" where there was none; None where nobody looked.
    :return: whether there was none by this code.
    :raises SurveyChangedMeanwhile: it is another by now, or there is one.
    :raises SurveyNotValid: two of its questions or options have one name.
    """
    if fault := find_fault_of_definition(definition):
        raise SurveyNotValid(fault.detail, pointer="/questions")
    if seen is not None:
        survey = find_locked_survey(programme_id, code)
        if seen != (fingerprint_of(survey) if survey else ""):
            raise SurveyChangedMeanwhile
    facts = {"title": title, "definition": dump(definition), "case_up_to": case_up_to, "is_open": is_open}
    _, is_new = Survey.objects.update_or_create(programme_id=programme_id, code=code, defaults=facts)
    if seen == "" and not is_new:
        raise SurveyChangedMeanwhile  # a colleague came between, and this is taken back
    return is_new


@transaction.atomic
def invite(
    survey: Survey, member_id: int, *, cause: str, place_id: int | None = None, now: datetime
) -> SurveyInvitation:
    """Ask a member once for a cause; again it is the same invitation.

    :raises SurveyOver: the survey is closed.
    :raises MemberNotActive: the member was erased.
    """
    if not survey.is_open:
        raise SurveyOver
    lock_unforgotten(member_id)
    facts = {"place_id": place_id, "invited_at": now, "expires_at": now + ANSWERED_WITHIN}
    return SurveyInvitation.objects.get_or_create(
        member_id=member_id, survey=survey, cause=cause, defaults=facts
    )[0]


def ask_many(
    programme_id: int, code: str, member_ids: Collection[int], *, cause: str, now: datetime
) -> dict[int, Asking]:
    """Ask these members once for a cause; who was asked for it before is asked the same again. Three statements.

    :raises SurveyOver: the survey is closed, or there is none.
    """
    survey = find_open_survey(programme_id, code)
    if survey is None:
        raise SurveyOver
    expires_at, words = now + ANSWERED_WITHIN, definition_of(survey).questions[0].words
    SurveyInvitation.objects.bulk_create(
        (
            SurveyInvitation(
                survey=survey, member_id=member_id, cause=cause, invited_at=now, expires_at=expires_at
            )
            for member_id in sorted(member_ids)
        ),
        ignore_conflicts=True,
    )
    return {
        asked.member_id: Asking(spoken(words, [asked.member.language]), survey_url(asked))
        for asked in list_invitations(survey.pk, member_ids, cause)
    }


def survey_url(invitation: SurveyInvitation) -> str:
    """The page on which this one invitation is answered. The signed address is the permission."""
    token = signing.dumps(invitation.ref, salt=_SALT)
    return f"{settings.PUBLIC_URL}{reverse('survey', args=[token])}"


def read_survey_token(token: str) -> SurveyInvitation:
    """
    :raises SurveyLinkNotValid: if the token is not one of ours or was cut, or the member was forgotten.
    :raises SurveyOver: they were asked so long ago that it is not known any more.
    """
    try:
        ref = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        raise SurveyLinkNotValid from None
    invitation = find_invitation(ref)
    if invitation is None:
        raise SurveyOver
    if invitation.member.state == "erased":
        raise SurveyLinkNotValid
    return invitation


@transaction.atomic
def take_answers(
    survey: Survey,
    member_id: int,
    answers: Answers,
    *,
    cause: str,
    place_id: int | None,
    actor: str,
    now: datetime,
) -> SurveyInvitation:
    """Ask and take what was said at once; what is refused leaves nothing.

    :raises Refusal: as `answer_survey` does.
    """
    invitation = invite(survey, member_id, cause=cause, place_id=place_id, now=now)
    return answer_survey(invitation.pk, answers, actor=actor, now=now)


@transaction.atomic
def answer_survey(invitation_id: int, answers: Answers, *, actor: str, now: datetime) -> SurveyInvitation:
    """Take what a member said. A score as low as the survey declares opens a case, once.

    :raises SurveyAnswered: it was answered before.
    :raises SurveyOver: the survey is closed, or they were asked too long ago.
    :raises MemberNotActive: the member was erased.
    :raises InvalidInput: saying which answer is not taken.
    """
    lock_unforgotten(get_person_of_invitation(invitation_id))
    invitation = lock_invitation(invitation_id)
    survey = invitation.survey
    if invitation.answered_at is not None:
        raise SurveyAnswered
    if not survey.is_open or now >= invitation.expires_at:
        raise SurveyOver
    definition = definition_of(survey)
    if fault := find_fault_of_answers(definition, answers):
        detail: dict[str, Any] = {
            "pointer": f"/answers/{fault.at}",
            "code": fault.code,
            "detail": fault.detail,
        }
        raise InvalidInput(errors=[detail])
    invitation.answers = {code: answer for code, answer in answers.items() if answer != ""}
    invitation.score, invitation.answered_at = score_of(definition, answers), now
    invitation.save()
    if (
        survey.case_up_to is not None
        and invitation.score is not None
        and invitation.score <= survey.case_up_to
    ):
        open_case(
            invitation.member.merged_into_id or invitation.member_id,
            programme_id=survey.programme_id,
            place_id=invitation.place_id,
            subject=f"{survey.title}: {invitation.score} of 10",
            kind=CaseKind.FEEDBACK,
            priority=CasePriority.HIGH,
            words=in_own_words(definition, answers),
            cause=f"survey:{invitation.ref}",
            actor=actor,
            now=now,
        )
    return invitation
