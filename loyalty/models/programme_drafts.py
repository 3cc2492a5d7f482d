"""Drafts of what a programme declares: its terms, how far each role corrects alone, or all that a file names."""

from collections.abc import Sequence
from typing import Any

from django.db import models

from loyalty.models.drafts import Draft, approved_by_another, one_open_draft


class DraftKind(models.TextChoices):
    TERMS = "terms", "terms"
    LIMITS = "limits", "limits of corrections"
    FILE = "file", "file"


class ProgrammeDraft(Draft):
    """What somebody wants the terms, the limits of corrections, or all that a file names to be, whole. It holds
    once it is approved.
    """

    id = models.BigAutoField(primary_key=True)
    programme = models.ForeignKey("omnichannel.Programme", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=6, choices=DraftKind)
    definition = models.JSONField(
        help_text="`TermsPart` or `ProgrammeFile` of `loyalty.rules.programme_files`, or role -> points."
    )
    before = models.JSONField(null=True, help_text="What it took the place of.")

    class Meta:
        constraints = [
            one_open_draft("programme", "kind", name="a_programme_has_one_open_draft"),
            approved_by_another("terms_are_approved_by_another"),
        ]
        verbose_name = "draft of terms, limits or a file"
        verbose_name_plural = "drafts of terms, limits and files"

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.programme}"

    def said(self) -> Sequence[Any]:
        return (self.definition,)
