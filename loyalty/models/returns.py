"""What returns undid."""

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from config.ground.guards import append_only
from loyalty.models.ledger import Entry, Wallet


class Reversal(models.Model):
    """What one return of a purchase undid of its points, and what the till was answered."""

    id = models.BigAutoField(primary_key=True)
    return_ref = models.CharField(max_length=30)
    order_ref = models.CharField(max_length=30)
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, db_index=False, related_name="+")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    points_taken = models.BigIntegerField(help_text="Earned points that were taken back.")
    points_expired = models.BigIntegerField(
        help_text="Earned points that had run out; they count as taken back."
    )
    points_missing = models.BigIntegerField(
        help_text="Earned points that were spent already and are not there to be taken back, of all returns so far."
    )
    points_given = models.BigIntegerField(help_text="Spent points that went back to their lots.")
    qualifying_minor = models.BigIntegerField(help_text="What no longer counts towards tiers.")
    qualifying_points = models.BigIntegerField(
        default=0, db_default=0, help_text="Points that no longer count towards tiers."
    )
    visits = models.SmallIntegerField(
        default=0, db_default=0, help_text="1: nothing is left of the purchase, so it was no visit."
    )
    answer = models.TextField(help_text="JSON text; the wallet as `loyalty.rules.wallets.WalletFacts`.")

    class Meta:
        constraints = [
            UniqueConstraint(fields=["return_ref", "member"], name="a_return_is_settled_once"),
            CheckConstraint(
                condition=Q(points_taken__gte=0) & Q(points_given__gte=0),
                name="a_return_undoes_and_never_adds",
            ),
        ]
        indexes = [models.Index(fields=["order_ref"], name="reversals_of_an_order")]
        triggers = append_only()

    def __str__(self) -> str:
        return self.return_ref


class Forgiven(models.Model):
    """What the last return of a purchase could not take of an award, and left with the member.

    Points that had been spent by then settle it when they come back; points that are earned never do.
    """

    id = models.BigAutoField(primary_key=True)
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, db_index=False, related_name="+")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    entry = models.ForeignKey(
        Entry, on_delete=models.PROTECT, db_index=False, related_name="+", help_text="The award."
    )
    points = models.BigIntegerField(help_text="Still left with the member.")
    after_seq = models.BigIntegerField(help_text="Number of the wallet's last entry when they were left.")

    class Meta:
        constraints = [
            UniqueConstraint(fields=["entry", "member"], name="an_award_is_left_once"),
            CheckConstraint(condition=Q(points__gte=0), name="no_less_than_nothing_is_left"),
        ]
        indexes = [models.Index(fields=["wallet"], name="forgiven_of_a_wallet")]

    def __str__(self) -> str:
        return f"{self.points} left"
