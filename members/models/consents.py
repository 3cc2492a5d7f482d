"""Consent: what a member allows, per channel and purpose, and the evidence of how that came to be."""

import pgtrigger
from django.db.models import (
    PROTECT,
    BooleanField,
    CharField,
    CheckConstraint,
    DateTimeField,
    ForeignKey,
    Index,
    Model,
    Q,
    UniqueConstraint,
)

from config.ground.guards import append_only
from members.models.members import Member
from members.rules.consents import Channel, Purpose

CHANNELS = [(channel.value, channel.value) for channel in Channel]
PURPOSES = [(purpose.value, purpose.value) for purpose in Purpose]


class Consent(Model):
    """What holds now: one row per member, channel and purpose. No row means nothing was ever said, so: no."""

    member = ForeignKey(Member, on_delete=PROTECT, related_name="consents", db_index=False)
    channel = CharField(max_length=8, choices=CHANNELS)
    purpose = CharField(max_length=16, choices=PURPOSES)
    is_given = BooleanField()
    changed_at = DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["member", "channel", "purpose"], name="a_member_has_one_word_per_channel_and_purpose"
            ),
            CheckConstraint(
                condition=Q(channel__in=[c.value for c in Channel]), name="consent_is_for_a_known_channel"
            ),
            CheckConstraint(
                condition=Q(purpose__in=[p.value for p in Purpose]), name="consent_is_for_a_known_purpose"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel}/{self.purpose}: {'yes' if self.is_given else 'no'}"


class ConsentEvent(Model):
    """One giving or withdrawing, with its evidence. Rows are never changed."""

    member = ForeignKey(Member, on_delete=PROTECT, related_name="consent_events", db_index=False)
    channel = CharField(max_length=8, choices=CHANNELS)
    purpose = CharField(max_length=16, choices=PURPOSES)
    is_given = BooleanField()
    source = CharField(
        max_length=32,
        help_text="How it was said: till, app, web, import, phone, letter, email, unsubscribe_link ...",
    )
    place_code = CharField(max_length=64, blank=True, help_text="Store or web shop where it was said.")
    text_version = CharField(max_length=64, blank=True, help_text="Which wording the member saw.")
    actor = CharField(max_length=64, help_text="Who wrote it down, e.g. member:55, key:12, staff:3.")
    evidence = CharField(
        max_length=64, blank=True, default="", db_default="", help_text="Where it stands: import and row."
    )
    happened_at = DateTimeField()
    recorded_at = DateTimeField()

    class Meta:
        indexes = [
            Index(fields=["member", "id"], name="consent_event_by_member"),
            Index(fields=["member", "happened_at", "id"], name="consent_event_by_moment"),
        ]
        triggers: list[pgtrigger.Trigger] = append_only()

    def __str__(self) -> str:
        return f"{self.channel}/{self.purpose}: {'given' if self.is_given else 'withdrawn'}"
