"""Events, and what of them still waits to be delivered."""

import pgtrigger
from django.db import models
from django.db.models import CheckConstraint, Q

APPEND_ONLY = """
    IF TG_OP = 'DELETE' AND current_setting('regulars.purging', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'events are append-only' USING ERRCODE = 'restrict_violation';
"""


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
            models.Index(
                fields=["member_id", "id"], name="events_of_a_member", condition=Q(member_id__isnull=False)
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="events_are_append_only",
                operation=pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func=APPEND_ONLY,
            )
        ]

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
            models.Index(fields=["subscriber", "id"], name="deliveries_waiting", condition=Q(is_dead=False)),
            models.Index(
                fields=["subscriber", "member_id", "id"],
                name="deliveries_that_failed",
                condition=Q(attempts__gt=0, is_dead=False),
            ),
            models.Index(fields=["event"], name="deliveries_of_an_event"),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} to {self.subscriber}"
