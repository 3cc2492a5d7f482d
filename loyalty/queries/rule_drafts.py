"""Drafts of rules: the open one of a rule."""

from loyalty.models import RuleDraft
from loyalty.models.drafts import OPEN


def find_open_draft(rule_id: int) -> RuleDraft | None:
    """What somebody is writing, or what waits for approval."""
    return RuleDraft.objects.filter(rule_id=rule_id, state__in=OPEN).first()


def find_draft_of(programme_id: int, code: str) -> RuleDraft | None:
    """As `find_open_draft`, by the rule's code."""
    drafts = RuleDraft.objects.filter(rule__programme_id=programme_id, rule__code=code, state__in=OPEN)
    return drafts.first()
