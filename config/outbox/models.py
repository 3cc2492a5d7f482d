"""Events, and what of them still waits to be delivered."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import CheckConstraint, Index, Q

from config.ground.guards import append_only_until_purged


class Event(models.Model):
    """A fact, written in the transaction that made it. Kept 90 days for those who ask again."""

    name = models.TextField()
    member_id = models.BigIntegerField(null=True)
    payload = models.JSONField()
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    not_sharded_because = "news is told in the order of one queue, and some of it is about nobody"

    class Meta:
        indexes = [
            Index(
                fields=["member_id", "id"], name="events_of_a_member", condition=Q(member_id__isnull=False)
            ),
            BrinIndex(fields=["recorded_at"], name="events_by_age", pages_per_range=32),
        ]
        triggers = append_only_until_purged()

    def __str__(self) -> str:
        return f"{self.id} {self.name}"


class Delivery(models.Model):
    """An event that one subscriber has not learnt yet. Delivered rows are gone; dead ones wait for a person."""

    event = models.ForeignKey(Event, on_delete=models.DO_NOTHING, related_name="deliveries", db_index=False)
    subscriber = models.TextField()
    member_id = models.BigIntegerField(null=True)
    attempts = models.SmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    last_error = models.TextField(blank=True, default="")
    is_dead = models.BooleanField(default=False)

    not_sharded_because = "news is told in the order of one queue, and some of it is about nobody"

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            CheckConstraint(condition=Q(attempts__gte=0), name="attempts_are_counted_up"),
            CheckConstraint(condition=Q(is_dead=False) | Q(attempts__gt=0), name="only_the_tried_are_dead"),
        ]
        indexes = [
            Index(fields=["subscriber", "id"], name="deliveries_waiting", condition=Q(is_dead=False)),
            Index(
                fields=["subscriber", "member_id", "id"],
                name="deliveries_that_failed",
                condition=Q(attempts__gt=0, is_dead=False),
            ),
            Index(fields=["subscriber", "id"], name="deliveries_that_died", condition=Q(is_dead=True)),
            Index(fields=["event"], name="deliveries_of_an_event"),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} to {self.subscriber}"
