"""Transfers: points that one member gives to another."""

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from config.ground.guards import append_only
from loyalty.models.ledger import Wallet


class Transfer(models.Model):
    """A gift of points, written down with the giver; both ledgers name its `ref`."""

    id = models.BigAutoField(primary_key=True)
    ref = models.CharField(max_length=30)
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, db_index=False, related_name="+")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    to_wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, db_index=False, related_name="+")
    number = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text="What the giver's app calls it."
    )
    points = models.BigIntegerField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["ref", "member"], name="transfer_ref_names_one_transfer"),
            UniqueConstraint(
                fields=["wallet", "member", "number"],
                condition=~Q(number=""),
                name="a_transfer_number_counts_once",
            ),
            CheckConstraint(condition=Q(points__gt=0), name="a_transfer_gives_points"),
            CheckConstraint(condition=~Q(to_wallet=F("wallet")), name="nobody_gives_to_themselves"),
        ]
        indexes = [models.Index(fields=["wallet", "made_at"], name="transfers_of_a_wallet")]
        triggers = append_only()

    def __str__(self) -> str:
        return self.ref
