"""Tiers, who stands on them, what counts towards them, and the benefits they bring."""

from datetime import datetime

import pghistory
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import CheckConstraint, F, Func, Q, UniqueConstraint

from config.ground.history import before_each_change


@pghistory.track(*before_each_change())
class Tier(models.Model):
    """A step that members stand on; the lowest has rank 0. What reaches it is said by the ladder of the moment."""

    id = models.BigAutoField(primary_key=True)
    programme = models.ForeignKey("omnichannel.Programme", on_delete=models.PROTECT, related_name="+")
    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=60)
    rank = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["programme", "code"], name="a_tier_code_names_one_tier"),
            UniqueConstraint(fields=["programme", "rank"], name="tiers_are_ordered"),
        ]
        ordering = ["programme", "rank"]

    def __str__(self) -> str:
        return self.name


MOST_DAYS_AROUND = 180
"""So far around a birthday a gift can be used at most."""


class BenefitKind(models.TextChoices):
    EVENT = "event", "Event invitation"
    FREE_SHIPPING = "free_shipping", "Free shipping"
    BIRTHDAY_GIFT = "birthday_gift", "Birthday gift"
    DISCOUNT = "discount", "Exclusive discount"
    MULTIPLIER = "multiplier", "More points, by a rule"
    TRAINING = "training", "Personal training"
    CONCIERGE = "concierge", "Concierge"
    HEALTH_CHECK = "health_check", "Yearly health check"


@pghistory.track(*before_each_change())
class Benefit(models.Model):
    """What a tier brings beside points. Granted to the member when the tier is reached."""

    id = models.BigAutoField(primary_key=True)
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="benefits")
    code = models.SlugField(max_length=40)
    kind = models.CharField(max_length=20, choices=BenefitKind)
    title = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    valid_days = models.PositiveSmallIntegerField(
        default=365,
        validators=[MinValueValidator(1, "A benefit lasts at least a day.")],
        help_text="How many days the member has it, from reaching the tier.",
    )
    uses = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        default=1,
        db_default=1,
        validators=[MinValueValidator(1, "Name how often, or leave it empty.")],
        help_text="So often it can be used. Empty: as often as they like.",
    )
    is_each_year = models.BooleanField(
        default=False,
        db_default=False,
        verbose_name="Each year",
        help_text="So often in each year, not in all; who keeps the tier is granted it anew when it has run out.",
    )
    days_before = models.PositiveSmallIntegerField(
        default=7,
        db_default=7,
        validators=[MaxValueValidator(MOST_DAYS_AROUND)],
        verbose_name="Days before the birthday",
        help_text="Of a birthday gift: so many days before it can be used.",
    )
    days_after = models.PositiveSmallIntegerField(
        default=14,
        db_default=14,
        validators=[MaxValueValidator(MOST_DAYS_AROUND)],
        verbose_name="Days after the birthday",
        help_text="Of a birthday gift: so many days after it can still be used.",
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["tier", "code"], name="a_benefit_code_names_one_benefit"),
            CheckConstraint(condition=Q(valid_days__gte=1), name="a_benefit_lasts"),
        ]

    def __str__(self) -> str:
        return self.title


class TierDay(models.Model):
    """What one member did towards tiers on one day of the programme's calendar."""

    id = models.BigAutoField(primary_key=True)
    wallet = models.ForeignKey("loyalty.Wallet", on_delete=models.PROTECT, db_index=False, related_name="+")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    spent_on = models.DateField()
    qualifying_minor = models.BigIntegerField()
    points = models.BigIntegerField(default=0, db_default=0, help_text="Earned by purchases and acts.")
    visits = models.IntegerField(default=0, db_default=0, help_text="Purchases.")

    class Meta:
        constraints = [
            UniqueConstraint(fields=["wallet", "spent_on", "member"], name="a_wallet_has_one_sum_per_day"),
            CheckConstraint(
                condition=Q(qualifying_minor__gte=0, points__gte=0, visits__gte=0),
                name="tier_day_never_negative",
            ),
        ]

    def __str__(self) -> str:
        return str(self.spent_on)


BY_HOUSEHOLD = "household:"
"""How `given_by` begins where the tier came by the household; its ref follows."""
_BY_HOUSEHOLD = Q(given_by__startswith=BY_HOUSEHOLD)


class TierStanding(models.Model):
    """A member holds a tier from one moment until another: one that they reached, that a colleague gave them, or that
    came by their household.

    The tier now is the highest one held now: no job has to run for it.
    """

    id = models.BigAutoField(primary_key=True)
    wallet = models.ForeignKey("loyalty.Wallet", on_delete=models.PROTECT, db_index=False, related_name="+")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="+")
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    given_by = models.CharField(
        max_length=60,
        blank=True,
        default="",
        db_default="",
        help_text="Who gave it, for example staff:3, merge:mrg_1 or household:hsh_1; empty: reached.",
    )
    reason = models.CharField(max_length=300, blank=True, default="", db_default="")
    ended_by = models.CharField(max_length=60, blank=True, default="", db_default="")
    end_reason = models.CharField(max_length=300, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["wallet", "tier", "from_at", "member"],
                condition=Q(given_by=""),
                name="a_standing_starts_once",
            ),
            CheckConstraint(condition=Q(until_at__gte=F("from_at")), name="a_standing_lasts"),
            CheckConstraint(condition=Q(given_by="") | ~Q(reason=""), name="a_tier_is_given_for_a_reason"),
            *(
                ExclusionConstraint(
                    name=name,
                    condition=condition,
                    expressions=[
                        ("wallet", RangeOperators.EQUAL),
                        ("tier", RangeOperators.EQUAL),
                        ("member", RangeOperators.EQUAL),
                        (Func("from_at", "until_at", function="tstzrange"), RangeOperators.OVERLAPS),
                    ],
                )
                for name, condition in (
                    ("standings_of_a_tier_never_overlap", Q(given_by="")),
                    ("gifts_of_a_tier_never_overlap", ~Q(given_by="") & ~_BY_HOUSEHOLD),
                    ("a_household_gives_a_tier_once", _BY_HOUSEHOLD),
                )
            ),
        ]
        indexes = [
            models.Index(fields=["until_at"], name="standings_by_their_end"),
            models.Index(fields=["wallet", "until_at"], name="standings_of_a_wallet"),
            models.Index(fields=["member", "from_at", "id"], name="standing_by_moment"),
        ]

    def __str__(self) -> str:
        return f"{self.tier_id} until {self.until_at:%Y-%m-%d}"


class BenefitGrant(models.Model):
    """A benefit in a member's hands."""

    id = models.BigAutoField(primary_key=True)
    wallet = models.ForeignKey("loyalty.Wallet", on_delete=models.PROTECT, db_index=False, related_name="+")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    benefit = models.ForeignKey(Benefit, on_delete=models.PROTECT, related_name="+")
    cause = models.CharField(max_length=120)
    granted_at = models.DateTimeField()
    valid_until = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True, help_text="When it was used last.")
    ref = models.CharField(max_length=30, default="", db_default="")

    class Meta:
        constraints = [
            UniqueConstraint(fields=["wallet", "cause", "member"], name="a_benefit_is_granted_once")
        ]
        indexes = [models.Index(fields=["ref"], name="grant_of_a_benefit_by_ref")]

    def __str__(self) -> str:
        return self.cause

    def year_at(self, at: datetime) -> int:
        """Whole years since it was granted, where the allowance is one of a year; 0 where it is one of all time."""
        if not self.benefit.is_each_year:
            return 0
        since = self.granted_at
        return max(at.year - since.year - ((at.month, at.day) < (since.month, since.day)), 0)
