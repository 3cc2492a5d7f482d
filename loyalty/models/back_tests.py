"""Back-tests: a change of rules tried on past purchases, worked on piece by piece until it is done."""

from django.db import models
from django.db.models import CheckConstraint, F, Q


class BackTestState(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class BackTest(models.Model):
    """What is tried on which days, how far it came, and what it came to. Nothing else is ever written by it.

    `last_member_id` is how far it came: whoever takes it up goes on behind that member.
    """

    id = models.BigAutoField(primary_key=True)
    ref = models.CharField(max_length=30, unique=True)
    programme = models.ForeignKey("omnichannel.Programme", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    changes = models.JSONField(help_text="`loyalty.rules.back_tests.Changes`")
    since_on = models.DateField(help_text="The first day, on the programme's calendar.")
    until_on = models.DateField(help_text="The last day.")
    state = models.CharField(max_length=8, choices=BackTestState, default=BackTestState.WAITING)
    asked_by = models.CharField(max_length=60)
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    orders_total = models.BigIntegerField(null=True, help_text="How many purchases there are to look at.")
    last_member_id = models.BigIntegerField(default=0)
    tally = models.JSONField(default=dict, help_text="`loyalty.rules.back_tests.Tally`")
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(until_on__gte=F("since_on")), name="a_back_test_looks_at_a_day"),
            CheckConstraint(
                condition=Q(state__in=["waiting", "running"], finished_at=None)
                | Q(state__in=["done", "failed"], finished_at__isnull=False),
                name="a_back_test_that_ended_says_when",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=Q(state__in=["waiting", "running"]), name="back_tests_to_work_on"
            )
        ]

    def __str__(self) -> str:
        return self.name
