"""What the ground itself keeps: answers already given, runs of jobs, and the sandbox's clock."""

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint


class IdempotencyKey(models.Model):
    """An answer that was given, so that the same request is answered the same for 30 days."""

    caller = models.TextField()
    key = models.TextField()
    fingerprint = models.BinaryField()
    status = models.SmallIntegerField()
    body = models.TextField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [UniqueConstraint(fields=["caller", "key"], name="a_key_answers_one_request")]
        indexes = [models.Index(fields=["recorded_at"], name="idempotency_by_age")]

    def __str__(self) -> str:
        return f"{self.caller} {self.key}"


class JobRun(models.Model):
    """One run of a job: what it did, how far it came, and how it ended."""

    class State(models.TextChoices):
        RUNNING = "running"
        FINISHED = "finished"
        FAILED = "failed"

    name = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True, help_text="How much there is to do, where that is known.")
    detail = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(done__gte=0), name="a_run_never_undoes"),
            CheckConstraint(
                condition=Q(finished_at__isnull=True) | Q(finished_at__gte=F("started_at")),
                name="a_run_ends_after_it_starts",
            ),
            CheckConstraint(
                condition=Q(state="running", finished_at__isnull=True)
                | (~Q(state="running") & Q(finished_at__isnull=False)),
                name="a_run_that_ended_says_when",
            ),
        ]
        indexes = [models.Index(fields=["name", "-started_at"], name="runs_of_a_job")]

    def __str__(self) -> str:
        return f"{self.name} {self.started_at:%Y-%m-%d %H:%M}"


class SandboxClock(models.Model):
    """How far a sandbox has moved its clock. One row at most; never read outside a sandbox."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    offset_s = models.BigIntegerField()

    class Meta:
        constraints = [CheckConstraint(condition=Q(id=1), name="a_sandbox_has_one_clock")]

    def __str__(self) -> str:
        return f"{self.offset_s} s"
