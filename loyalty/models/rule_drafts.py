"""Drafts of rules on their way: written, submitted, and approved by somebody else, or not."""

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.models import CheckConstraint, Q

from loyalty.models.drafts import Draft, DraftState, approved_by_another, one_open_draft
from omnichannel.models import Programme


class RuleDraft(Draft):
    """What somebody wants a rule to say. `live_from` empty: from the moment it is approved."""

    id = models.BigAutoField(primary_key=True)
    rule = models.ForeignKey("loyalty.Rule", on_delete=models.PROTECT, related_name="drafts")
    name = models.CharField(max_length=120)
    definition = models.JSONField(help_text="`loyalty.rules.definition.RuleDefinition`")
    live_from = models.DateTimeField(null=True, blank=True)
    live_until = models.DateTimeField(null=True, blank=True)
    version = models.OneToOneField(
        "loyalty.RuleVersion", on_delete=models.PROTECT, null=True, related_name="draft"
    )

    class Meta:
        constraints = [
            one_open_draft("rule", name="a_rule_has_one_open_draft"),
            CheckConstraint(
                condition=Q(state=DraftState.APPROVED, version__isnull=False, decided_at__isnull=False)
                | ~Q(state=DraftState.APPROVED) & Q(version=None),
                name="an_approved_draft_is_a_version",
            ),
            CheckConstraint(
                condition=~Q(state=DraftState.SUBMITTED) | Q(submitted_at__isnull=False),
                name="a_submitted_draft_says_when",
            ),
            approved_by_another("a_draft_is_approved_by_another"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def programme(self) -> Programme:
        return self.rule.programme

    @property
    def programme_id(self) -> int:
        return self.rule.programme_id

    def said(self) -> Sequence[Any]:
        return self.name, self.definition, self.live_from, self.live_until
