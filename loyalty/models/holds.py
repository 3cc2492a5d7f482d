"""Holds: points set aside for a purchase that is still being paid."""

import pgtrigger
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from loyalty.models.ledger import Wallet


class HoldState(models.TextChoices):
    """What was decided about a hold. One past its `expires_at` counts no more, whatever it says here."""

    HELD = "held"
    CAPTURED = "captured"
    RELEASED = "released"


class Hold(models.Model):
    """Points that nothing else can spend until they are captured, released, or `expires_at` has come."""

    id = models.BigAutoField(primary_key=True)
    ref = models.CharField(max_length=30)
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, db_index=False, related_name="holds")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    place = models.ForeignKey(
        "omnichannel.Place",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        help_text="Where it was told, and `reference` is a name; empty: in the programme.",
    )
    points = models.BigIntegerField()
    points_of_others = models.BigIntegerField(
        default=0, db_default=0, help_text="Those of them that others of the household have set aside for it."
    )
    captured_points = models.BigIntegerField(default=0, db_default=0)
    state = models.CharField(
        max_length=8, choices=HoldState, default=HoldState.HELD, db_default=HoldState.HELD
    )
    reference = models.CharField(
        max_length=64, blank=True, help_text="What the shop calls it, e.g. a basket."
    )
    order_ref = models.CharField(
        max_length=30, blank=True, default="", db_default="", help_text="The purchase that captured it."
    )
    actor = models.CharField(max_length=60)
    held_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["ref", "member"], name="hold_ref_names_one_hold"),
            CheckConstraint(condition=Q(points__gt=0), name="a_hold_holds_points"),
            CheckConstraint(
                condition=Q(points_of_others__gte=0, points_of_others__lte=F("points")),
                name="a_hold_sets_aside_of_others_what_it_holds_at_most",
            ),
            CheckConstraint(
                condition=Q(state="captured", captured_points__gt=0, captured_points__lte=F("points"))
                | (~Q(state="captured") & Q(captured_points=0)),
                name="a_hold_captures_what_it_holds_at_most",
            ),
            CheckConstraint(
                condition=Q(state="held", ended_at=None) | (~Q(state="held") & Q(ended_at__isnull=False)),
                name="a_hold_ends_once",
            ),
            CheckConstraint(condition=Q(expires_at__gt=F("held_at")), name="a_hold_lasts"),
        ]
        indexes = [
            models.Index(fields=["wallet", "expires_at"], name="holds_that_count", condition=Q(state="held")),
            models.Index(fields=["member", "held_at"], name="holds_of_a_member"),
        ]
        triggers = [
            pgtrigger.Protect(name="holds_are_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="holds_are_never_rewritten",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "ref",
                    "wallet",
                    "member",
                    "place",
                    "points",
                    "points_of_others",
                    "reference",
                    "actor",
                    "held_at",
                    "expires_at",
                ),
            ),
            pgtrigger.Protect(
                name="holds_end_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state__df="held"),
            ),
        ]

    def __str__(self) -> str:
        return self.ref


class HoldShare(models.Model):
    """What a hold sets aside in the wallet of another of the household: `member` is whose points these are."""

    id = models.BigAutoField(primary_key=True)
    hold = models.ForeignKey(Hold, on_delete=models.PROTECT, db_index=False, related_name="shares")
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, db_index=False, related_name="+")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    points = models.BigIntegerField()
    expires_at = models.DateTimeField(help_text="As the hold's.")
    ended_at = models.DateTimeField(null=True, blank=True, help_text="As the hold's.")

    class Meta:
        constraints = [
            UniqueConstraint(fields=["hold", "member"], name="a_hold_has_one_share_of_a_member"),
            CheckConstraint(condition=Q(points__gt=0), name="a_share_of_a_hold_holds_points"),
        ]
        indexes = [
            models.Index(
                fields=["wallet", "expires_at"], name="hold_shares_that_count", condition=Q(ended_at=None)
            ),
            models.Index(fields=["member"], name="hold_shares_of_a_member"),
        ]
        triggers = [
            pgtrigger.Protect(name="hold_shares_are_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="hold_shares_are_never_rewritten",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("hold", "wallet", "member", "points", "expires_at"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.points} for hold {self.hold_id}"
