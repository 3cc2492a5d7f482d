"""What rules with caps gave so far: counters, written beside the entries that they count."""

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from loyalty.models.rules import Rule

_BUCKET = "A day of the programme's calendar (ISO), or empty for all time."


class RuleUse(models.Model):
    """Points that a rule gave to all members together."""

    id = models.BigAutoField(primary_key=True)
    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, db_index=False, related_name="+")
    bucket = models.CharField(max_length=10, blank=True, help_text=_BUCKET)
    points = models.BigIntegerField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["rule", "bucket"], name="a_rule_is_counted_once"),
            CheckConstraint(condition=Q(points__gte=0), name="a_rule_gave_nothing_or_more"),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.bucket}: {self.points}"


class MemberRuleUse(models.Model):
    """Points that a rule gave to one member."""

    id = models.BigAutoField(primary_key=True)
    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, db_index=False, related_name="+")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    bucket = models.CharField(max_length=10, blank=True, help_text=_BUCKET)
    points = models.BigIntegerField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["member", "rule", "bucket"], name="a_rule_is_counted_once_for_a_member"),
            CheckConstraint(condition=Q(points__gte=0), name="a_rule_gave_a_member_nothing_or_more"),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.member_id} {self.bucket}: {self.points}"
