"""Grants: what campaigns promised one member, written down here so that the till honours it."""

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint


class Grant(models.Model):
    """A personal offer. It works for its member alone, between two moments, and `max_uses` times."""

    id = models.BigAutoField(primary_key=True)
    ref = models.CharField(max_length=30)
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    programme = models.ForeignKey(
        "omnichannel.Programme", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    cause = models.CharField(
        max_length=120, help_text="Who promised it, e.g. campaign:<ref>:<run>. Once per member."
    )
    title = models.CharField(max_length=160)
    mention = models.CharField(max_length=300, blank=True, help_text="What the cashier may say.")
    effect = models.JSONField(help_text="`loyalty.rules.definition`: a Multiplier or FixedPoints.")
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()
    max_uses = models.PositiveIntegerField(default=1)
    uses = models.PositiveIntegerField(default=0, db_default=0)
    granted_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_order_ref = models.CharField(max_length=30, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            UniqueConstraint(fields=["member", "cause"], name="a_promise_is_granted_once"),
            UniqueConstraint(fields=["ref", "member"], name="grant_ref_names_one_grant"),
            CheckConstraint(condition=Q(uses__lte=F("max_uses")), name="a_grant_is_never_overused"),
            CheckConstraint(condition=Q(valid_until__gt=F("valid_from")), name="a_grant_lasts"),
        ]
        indexes = [
            models.Index(
                fields=["member", "programme", "valid_until"],
                name="grants_to_honour",
                condition=Q(uses__lt=F("max_uses")),
            )
        ]

    def __str__(self) -> str:
        return self.title
