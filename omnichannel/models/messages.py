"""Messages to members: the queue they wait in and what became of each of them."""

from django.db import models
from django.db.models import Q

from config.ground.ids import new_ref


def new_message_ref() -> str:
    return new_ref("msg")


class Message(models.Model):
    """One message to one member over one channel.

    The address is not kept here: it is looked up among the member's identities when the message is released,
    so that a changed or erased address is never written to.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", "E-mail"
        SMS = "sms", "SMS"
        INBOX = "inbox", "Inbox"

    class MessageClass(models.TextChoices):
        TRANSACTIONAL = "transactional", "Transactional"
        SERVICE = "service", "Service"
        POINTS_CRITICAL = "points_critical", "Points-critical"
        MARKETING = "marketing", "Marketing"

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        SENDING = "sending", "Sending"
        SENT = "sent", "Sent"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Failed"
        UNCERTAIN = "uncertain", "Uncertain"
        WITHDRAWN = "withdrawn", "Withdrawn"

    ref = models.CharField(max_length=30, default=new_message_ref, editable=False)
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, related_name="+", db_index=False)
    channel = models.CharField(max_length=10, choices=Channel)
    purpose = models.CharField(max_length=40, blank=True, db_default="")
    message_class = models.CharField("class", max_length=20, choices=MessageClass, db_column="class")
    dedupe_key = models.CharField(max_length=120)
    subject = models.CharField(max_length=200, blank=True, db_default="")
    body_text = models.TextField(blank=True, db_default="")
    body_html = models.TextField(blank=True, db_default="")
    facts = models.JSONField(default=dict, blank=True, db_default=models.Value({}, models.JSONField()))
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED, db_default=State.QUEUED)
    attempts = models.SmallIntegerField(default=0, db_default=0)
    due_at = models.DateTimeField(help_text="The next attempt is not made before this moment.")
    lease_until = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Not sent from this moment on.")
    carrier_id = models.CharField(max_length=200, blank=True, db_default="")
    last_error = models.CharField(max_length=300, blank=True, db_default="")
    queued_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member", "dedupe_key"], name="a_message_is_queued_once"),
            models.UniqueConstraint(fields=["member", "id"], name="messages_of_a_member"),
            models.CheckConstraint(
                condition=~Q(state="sending") | Q(lease_until__isnull=False), name="who_sends_holds_a_lease"
            ),
        ]
        indexes = [
            models.Index(
                fields=["message_class", "due_at", "id"], name="messages_waiting", condition=Q(state="queued")
            ),
            models.Index(fields=["lease_until"], name="messages_being_sent", condition=Q(state="sending")),
            models.Index(fields=["-queued_at", "-id"], name="messages_by_time"),
            models.Index(fields=["member", "queued_at", "id"], name="messages_of_member_by_moment"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.ref}"
