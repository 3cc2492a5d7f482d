"""What one person writes and another one approves: the columns and the law that every draft shares."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint


class DraftState(models.TextChoices):
    """Only an approved draft holds; whether what it says is scheduled, live or ended is a fact of time."""

    DRAFT = "draft", "draft"
    SUBMITTED = "submitted", "waits for approval"
    APPROVED = "approved", "approved"
    DISCARDED = "discarded", "discarded"


OPEN = (DraftState.DRAFT, DraftState.SUBMITTED)
"""Somebody writes it, or it waits for approval."""


class Written(models.Model):
    """What is read by whoever approves it, who is none of its writers."""

    class Meta:
        abstract = True

    def said(self) -> Sequence[Any]:
        """All that whoever approves it agrees to, e.g. what it says and from when."""
        raise NotImplementedError

    def writers(self) -> Sequence[str]:
        """Who wrote it or handed it in, e.g. `staff:3`."""
        raise NotImplementedError

    def digest(self) -> str:
        """SHA-256 over what it says: whoever approves names what they read."""
        said = [one.astimezone(UTC) if isinstance(one, datetime) else one for one in self.said()]
        return hashlib.sha256(msgspec.json.encode(said, order="deterministic")).hexdigest()


class Draft(Written):
    """What somebody wants to hold. `needs_approval` is what the programme's terms declared when it was submitted."""

    state = models.CharField(max_length=9, choices=DraftState, default=DraftState.DRAFT)
    made_by = models.CharField(max_length=60, help_text="Who wrote it last, e.g. `staff:3`.")
    made_at = models.DateTimeField()
    submitted_by = models.CharField(max_length=60, blank=True, default="")
    submitted_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=60, blank=True, default="")
    decided_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=300, blank=True, default="", help_text="Why it was sent back.")
    needs_approval = models.BooleanField(default=True)

    class Meta:
        abstract = True

    def writers(self) -> Sequence[str]:
        return self.made_by, self.submitted_by


def one_open_draft(*fields: str, name: str) -> UniqueConstraint:
    """Of what these fields name, one draft is open at a time."""
    return UniqueConstraint(fields=fields, condition=Q(state__in=list(OPEN)), name=name)


def approved_by_another(name: str) -> CheckConstraint:
    """Where a second person is needed, who approved neither wrote nor submitted it."""
    is_another = ~Q(decided_by=F("made_by")) & ~Q(decided_by=F("submitted_by"))
    return CheckConstraint(
        condition=~Q(state=DraftState.APPROVED, needs_approval=True) | is_another, name=name
    )
