"""Redemptions: what members got for their points, and what became of it."""

import pgtrigger
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from config.ground.guards import append_only
from loyalty.models.ledger import Wallet
from loyalty.models.rewards import Reward
from loyalty.models.vouchers import Voucher


class RedemptionState(models.TextChoices):
    """`loyalty.rules.redemptions` says which leads to which."""

    ISSUED = "issued", "voucher issued"
    ORDERED = "ordered", "ordered"
    PACKED = "packed", "packed"
    READY = "ready", "sent, or ready at the store"
    HANDED_OVER = "handed_over", "handed over"
    BOOKED = "booked", "seat booked"
    ATTENDED = "attended", "attended"
    CANCELLED = "cancelled", "cancelled"


class Redemption(models.Model):
    """A reward in a member's hands. Its points are the entry `redeem:<ref>`, and back by `unredeem:<ref>`.

    `cash_receipt` names the sale by which the money part was paid; without it nothing is handed over.
    """

    id = models.BigAutoField(primary_key=True)
    ref = models.CharField(max_length=30)
    reward = models.ForeignKey(Reward, on_delete=models.PROTECT, db_index=False, related_name="+")
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, db_index=False, related_name="+")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    place = models.ForeignKey(
        "omnichannel.Place",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        help_text="Where the member fetches it.",
    )
    voucher = models.ForeignKey(
        Voucher, on_delete=models.PROTECT, null=True, blank=True, db_index=False, related_name="+"
    )
    state = models.CharField(max_length=12, choices=RedemptionState)
    points = models.PositiveBigIntegerField()
    cash_minor = models.PositiveBigIntegerField(default=0, db_default=0)
    cash_receipt = models.CharField(max_length=64, blank=True, default="", db_default="")
    cash_place = models.ForeignKey(
        "omnichannel.Place",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        help_text="Where the money part was paid.",
    )
    told_at = models.ForeignKey(
        "omnichannel.Place",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        help_text="Where `number` counts.",
    )
    number = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text="What the till or shop calls it."
    )
    actor = models.CharField(max_length=60)
    redeemed_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["ref", "member"], name="redemption_ref_names_one_redemption"),
            UniqueConstraint(
                fields=["member", "told_at", "number"],
                condition=~Q(number=""),
                nulls_distinct=False,
                name="a_redemption_number_counts_once",
            ),
            CheckConstraint(condition=Q(points__gt=0), name="a_redemption_costs_points"),
            CheckConstraint(
                condition=Q(cash_receipt="") | Q(cash_minor__gt=0), name="no_money_is_paid_where_none_is_due"
            ),
            CheckConstraint(
                condition=~Q(state__in=["handed_over", "attended"]) | Q(cash_minor=0) | ~Q(cash_receipt=""),
                name="nothing_is_handed_over_unpaid",
            ),
        ]
        indexes = [
            models.Index(fields=["member", "reward", "id"], name="redemptions_of_a_member"),
            models.Index(fields=["reward", "id"], name="redemptions_of_a_reward"),
            models.Index(fields=["member", "redeemed_at", "id"], name="redemption_by_moment"),
            models.Index(
                fields=["place", "id"],
                name="redemptions_to_work_on",
                condition=Q(state__in=["ordered", "packed", "ready", "booked"]),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="redemptions_are_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="redemptions_are_never_rewritten",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "ref",
                    "reward",
                    "wallet",
                    "member",
                    "place",
                    "points",
                    "cash_minor",
                    "told_at",
                    "number",
                    "actor",
                    "redeemed_at",
                ),
            ),
            pgtrigger.Protect(
                name="redemptions_end_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state__in=["handed_over", "attended", "cancelled"]),
            ),
        ]

    def __str__(self) -> str:
        return self.ref


class RedemptionStep(models.Model):
    """A state that a redemption came to, when, and by whom."""

    id = models.BigAutoField(primary_key=True)
    redemption = models.ForeignKey(Redemption, on_delete=models.PROTECT, db_index=False, related_name="steps")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    state = models.CharField(max_length=12, choices=RedemptionState)
    actor = models.CharField(max_length=60)
    note = models.CharField(max_length=200, blank=True, default="", db_default="")
    happened_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["redemption", "state", "member"], name="a_redemption_comes_to_a_state_once"
            )
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.state} at {self.happened_at}"
