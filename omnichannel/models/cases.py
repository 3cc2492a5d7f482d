"""Service cases: what a member wants to have put right, who looks after it, and every step of it."""

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from config.ground.guards import append_only
from config.ground.ids import new_ref


def new_case_ref() -> str:
    return new_ref("cas")


class CaseState(models.TextChoices):
    NEW = "new", "New"
    OPEN = "open", "Open"
    WAITING = "waiting", "Waiting for them"
    SOLVED = "solved", "Solved"
    CLOSED = "closed", "Closed"


class CaseKind(models.TextChoices):
    COMPLAINT = "complaint", "Complaint"
    QUESTION = "question", "Question"
    ORDER = "order", "Order or delivery"
    POINTS = "points", "Points and rewards"
    FEEDBACK = "feedback", "Feedback"
    OTHER = "other", "Other"


class CasePriority(models.TextChoices):
    URGENT = "1_urgent", "Urgent"
    HIGH = "2_high", "High"
    NORMAL = "3_normal", "Normal"
    LOW = "4_low", "Low"


STILL_OPEN = ("new", "open", "waiting")


class ServiceCase(models.Model):
    """`version` is the number of its last step: who changes it says which one they saw."""

    id = models.BigAutoField(primary_key=True)
    ref = models.CharField(max_length=30, default=new_case_ref, editable=False)
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    programme = models.ForeignKey(
        "omnichannel.Programme", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    place = models.ForeignKey(
        "omnichannel.Place", on_delete=models.PROTECT, null=True, blank=True, db_index=False, related_name="+"
    )
    subject = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=CaseKind)
    state = models.CharField(max_length=8, choices=CaseState, default=CaseState.NEW)
    priority = models.CharField(max_length=8, choices=CasePriority, default=CasePriority.NORMAL)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    due_at = models.DateTimeField(null=True, blank=True)
    cause = models.CharField(
        max_length=60, blank=True, help_text="What opened it by itself; once for each member."
    )
    version = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=60)
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = "service case"
        constraints = [
            UniqueConstraint(fields=["member", "id"], name="cases_of_a_member"),
            UniqueConstraint(fields=["ref", "member"], name="case_ref_names_one_case"),
            UniqueConstraint(
                fields=["member", "cause"], condition=~Q(cause=""), name="a_cause_opens_one_case"
            ),
            CheckConstraint(condition=Q(state__in=CaseState.values), name="a_case_is_in_a_known_state"),
            CheckConstraint(
                condition=Q(priority__in=CasePriority.values), name="a_case_has_a_known_priority"
            ),
        ]
        indexes = [
            models.Index(fields=["member", "opened_at", "id"], name="case_by_moment"),
            models.Index(fields=["ref"], name="case_by_ref"),
            models.Index(
                fields=["priority", "due_at", "id"],
                name="cases_to_look_after",
                condition=Q(state__in=STILL_OPEN),
            ),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def is_open(self) -> bool:
        return self.state in STILL_OPEN


class CaseStep(models.Model):
    """One change of a case, by whom and when: what was written, and each field that changed, as it was and is."""

    id = models.BigAutoField(primary_key=True)
    case = models.ForeignKey(ServiceCase, on_delete=models.PROTECT, db_index=False, related_name="steps")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    number = models.PositiveIntegerField()
    words = models.TextField(blank=True)
    changes = models.JSONField(default=dict, help_text="Field -> before and after, as codes and numbers.")
    actor = models.CharField(max_length=60)
    happened_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["case", "number", "member"], name="a_case_changes_step_by_step")
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"step {self.number}"
