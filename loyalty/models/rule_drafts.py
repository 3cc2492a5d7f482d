"""Drafts of rules on their way: written, submitted, and approved by somebody else, or not."""

import hashlib

import msgspec
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint


class RuleDraftState(models.TextChoices):
    """Only an approved draft becomes a version; whether that is scheduled, live or ended is a fact of time."""

    DRAFT = "draft", "draft"
    SUBMITTED = "submitted", "waits for approval"
    APPROVED = "approved", "approved"
    DISCARDED = "discarded", "discarded"


class RuleDraft(models.Model):
    """What somebody wants a rule to say. `live_from` empty: from the moment it is approved.

    `needs_approval` is what the programme's terms declared when it was submitted.
    """

    id = models.BigAutoField(primary_key=True)
    rule = models.ForeignKey("loyalty.Rule", on_delete=models.PROTECT, related_name="drafts")
    name = models.CharField(max_length=120)
    definition = models.JSONField(help_text="`loyalty.rules.definition.RuleDefinition`")
    live_from = models.DateTimeField(null=True, blank=True)
    live_until = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=9, choices=RuleDraftState, default=RuleDraftState.DRAFT)
    made_by = models.CharField(max_length=60, help_text="Who wrote it last, e.g. `staff:3`.")
    made_at = models.DateTimeField()
    submitted_by = models.CharField(max_length=60, blank=True)
    submitted_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=60, blank=True)
    decided_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=300, blank=True, help_text="Why it was sent back.")
    needs_approval = models.BooleanField(default=True)
    version = models.OneToOneField(
        "loyalty.RuleVersion", on_delete=models.PROTECT, null=True, related_name="draft"
    )

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["rule"],
                condition=Q(state__in=[RuleDraftState.DRAFT, RuleDraftState.SUBMITTED]),
                name="a_rule_has_one_open_draft",
            ),
            CheckConstraint(
                condition=Q(state=RuleDraftState.APPROVED, version__isnull=False, decided_at__isnull=False)
                | ~Q(state=RuleDraftState.APPROVED) & Q(version=None),
                name="an_approved_draft_is_a_version",
            ),
            CheckConstraint(
                condition=~Q(state=RuleDraftState.SUBMITTED) | Q(submitted_at__isnull=False),
                name="a_submitted_draft_says_when",
            ),
            CheckConstraint(
                condition=~Q(state=RuleDraftState.APPROVED, needs_approval=True)
                | (~Q(decided_by=F("made_by")) & ~Q(decided_by=F("submitted_by"))),
                name="a_draft_is_approved_by_another",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def digest(self) -> str:
        """SHA-256 over what it says and when it holds: whoever approves names what they read."""
        said = [self.name, self.definition, self.live_from, self.live_until]
        return hashlib.sha256(msgspec.json.encode(said, order="deterministic")).hexdigest()
