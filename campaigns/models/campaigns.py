"""Campaigns: what is offered to whom and when, their runs, and what became of every candidate."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from campaigns.models.segments import Segment
from campaigns.rules.verdicts import REASONS
from config.ground.guards import append_only
from config.ground.ids import new_ref
from members.models import Member
from omnichannel.models import Programme


def new_campaign_ref() -> str:
    return new_ref("cmp")


class Campaign(models.Model):
    """An offer to a segment at a time. `intent` is what a person decided; running and finished are computed."""

    class Intent(models.TextChoices):
        DRAFT = "draft", "Draft"
        SCHEDULED = "scheduled", "Scheduled"
        PAUSED = "paused", "Paused"

    ref = models.CharField(max_length=30, unique=True, default=new_campaign_ref, editable=False)
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="campaigns")
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, related_name="campaigns")
    code = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    intent = models.CharField(max_length=10, choices=Intent, default=Intent.DRAFT, editable=False)
    current_version = models.PositiveIntegerField(default=0, editable=False)
    made_at = models.DateTimeField(editable=False)
    changed_at = models.DateTimeField(editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["programme", "code"], name="a_campaign_code_is_unique_in_its_programme"
            ),
            models.CheckConstraint(
                condition=Q(intent__in=["draft", "scheduled", "paused"]),
                name="a_campaign_is_a_draft_or_scheduled_or_paused",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CampaignVersion(models.Model):
    """One plan of a campaign, for ever. A run keeps the version it was frozen with."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    plan = models.JSONField()
    zone = models.CharField(max_length=64, help_text="The wall times of the plan are of this timezone.")
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=120)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["campaign", "number"], name="a_campaign_version_is_numbered_once"
            ),
        ]
        triggers: ClassVar = append_only()

    def __str__(self) -> str:
        return f"{self.campaign_id} version {self.number}"


class CampaignRun(models.Model):
    """One time a campaign goes out. It is due from `due_at` on until `frozen_at` says who its recipients are."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="runs")
    number = models.PositiveIntegerField()
    due_at = models.DateTimeField()
    version = models.ForeignKey(CampaignVersion, on_delete=models.PROTECT, null=True, related_name="+")
    segment_version = models.PositiveIntegerField(null=True)
    frozen_at = models.DateTimeField(null=True)
    valid_until = models.DateTimeField(null=True, help_text="When what it grants ends.")
    candidates = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["campaign", "number"], name="a_run_is_numbered_once"),
            models.UniqueConstraint(fields=["campaign", "due_at"], name="a_campaign_runs_once_at_a_moment"),
            models.CheckConstraint(
                condition=Q(frozen_at__isnull=True) | Q(version__isnull=False, valid_until__isnull=False),
                name="a_frozen_run_has_its_version_and_its_end",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], name="runs_that_are_due", condition=Q(frozen_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.campaign.name}, run {self.number}"

    @property
    def cause(self) -> str:
        """The cause under which this run grants and writes: once for each member."""
        return f"campaign:{self.campaign.ref}:run:{self.number}"


class RunChunk(models.Model):
    """A few hundred recipients of a run, decided in one transaction. The small table that workers queue at."""

    run = models.ForeignKey(CampaignRun, on_delete=models.PROTECT, related_name="chunks")
    number = models.PositiveIntegerField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "number"], name="a_chunk_is_numbered_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["id"], name="chunks_that_are_open", condition=Q(done_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} chunk {self.number}"


class Recipient(models.Model):
    """A candidate of a run and what became of him. Written when the run is frozen, decided once."""

    class Outcome(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        WITHHELD = "withheld", "Withheld"
        FAILED = "failed", "Failed"

    member = models.ForeignKey(Member, on_delete=models.PROTECT, db_index=False, related_name="+")
    run = models.ForeignKey(CampaignRun, on_delete=models.PROTECT, db_index=False, related_name="recipients")
    chunk = models.PositiveIntegerField()
    verdict = models.CharField(max_length=8, choices=Outcome, default=Outcome.WAITING)
    reason = models.CharField(max_length=40, blank=True, default="")
    channels = models.JSONField(default=dict, help_text="Each channel: sent, or why not.")
    offer = models.JSONField(default=dict, help_text="What was offered, as it was said.")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "member"], name="a_member_receives_a_run_once"),
            models.CheckConstraint(
                condition=Q(verdict="waiting", reason="") | Q(verdict__in=["sent", "withheld", "failed"]),
                name="a_recipient_waits_or_has_a_verdict",
            ),
            models.CheckConstraint(
                condition=Q(reason__in=list(REASONS)), name="a_verdict_has_a_reason_that_is_known"
            ),
            models.CheckConstraint(
                condition=Q(verdict="waiting") | (~Q(reason="") & Q(decided_at__isnull=False)),
                name="every_verdict_has_a_reason_and_a_moment",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["run", "chunk"], name="recipients_of_a_chunk"),
            models.Index(fields=["member", "-id"], name="recipients_by_member"),
            models.Index(
                fields=["member", "decided_at", "id"], name="offers_by_moment", condition=Q(verdict="sent")
            ),
            models.Index(fields=["run"], name="recipients_that_wait", condition=Q(verdict="waiting")),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} in run {self.run_id}: {self.verdict}"

    @property
    def reason_words(self) -> str:
        return REASONS[self.reason]
