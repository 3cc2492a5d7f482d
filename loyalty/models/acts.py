"""Acts that were looked at: what each was worth, and what counts only once. Written by `services.acts` alone."""

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from config.ground.guards import append_only


class ActSettlement(models.Model):
    """What a member's act was worth, and why; kept also where it was worth nothing."""

    id = models.BigAutoField(primary_key=True)
    act_ref = models.CharField(max_length=30)
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    programme = models.ForeignKey(
        "omnichannel.Programme", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    type_code = models.CharField(max_length=40, verbose_name="type")
    title = models.CharField(max_length=120)
    points_earned = models.BigIntegerField()
    answer = models.TextField(
        help_text="`loyalty.rules.act_answers.ActAnswer`, JSON text; as it was settled."
    )
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["act_ref", "member"], name="an_act_is_settled_once"),
            UniqueConstraint(fields=["member", "id"], name="acts_of_a_member"),
            CheckConstraint(condition=Q(points_earned__gte=0), name="an_act_earns_nothing_or_more"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return self.act_ref


class ActCounted(models.Model):
    """That a rule which does not count each act gave its points: to this member, for this key."""

    id = models.BigAutoField(primary_key=True)
    rule = models.ForeignKey("loyalty.Rule", on_delete=models.PROTECT, db_index=False, related_name="+")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    key = models.CharField(
        max_length=64,
        help_text="`member`, a day of the programme's calendar, or a property's value, digested.",
    )
    act_ref = models.CharField(max_length=30)

    class Meta:
        verbose_name_plural = "acts counted"
        constraints = [
            UniqueConstraint(fields=["member", "rule", "key"], name="what_counts_once_counts_once")
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.rule_id} {self.key}"
