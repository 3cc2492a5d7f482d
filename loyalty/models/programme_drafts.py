"""Drafts of what a programme declares: its terms, how far each role corrects alone, or all that a file names."""

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from loyalty.models.drafts import Draft, DraftState, approved_by_another, one_open_draft


class DraftKind(models.TextChoices):
    TERMS = "terms", "terms"
    LIMITS = "limits", "limits of corrections"
    FILE = "file", "file"


WAITS = Q(kind=DraftKind.TERMS, state=DraftState.APPROVED, before__isnull=True, withdrawn_at=None)
"""Approved, and its moment has not come."""


class ProgrammeDraft(Draft):
    """What somebody wants the terms, the limits of corrections, or all that a file names to be, whole. It holds
    once it is approved, terms perhaps from a later moment on.
    """

    id = models.BigAutoField(primary_key=True)
    programme = models.ForeignKey("omnichannel.Programme", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=6, choices=DraftKind)
    definition = models.JSONField(
        help_text="`TermsPart` or `ProgrammeFile` of `loyalty.rules.programme_files`, or role -> points."
    )
    before = models.JSONField(null=True, help_text="What it took the place of; empty until it did.")
    live_from = models.DateTimeField(
        null=True, blank=True, help_text="From when terms hold. Empty: from their approval."
    )
    withdrawn_by = models.CharField(max_length=60, blank=True, default="", db_default="")
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["programme"], condition=WAITS, name="one_change_of_terms_waits_for_its_time"
            ),
            CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(withdrawn_at__lt=F("live_from"), before__isnull=True),
                name="terms_are_withdrawn_before_they_begin",
            ),
            one_open_draft("programme", "kind", name="a_programme_has_one_open_draft"),
            approved_by_another("terms_are_approved_by_another"),
        ]
        verbose_name = "draft of terms, limits or a file"
        verbose_name_plural = "drafts of terms, limits and files"

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.programme}"

    def said(self) -> Sequence[Any]:
        return self.definition, self.live_from

    @property
    def waits_for_its_time(self) -> bool:
        """Whether these are terms that were approved and have not begun."""
        is_scheduled = self.kind == DraftKind.TERMS and self.state == DraftState.APPROVED
        return is_scheduled and self.before is None and self.withdrawn_at is None
