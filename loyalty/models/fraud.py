"""What is watched for fraud, what was found, and what became of it."""

import pghistory
import pgtrigger
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from config.ground.history import before_each_change
from loyalty.rules.fraud import PER, WATCHES, WITHIN


@pghistory.track(*before_each_change(), exclude=["looked_at"])
class FraudRule(models.Model):
    """A limit that honest people do not reach. It looks at nothing before it is live, and is never changed after."""

    id = models.BigAutoField(primary_key=True)
    programme = models.ForeignKey("omnichannel.Programme", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    what = models.CharField(max_length=16, choices=[(code, each.title) for code, each in WATCHES.items()])
    per = models.CharField(max_length=12, choices=list(PER.items()))
    within = models.CharField(max_length=4, choices=list(WITHIN.items()))
    more_than = models.PositiveIntegerField()
    is_holding = models.BooleanField(
        default=False,
        db_default=False,
        verbose_name="Hold the points",
        help_text="Set aside what the member can spend until somebody has decided, thirty days at most. "
        "For rules about one member.",
    )
    written_by = models.CharField(max_length=60, editable=False)
    live_from = models.DateTimeField(null=True, editable=False)
    approved_by = models.CharField(max_length=60, blank=True, default="", db_default="", editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)
    looked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            CheckConstraint(
                condition=~Q(is_holding=True) | Q(per__in=["member", "member_till"]),
                name="points_are_held_of_a_member",
            ),
            CheckConstraint(
                condition=Q(ended_at=None) | Q(live_from__isnull=False),
                name="a_fraud_rule_ends_after_it_began",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="a_live_fraud_rule_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.live_from IS NOT NULL AND (OLD.what, OLD.per, OLD.within, OLD.more_than, OLD.is_holding,"
                    " OLD.live_from) IS DISTINCT FROM (NEW.what, NEW.per, NEW.within, NEW.more_than,"
                    " NEW.is_holding, NEW.live_from)"
                ),
            )
        ]

    def __str__(self) -> str:
        return self.name


class FlagState(models.TextChoices):
    OPEN = "open", "to be looked at"
    PROPOSED = "proposed", "waits for a second person"
    CLEARED = "cleared", "cleared"
    CONFIRMED = "confirmed", "confirmed"


class FraudFlag(models.Model):
    """Somebody was above a rule's limit in a window. `evidence`: `loyalty.rules.fraud.Finding`."""

    id = models.BigAutoField(primary_key=True)
    ref = models.CharField(max_length=30, unique=True)
    programme = models.ForeignKey("omnichannel.Programme", on_delete=models.PROTECT, related_name="+")
    rule = models.ForeignKey(FraudRule, on_delete=models.PROTECT, db_index=False, related_name="flags")
    cause = models.CharField(max_length=160)
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, null=True, related_name="+")
    evidence = models.JSONField()
    found_at = models.DateTimeField()
    hold_ref = models.CharField(max_length=30, blank=True, default="")
    held_points = models.BigIntegerField(default=0)
    state = models.CharField(max_length=10, choices=FlagState, default=FlagState.OPEN)
    take_points = models.BigIntegerField(default=0, help_text="How many points are taken back.")
    note = models.CharField(max_length=300, blank=True, default="")
    decided_by = models.CharField(max_length=60, blank=True, default="")
    decided_at = models.DateTimeField(null=True)
    agreed_by = models.CharField(max_length=60, blank=True, default="")
    correction_ref = models.CharField(max_length=30, blank=True, default="")

    not_sharded_because = "a flag may be about a till, a colleague or many members"

    class Meta:
        constraints = [
            UniqueConstraint(fields=["rule", "cause"], name="a_cause_is_flagged_once"),
            CheckConstraint(
                condition=Q(agreed_by="") | ~Q(agreed_by=F("decided_by")), name="another_agrees_to_a_verdict"
            ),
            CheckConstraint(
                condition=Q(state="open") | (~Q(decided_by="") & ~Q(note="") & Q(decided_at__isnull=False)),
                name="a_verdict_has_its_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["programme", "found_at"],
                name="flags_to_look_at",
                condition=Q(state__in=["open", "proposed"]),
            )
        ]
        triggers = [
            pgtrigger.Protect(name="flags_are_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="a_verdict_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state__in=["cleared", "confirmed"]),
            ),
        ]

    def __str__(self) -> str:
        return self.ref
