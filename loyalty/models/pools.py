"""Points of one member of a household that another drew: which lot came out of which, so that they find home."""

from django.db import models
from django.db.models import CheckConstraint, F, UniqueConstraint

from config.ground.guards import append_only
from loyalty.models.ledger import Lot, Wallet


class PooledLot(models.Model):
    """A lot that was filled out of one of a housemate's, `from_lot`: what comes back of it goes home there."""

    id = models.BigAutoField(primary_key=True)
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, db_index=False, related_name="+")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, db_index=False, related_name="+")
    from_wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, db_index=False, related_name="+")
    from_member = models.ForeignKey(
        "members.Member", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    from_lot = models.ForeignKey(Lot, on_delete=models.PROTECT, db_index=False, related_name="+")
    drawn_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["lot", "member"], name="a_lot_is_drawn_out_of_one_lot"),
            CheckConstraint(
                condition=~models.Q(member=F("from_member")), name="nobody_draws_their_own_points"
            ),
        ]
        indexes = [
            models.Index(fields=["wallet", "from_member"], name="pooled_lots_of_a_wallet"),
            models.Index(fields=["wallet", "drawn_at"], name="pooled_lots_as_drawn"),
            models.Index(fields=["member"], name="pooled_lots_of_who_drew"),
            models.Index(fields=["from_member"], name="pooled_lots_of_who_gave"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"lot {self.lot_id} out of {self.from_lot_id}"
