"""The catalogue: what members get for points, and how much of it is left.

A reward's stock is a row of its own, in all and for each store that keeps some. Its lock stands before the wallets', so
the last piece goes to one member, whoever asks at once.
"""

import pghistory
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from config.ground.history import before_each_change
from loyalty.models.tiers import Tier
from loyalty.models.vouchers import VoucherSeries


class RewardKind(models.TextChoices):
    """What the member holds in the end."""

    VOUCHER = "voucher", "a voucher"
    GIFT = "gift", "a gift"
    EXPERIENCE = "experience", "an experience"


class RewardPeriod(models.TextChoices):
    """A stretch of the programme's calendar; a week begins on Monday."""

    DAY = "day", "a day"
    WEEK = "week", "a week"
    MONTH = "month", "a month"
    YEAR = "year", "a year"


@pghistory.track(*before_each_change())
class Reward(models.Model):
    """What members can have, for how many points, and who may. A change counts for redemptions from now on."""

    id = models.BigAutoField(primary_key=True)
    programme = models.ForeignKey("omnichannel.Programme", on_delete=models.PROTECT, related_name="+")
    code = models.SlugField(max_length=60)
    title = models.CharField(max_length=120, help_text="As members and cashiers read it.")
    description = models.TextField(blank=True, default="", db_default="")
    picture_url = models.URLField(
        max_length=500,
        blank=True,
        default="",
        db_default="",
        help_text="Where apps find the picture (https).",
    )
    kind = models.CharField(max_length=12, choices=RewardKind)
    series = models.ForeignKey(
        VoucherSeries,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Of which the member gets a voucher.",
    )
    points = models.PositiveBigIntegerField(help_text="What it costs.")
    cash_minor = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text="Paid beside the points, at a till or in the web shop."
    )
    tier = models.ForeignKey(
        Tier,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="For members on this tier or above. Empty: for all.",
    )
    label = models.CharField(
        max_length=60,
        blank=True,
        default="",
        db_default="",
        help_text="For members of this segment alone. Empty: for all.",
    )
    most_per_member = models.PositiveIntegerField(
        null=True, blank=True, help_text="So often for one member in all. Empty: no limit."
    )
    most_per_period = models.PositiveIntegerField(
        null=True, blank=True, help_text="So often for one member in a period. Empty: no limit."
    )
    period = models.CharField(
        max_length=5, choices=RewardPeriod, blank=True, default="", db_default="", verbose_name="within"
    )
    starts_at = models.DateTimeField(null=True, blank=True, help_text="Empty: at once.")
    ends_at = models.DateTimeField(null=True, blank=True, help_text="Empty: until somebody ends it.")
    happens_at = models.DateTimeField(null=True, blank=True, help_text="When the experience begins.")
    cancel_hours = models.PositiveIntegerField(
        default=24,
        db_default=24,
        help_text="Members may give it back for so many hours, an experience up to so many hours before it begins. "
        "0: never; colleagues still can.",
    )
    is_shown = models.BooleanField(
        default=True,
        db_default=True,
        verbose_name="shown",
        help_text="In the catalogue. What is hidden is redeemed by who is told its code.",
    )

    class Meta:
        constraints = [
            UniqueConstraint(fields=["programme", "code"], name="a_reward_code_names_one_reward"),
            CheckConstraint(condition=Q(points__gt=0), name="a_reward_costs_points"),
            CheckConstraint(
                condition=Q(kind="voucher", series__isnull=False) | (~Q(kind="voucher") & Q(series=None)),
                name="a_voucher_is_of_a_series",
            ),
            CheckConstraint(
                condition=~Q(kind="voucher") | Q(cash_minor=0), name="a_voucher_costs_points_alone"
            ),
            CheckConstraint(
                condition=Q(kind="experience", happens_at__isnull=False)
                | (~Q(kind="experience") & Q(happens_at=None)),
                name="an_experience_happens_on_a_day",
            ),
            CheckConstraint(
                condition=Q(most_per_period=None, period="")
                | (Q(most_per_period__isnull=False) & ~Q(period="")),
                name="a_limit_of_a_period_names_it",
            ),
            CheckConstraint(
                condition=Q(ends_at=None) | Q(starts_at=None) | Q(ends_at__gt=F("starts_at")),
                name="a_reward_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return self.title


@pghistory.track(*before_each_change())
class RewardWords(models.Model):
    """A reward in another language."""

    id = models.BigAutoField(primary_key=True)
    reward = models.ForeignKey(Reward, on_delete=models.CASCADE, related_name="words")
    language = models.CharField(max_length=16, help_text="For example fr, zh-Hant.")
    title = models.CharField(max_length=120)
    description = models.TextField(blank=True, default="", db_default="")

    class Meta:
        constraints = [
            UniqueConstraint(fields=["reward", "language"], name="a_reward_is_told_once_in_a_language")
        ]
        verbose_name = "translation"

    def __str__(self) -> str:
        return self.language


@pghistory.track(*before_each_change(), exclude=["taken"])
class RewardStock(models.Model):
    """How many there are, and how many are taken: in all (no place), and in a store that keeps some of its own."""

    id = models.BigAutoField(primary_key=True)
    reward = models.ForeignKey(Reward, on_delete=models.PROTECT, related_name="stocks")
    place = models.ForeignKey(
        "omnichannel.Place", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    stock = models.PositiveIntegerField(
        null=True, blank=True, help_text="Pieces or seats, those taken among them. Empty: no limit."
    )
    taken = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["reward", "place"], nulls_distinct=False, name="a_reward_has_one_stock_at_a_place"
            ),
            CheckConstraint(
                condition=Q(stock=None) | Q(taken__lte=F("stock")), name="a_reward_never_oversells"
            ),
        ]
        verbose_name = "stock"
        verbose_name_plural = "stock"

    def __str__(self) -> str:
        return f"{self.taken} taken" if self.stock is None else f"{self.taken} of {self.stock}"
