"""Corrections: points that a colleague gives or takes, with a reason, and with a second person above a limit."""

import pghistory
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from config.ground.history import before_each_change
from loyalty.models.ledger import Wallet


class CorrectionReason(models.TextChoices):
    MISSING = "missing", "A purchase did not count"
    MISTAKE = "mistake", "A mistake at the till"
    COMPLAINT = "complaint", "A complaint"
    GOODWILL = "goodwill", "Goodwill"
    FRAUD = "fraud", "Points that were got wrongly"
    OTHER = "other", "Something else"


class CorrectionState(models.TextChoices):
    WAITING = "waiting", "waits for approval"
    BOOKED = "booked", "booked"
    REFUSED = "refused", "refused"


@pghistory.track(*before_each_change())
class CorrectionLimit(models.Model):
    """How many points of one wallet a role gives or takes in a day without a second person. Without a line: none."""

    id = models.BigAutoField(primary_key=True)
    programme = models.ForeignKey("omnichannel.Programme", on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=150, help_text="Name of the role.")
    points = models.PositiveIntegerField(help_text="Up to so many points of one member in a day.")

    class Meta:
        constraints = [UniqueConstraint(fields=["programme", "role"], name="a_role_has_one_limit")]
        verbose_name = "limit of corrections"
        verbose_name_plural = "limits of corrections"

    def __str__(self) -> str:
        return f"{self.role}: {self.points}"


class Correction(models.Model):
    """Points given (above 0) or taken. `decided_by` is empty where nobody else had to agree."""

    id = models.BigAutoField(primary_key=True)
    ref = models.CharField(max_length=30)
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, db_index=False, related_name="+")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    points = models.BigIntegerField()
    reason = models.CharField(max_length=10, choices=CorrectionReason)
    note = models.CharField(max_length=200)
    state = models.CharField(max_length=8, choices=CorrectionState)
    asked_by = models.CharField(max_length=60, help_text="Who asked for it, e.g. staff:3.")
    asked_at = models.DateTimeField()
    decided_by = models.CharField(max_length=60, blank=True, default="")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["ref", "member"], name="correction_ref_names_one_correction"),
            CheckConstraint(condition=~Q(points=0), name="a_correction_moves_points"),
            CheckConstraint(condition=~Q(decided_by=F("asked_by")), name="another_decides_on_a_correction"),
            CheckConstraint(
                condition=Q(state="waiting", decided_at=None) | (~Q(state="waiting") & ~Q(decided_at=None)),
                name="a_correction_is_decided_once",
            ),
        ]
        indexes = [
            models.Index(fields=["-asked_at", "-id"], name="corrections_by_time"),
            models.Index(fields=["asked_at"], name="corrections_waiting", condition=Q(state="waiting")),
            models.Index(fields=["member"], name="corrections_of_a_member"),
        ]

    def __str__(self) -> str:
        return f"{self.points:+d}"
