"""What a member likes, and how and when they want to hear from us. The member edits it."""

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    CASCADE,
    CharField,
    CheckConstraint,
    DateTimeField,
    Model,
    OneToOneField,
    Q,
    TextChoices,
    TimeField,
)

from config.ground.history import before_each_change
from members.models.consents import CHANNELS
from members.models.members import Member


class Frequency(TextChoices):
    ANY = "any"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    NEVER = "never"


@pghistory.track(*before_each_change())
class Preference(Model):
    """One row per member, made with the first wish. Hours are local times of `timezone`, an IANA name."""

    member = OneToOneField(Member, on_delete=CASCADE, related_name="preference")
    interests = ArrayField(
        CharField(max_length=64), default=list, blank=True, help_text="Category codes or words."
    )
    preferred_channel = CharField(max_length=8, choices=CHANNELS, blank=True)
    frequency = CharField(max_length=8, choices=Frequency, default=Frequency.ANY)
    quiet_from = TimeField(null=True, blank=True)
    quiet_until = TimeField(null=True, blank=True)
    timezone = CharField(max_length=64, blank=True)
    packaging = CharField(max_length=200, blank=True, help_text="For example: no bag, gift wrap.")
    invoice = CharField(max_length=200, blank=True, help_text="For example: paper, e-mail, to the company.")
    changed_at = DateTimeField()

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(frequency__in=Frequency.values), name="a_frequency_is_a_known_one"),
            CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="quiet_hours_begin_and_end",
            ),
        ]

    def __str__(self) -> str:
        return f"Preferences of member {self.member_id}"
