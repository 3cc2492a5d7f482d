"""Interactions: that somebody of the house spoke with a member, how far it got, and what was promised."""

import pgtrigger
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from config.ground.ids import new_ref


def new_interaction_ref() -> str:
    return new_ref("itr")


class InteractionKind(models.TextChoices):
    VISIT = "visit", "Visit"
    CALL = "call", "Call"
    CHAT = "chat", "Chat"
    EMAIL = "email", "E-mail from them"
    EVENT = "event", "Event attended"
    NOTE = "note", "Note"


class Interaction(models.Model):
    """One contact, as it was written down. It never changes; of a promise it is said later that it was kept."""

    id = models.BigAutoField(primary_key=True)
    ref = models.CharField(max_length=30, default=new_interaction_ref, editable=False)
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    programme = models.ForeignKey(
        "omnichannel.Programme", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    place = models.ForeignKey(
        "omnichannel.Place", on_delete=models.PROTECT, null=True, blank=True, db_index=False, related_name="+"
    )
    case = models.ForeignKey(
        "omnichannel.ServiceCase",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="interactions",
    )
    kind = models.CharField(max_length=8, choices=InteractionKind)
    by = models.CharField(
        max_length=100, blank=True, help_text="Who spoke with them, where the actor does not say it."
    )
    outcome = models.TextField(help_text="How far it got.")
    promise = models.CharField(max_length=300, blank=True)
    promise_due_on = models.DateField(null=True, blank=True)
    promise_kept_at = models.DateTimeField(null=True, blank=True)
    promise_kept_by = models.CharField(max_length=60, blank=True, db_default="")
    actor = models.CharField(max_length=60, help_text="Who wrote it down, e.g. key:12, staff:3.")
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["member", "id"], name="interactions_of_a_member"),
            UniqueConstraint(fields=["ref", "member"], name="interaction_ref_names_one"),
            CheckConstraint(
                condition=Q(kind__in=InteractionKind.values), name="an_interaction_is_of_a_known_kind"
            ),
            CheckConstraint(
                condition=Q(promise_due_on=None, promise_kept_at=None) | ~Q(promise=""),
                name="only_a_promise_is_due_or_kept",
            ),
        ]
        indexes = [
            models.Index(fields=["member", "happened_at", "id"], name="interaction_by_moment"),
            models.Index(fields=["ref"], name="interaction_by_ref"),
            models.Index(fields=["case", "id"], name="interactions_of_a_case", condition=~Q(case=None)),
            models.Index(
                fields=["member", "promise_due_on"],
                name="promises_to_keep",
                condition=~Q(promise="") & Q(promise_kept_at=None),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="interactions_are_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="what_was_said_never_changes",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "member",
                    "programme",
                    "place",
                    "case",
                    "kind",
                    "by",
                    "outcome",
                    "promise",
                    "promise_due_on",
                    "actor",
                    "happened_at",
                    "recorded_at",
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.ref}"
