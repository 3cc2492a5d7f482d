"""Challenges: what they ask for, what counted, how far members have come, and what they got."""

from collections.abc import Sequence
from typing import Any

import pghistory
import pgtrigger
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from config.ground.history import before_each_change
from loyalty.models.drafts import Written


@pghistory.track(*before_each_change(), exclude=["caught_up_to"])
class Challenge(Written):
    """A challenge keeps its code. Without `live_from` it is a draft; what it asks for stays once it was started."""

    id = models.BigAutoField(primary_key=True)
    programme = models.ForeignKey("omnichannel.Programme", on_delete=models.PROTECT, related_name="+")
    code = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    words = models.CharField(
        max_length=300, blank=True, db_default="", help_text="What members read beside its name."
    )
    definition = models.JSONField(help_text="`loyalty.rules.challenges.ChallengeDefinition`")
    live_from = models.DateTimeField(null=True, blank=True, help_text="From then on it counts.")
    live_until = models.DateTimeField(null=True, blank=True, help_text="Empty: without end.")
    made_by = models.CharField(max_length=60)
    made_at = models.DateTimeField()
    started_by = models.CharField(max_length=60, blank=True, db_default="")
    started_at = models.DateTimeField(null=True)
    caught_up_to = models.BigIntegerField(
        null=True, help_text="While the past is being counted: the last member that is done."
    )

    class Meta:
        constraints = [
            UniqueConstraint(fields=["programme", "code"], name="a_challenge_code_names_one_challenge"),
            CheckConstraint(
                condition=Q(live_until=None) | Q(live_until__gt=F("live_from")),
                name="a_challenge_ends_after_it_starts",
            ),
            CheckConstraint(
                condition=Q(started_at=None) | Q(live_from__isnull=False),
                name="a_started_challenge_says_when",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="a_started_challenge_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__started_at__isnull=False)
                & (
                    pgtrigger.Q(old__definition__df=pgtrigger.F("new__definition"))
                    | pgtrigger.Q(old__live_from__df=pgtrigger.F("new__live_from"))
                    | pgtrigger.Q(old__code__df=pgtrigger.F("new__code"))
                    | pgtrigger.Q(old__programme__df=pgtrigger.F("new__programme"))
                ),
            ),
            pgtrigger.Protect(
                name="a_started_challenge_is_kept",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Q(old__started_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def said(self) -> Sequence[Any]:
        return self.code, self.name, self.words, self.definition, self.live_from, self.live_until

    def writers(self) -> Sequence[str]:
        return (self.made_by,)


class _OfAMember(models.Model):
    """What is a member's in one challenge."""

    id = models.BigAutoField(primary_key=True)
    challenge = models.ForeignKey(Challenge, on_delete=models.PROTECT, db_index=False, related_name="+")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")

    class Meta:
        abstract = True


class ChallengeStep(_OfAMember):
    """What a purchase, an act or a friend counts, and 0 once it does not any more. Each counts once."""

    cause = models.CharField(max_length=40, help_text="Ref of the order or the act, or `friend:<member id>`.")
    units = models.PositiveIntegerField()
    happened_at = models.DateTimeField()
    happened_on = models.DateField(help_text="On the programme's calendar.")

    class Meta:
        constraints = [
            UniqueConstraint(fields=["member", "challenge", "cause"], name="a_cause_is_one_step"),
        ]

    def __str__(self) -> str:
        return f"{self.cause}: {self.units}"


class ChallengeProgress(_OfAMember):
    """How far a member has come, as the steps say it: `loyalty.rules.challenge_standing.Progress`."""

    reached = models.PositiveIntegerField()
    completions = models.PositiveIntegerField()
    last_period = models.BigIntegerField(null=True, help_text="Of a streak.")
    told_near = models.PositiveIntegerField(
        default=0, db_default=0, help_text="The completion of which was announced that it is near."
    )
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["member", "challenge"], name="a_member_is_in_a_challenge_once"),
        ]
        indexes = [models.Index(fields=["challenge", "id"], name="members_in_a_challenge")]

    def __str__(self) -> str:
        return f"{self.reached}, completed {self.completions} times"


class RewardState(models.TextChoices):
    """Whether progress still warrants it."""

    GIVEN = "given"
    TAKEN_BACK = "taken_back", "taken back"


class ChallengeReward(_OfAMember):
    """What a member got for completing a challenge: the first time, the second ... (`number`); 0: as a friend.

    `turn` counts how often it was given: again after it had been taken back. `points` and `has_voucher` say what of it
    the member still has: of what could not be taken back (points spent, a voucher used) nothing is given a second time.
    """

    number = models.PositiveIntegerField()
    turn = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=10, choices=RewardState, default=RewardState.GIVEN)
    points = models.BigIntegerField(default=0)
    has_voucher = models.BooleanField(default=False)
    completed_by = models.CharField(max_length=40, help_text="The cause of the step that completed it.")
    completed_at = models.DateTimeField()
    given_at = models.DateTimeField()
    taken_back_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["member", "challenge", "number"], name="a_completion_is_paid_once"),
            CheckConstraint(condition=Q(points__gte=0), name="a_reward_holds_nothing_or_more"),
            CheckConstraint(
                condition=Q(state="given") | Q(taken_back_at__isnull=False),
                name="a_reward_taken_back_says_when",
            ),
        ]
        indexes = [models.Index(fields=["challenge", "given_at"], name="rewards_of_a_challenge")]

    def __str__(self) -> str:
        return f"{self.challenge} ({self.number})"

    @property
    def causes(self) -> list[str]:
        """By which its entries and vouchers are known: one for each time it was given."""
        return [f"challenge:{self.challenge_id}:{self.number}:{turn}" for turn in range(1, self.turn + 1)]
