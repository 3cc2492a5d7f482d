"""What of a wallet is in another because their members were merged: lots, a debt, and what counts towards tiers."""

import pgtrigger
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from config.ground.guards import append_only
from loyalty.models.ledger import Lot, Wallet


class MergedWallet(models.Model):
    """A wallet whose points go to another, until it `is_apart` again. `debt`: so much of what it owed is owed there."""

    id = models.BigAutoField(primary_key=True)
    merge = models.ForeignKey("members.Merge", on_delete=models.PROTECT, db_index=False, related_name="+")
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, db_index=False, related_name="+")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    to_wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, db_index=False, related_name="+")
    debt = models.BigIntegerField(default=0, db_default=0)
    is_apart = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["wallet", "merge", "member"], name="a_merge_joins_a_wallet_once"),
            UniqueConstraint(
                fields=["wallet", "member"],
                condition=Q(is_apart=False),
                name="a_wallet_is_joined_to_one_other",
            ),
            CheckConstraint(condition=Q(debt__gte=0), name="merged_debt_never_negative"),
        ]
        triggers = [pgtrigger.Protect(name="merged_wallets_are_kept", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"wallet {self.wallet_id} into {self.to_wallet_id}"


class MergedLot(models.Model):
    """A lot that a merge filled out of another: what is left of it goes back there when the merge is undone."""

    id = models.BigAutoField(primary_key=True)
    merge = models.ForeignKey("members.Merge", on_delete=models.PROTECT, db_index=False, related_name="+")
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, db_index=False, related_name="+")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, db_index=False, related_name="+")
    to_wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, db_index=False, related_name="+")
    to_lot = models.ForeignKey(Lot, on_delete=models.PROTECT, db_index=False, related_name="+")

    class Meta:
        constraints = [
            UniqueConstraint(fields=["to_lot", "member"], name="a_lot_comes_out_of_one_merged_lot")
        ]
        indexes = [models.Index(fields=["wallet", "merge"], name="merged_lots_of_a_wallet")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"lot {self.lot_id} into {self.to_lot_id}"


class MergedDay(models.Model):
    """So much of what another wallet did on a day counts towards the tiers of this one."""

    id = models.BigAutoField(primary_key=True)
    merge = models.ForeignKey("members.Merge", on_delete=models.PROTECT, db_index=False, related_name="+")
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, db_index=False, related_name="+")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    to_wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, db_index=False, related_name="+")
    spent_on = models.DateField()
    qualifying_minor = models.BigIntegerField()
    points = models.BigIntegerField()
    visits = models.IntegerField()

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["wallet", "merge", "spent_on", "member"], name="a_merge_carries_a_day_once"
            )
        ]

    def __str__(self) -> str:
        return str(self.spent_on)
