"""Ladders: what a programme's tiers ask for and how long they are held, from a moment on."""

import pgtrigger
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint


class Ladder(models.Model):
    """A version of a programme's ladder. The one of a moment is the last that has begun; it is never rewritten.

    One that waits for its time can be withdrawn until then.
    """

    id = models.BigAutoField(primary_key=True)
    programme = models.ForeignKey(
        "omnichannel.Programme", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    version = models.PositiveIntegerField()
    definition = models.JSONField(help_text="`loyalty.rules.ladders.LadderDefinition`")
    live_from = models.DateTimeField()
    made_by = models.CharField(max_length=60)
    approved_by = models.CharField(max_length=60, blank=True, default="", db_default="")
    made_at = models.DateTimeField()
    withdrawn_by = models.CharField(max_length=60, blank=True, default="", db_default="")
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["programme", "version"], name="ladders_are_numbered"),
            CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(withdrawn_at__lt=F("live_from")),
                name="a_ladder_is_withdrawn_before_it_begins",
            ),
            CheckConstraint(
                condition=Q(approved_by="") | ~Q(approved_by=F("made_by")),
                name="nobody_approves_their_own_ladder",
            ),
        ]
        indexes = [models.Index(fields=["programme", "live_from", "version"], name="ladder_of_a_moment")]
        ordering = ["programme", "version"]
        triggers = [
            pgtrigger.Protect(name="ladders_are_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="ladders_are_never_rewritten",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "programme", "version", "definition", "live_from", "made_by", "made_at", "approved_by"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"ladder {self.version}"
