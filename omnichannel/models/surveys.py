"""Surveys: what is asked, who was asked, and what they answered, once."""

import pghistory
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from config.ground.history import before_each_change
from config.ground.ids import new_ref


def new_invitation_ref() -> str:
    return new_ref("svi")


@pghistory.track(*before_each_change())
class Survey(models.Model):
    """Questions of a programme. A change counts for who has not answered yet."""

    id = models.BigAutoField(primary_key=True)
    programme = models.ForeignKey(
        "omnichannel.Programme", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    code = models.SlugField(max_length=40)
    title = models.CharField(max_length=120)
    definition = models.JSONField(help_text="`omnichannel.rules.surveys.SurveyDefinition`")
    case_up_to = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(10)],
        help_text="A score up to this opens a service case. Empty: none does.",
    )
    is_open = models.BooleanField(default=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["programme", "code"], name="a_survey_code_names_one_survey"),
            CheckConstraint(condition=Q(case_up_to=None) | Q(case_up_to__lte=10), name="a_score_ends_at_ten"),
        ]

    def __str__(self) -> str:
        return self.title


class SurveyInvitation(models.Model):
    """One member asked once, for a cause; and what they said."""

    id = models.BigAutoField(primary_key=True)
    ref = models.CharField(max_length=30, default=new_invitation_ref, editable=False)
    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, db_index=False, related_name="+")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    place = models.ForeignKey(
        "omnichannel.Place", on_delete=models.PROTECT, null=True, db_index=False, related_name="+"
    )
    cause = models.CharField(max_length=60, help_text="Why they were asked, e.g. an order's ref.")
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    score = models.PositiveSmallIntegerField(null=True)
    answers = models.JSONField(default=dict, help_text="Question -> answer.")

    class Meta:
        constraints = [
            UniqueConstraint(fields=["member", "survey", "cause"], name="a_member_is_asked_once_for_a_cause"),
            UniqueConstraint(fields=["member", "id"], name="survey_invitations_of_a_member"),
            CheckConstraint(
                condition=Q(score=None) | Q(answered_at__isnull=False, score__lte=10),
                name="who_answers_scores_to_ten",
            ),
        ]
        indexes = [
            models.Index(fields=["ref"], name="survey_invitation_by_ref"),
            models.Index(
                fields=["survey", "answered_at"],
                name="answers_of_a_survey",
                condition=Q(answered_at__isnull=False),
            ),
            models.Index(
                fields=["survey", "cause"],
                include=["score"],
                name="answers_for_a_cause",
                condition=Q(answered_at__isnull=False),
            ),
            models.Index(
                fields=["member", "answered_at", "id"],
                name="answer_by_moment",
                condition=Q(answered_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.ref
