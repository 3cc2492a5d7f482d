"""Drafts of what a programme declares: its terms, and how far each role corrects alone."""

import hashlib

import msgspec
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from loyalty.models.rule_drafts import RuleDraftState


class DraftKind(models.TextChoices):
    TERMS = "terms", "terms"
    LIMITS = "limits", "limits of corrections"


class ProgrammeDraft(models.Model):
    """What somebody wants the terms, or the limits of corrections, to be, whole. They hold once it is approved."""

    id = models.BigAutoField(primary_key=True)
    programme = models.ForeignKey("omnichannel.Programme", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=6, choices=DraftKind)
    definition = models.JSONField(help_text="`loyalty.rules.programme_files.TermsPart`, or role -> points.")
    before = models.JSONField(null=True, help_text="What it took the place of.")
    state = models.CharField(max_length=9, choices=RuleDraftState, default=RuleDraftState.DRAFT)
    made_by = models.CharField(max_length=60)
    made_at = models.DateTimeField()
    submitted_by = models.CharField(max_length=60, blank=True, default="")
    submitted_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=60, blank=True, default="")
    decided_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=300, blank=True, default="", help_text="Why it was sent back.")
    needs_approval = models.BooleanField(default=True)

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["programme", "kind"],
                condition=Q(state__in=[RuleDraftState.DRAFT, RuleDraftState.SUBMITTED]),
                name="a_programme_has_one_open_draft",
            ),
            CheckConstraint(
                condition=~Q(state=RuleDraftState.APPROVED, needs_approval=True)
                | (~Q(decided_by=F("made_by")) & ~Q(decided_by=F("submitted_by"))),
                name="terms_are_approved_by_another",
            ),
        ]
        verbose_name = "draft of terms and limits"
        verbose_name_plural = "drafts of terms and limits"

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.programme}"

    def digest(self) -> str:
        """SHA-256 over what it says: whoever approves names what they read."""
        return hashlib.sha256(msgspec.json.encode(self.definition, order="deterministic")).hexdigest()
