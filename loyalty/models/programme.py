"""The terms of a programme: what a point pays, when it matures and when it expires."""

import msgspec
import pghistory
from django.db import models
from django.db.models import CheckConstraint, Q

from config.ground.history import before_each_change
from loyalty.rules.lots import Expiry


class WhenSpent(models.TextChoices):
    """What becomes of a return whose earned points are spent already."""

    CLAMP = "clamp", "take back what is left"
    DEBT = "debt", "owe what is not left"
    REFUSE = "refuse", "refuse the return"


class ExpiryKind(models.TextChoices):
    """When points run out; `loyalty.rules.lots.Expiry` says each in full."""

    ROLLING = "rolling", "after so many days"
    MONTH = "month", "after so many days, at the end of that month"
    QUARTER = "quarter", "after so many days, at the end of that quarter"
    YEAR = "year", "after so many days, at the end of that year"
    DATE = "date", "on the same day each year"
    INACTIVITY = "inactivity", "so many days after the member was last active"


class KeptAliveBy(models.TextChoices):
    """What counts as activity."""

    PURCHASE = "purchase", "any purchase"
    EARN = "earn", "a purchase that earns points"
    SPEND = "spend", "a purchase that spends points"
    POINTS = "points", "a purchase that earns or spends points"


@pghistory.track(*before_each_change(), exclude=["stamp", "updated_at"])
class ProgrammeTerms(models.Model):
    """One row per programme.

    `stamp` grows with every change to terms, rules, tiers or benefits: compiled copies compare it.
    """

    id = models.BigAutoField(primary_key=True)
    programme = models.OneToOneField("omnichannel.Programme", on_delete=models.PROTECT, related_name="+")
    stamp = models.BigIntegerField(default=1, db_default=1, editable=False)
    burn_points = models.PositiveIntegerField(default=10, help_text="So many points ...")
    burn_minor = models.PositiveIntegerField(
        default=1, help_text="... pay so many minor units of the currency."
    )
    maturity_days = models.PositiveSmallIntegerField(
        default=0, help_text="Days until earned points can be spent."
    )
    expiry_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        default=365,
        help_text="Days points live, to the end of the last day. Empty: for ever.",
    )
    expiry_kind = models.CharField(
        max_length=12,
        choices=ExpiryKind,
        default=ExpiryKind.ROLLING,
        db_default=ExpiryKind.ROLLING,
        verbose_name="Points run out",
    )
    expiry_on = models.DateField(
        null=True,
        blank=True,
        verbose_name="On this day",
        help_text="The last day of points that run out on the same day each year; the first time it comes.",
    )
    kept_alive_by = models.CharField(
        max_length=8,
        choices=KeptAliveBy,
        default=KeptAliveBy.PURCHASE,
        db_default=KeptAliveBy.PURCHASE,
        verbose_name="Activity is",
        help_text="Matters where points run out by inactivity alone.",
    )
    welcome_points = models.PositiveIntegerField(default=0, help_text="Given once, at enrolment.")
    when_spent = models.CharField(
        max_length=8,
        choices=WhenSpent,
        default=WhenSpent.CLAMP,
        db_default=WhenSpent.CLAMP,
        verbose_name="Points spent already",
        help_text="When goods come back whose points the member has spent: what is left is taken, and the rest stays "
        "theirs; or is owed, and paid by the next points they get; or the till is told that it cannot be.",
    )
    rules_need_approval = models.BooleanField(
        default=True,
        db_default=False,
        verbose_name="A second person approves",
        help_text="What one person writes of rules, ladders, terms and limits becomes live when another one has "
        "approved it.",
    )
    proof_above = models.PositiveIntegerField(
        null=True,
        blank=True,
        default=None,
        verbose_name="Proof above",
        help_text="Who spends more points than this in a day at a till shows their rotating code, or tells the code "
        "that is sent to their phone. 0: always. Empty: never asked.",
    )
    transfer_points_a_day = models.PositiveIntegerField(
        null=True,
        blank=True,
        default=0,
        db_default=0,
        verbose_name="Given away a day",
        help_text="So many points a member may give to other members in a day. 0: none. Empty: as many as they have.",
    )
    households_share = models.BooleanField(
        default=True,
        db_default=True,
        verbose_name="Households share",
        help_text="Who spends more than their own points draws what is lacking from the others of their household.",
    )
    households_share_tier = models.BooleanField(
        default=False,
        db_default=False,
        verbose_name="Households share the tier",
        help_text="Everybody of a household stands on the highest tier that one of them stands on, and has what of its "
        "benefits can be used as often as one likes.",
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(burn_points__gt=0) & Q(burn_minor__gt=0), name="a_point_pays_something"
            ),
            CheckConstraint(
                condition=~Q(expiry_kind="date") | Q(expiry_on__isnull=False), name="a_fixed_day_is_named"
            ),
        ]
        verbose_name_plural = "programme terms"

    def __str__(self) -> str:
        return f"terms of {self.programme}"

    @property
    def expiry(self) -> Expiry:
        told = {
            "kind": self.expiry_kind,
            "days": self.expiry_days,
            "on": self.expiry_on,
            "kept_alive_by": self.kept_alive_by,
        }
        return msgspec.convert(told, Expiry)
