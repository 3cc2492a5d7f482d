"""Earning rules: typed data in immutable versions."""

import pgtrigger
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint


class Rule(models.Model):
    """A rule keeps its code through all its versions."""

    id = models.BigAutoField(primary_key=True)
    programme = models.ForeignKey("omnichannel.Programme", on_delete=models.PROTECT, related_name="+")
    code = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)

    class Meta:
        constraints = [UniqueConstraint(fields=["programme", "code"], name="a_rule_code_names_one_rule")]

    def __str__(self) -> str:
        return self.name


class RuleVersion(models.Model):
    """What a rule says from `live_from` until `live_until`. A version is never rewritten; a change is a new version."""

    id = models.BigAutoField(primary_key=True)
    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    definition = models.JSONField(help_text="`loyalty.rules.definition.RuleDefinition`")
    live_from = models.DateTimeField()
    live_until = models.DateTimeField(null=True, blank=True)
    made_by = models.CharField(max_length=60)
    made_at = models.DateTimeField()
    approved_by = models.CharField(
        max_length=60, blank=True, db_default="", help_text="Empty where nobody had to."
    )

    class Meta:
        constraints = [
            UniqueConstraint(fields=["rule", "version"], name="rule_versions_are_numbered"),
            CheckConstraint(
                condition=Q(live_until=None) | Q(live_until__gte=F("live_from")),
                name="a_rule_ends_after_it_starts",
            ),
            CheckConstraint(
                condition=Q(approved_by="") | ~Q(approved_by=F("made_by")),
                name="nobody_approves_their_own_rule",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="rule_versions_are_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="rule_versions_are_never_rewritten",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "rule", "version", "definition", "live_from", "made_by", "made_at", "approved_by"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} v{self.version}"
