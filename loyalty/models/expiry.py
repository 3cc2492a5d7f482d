"""Warnings of points that are about to run out."""

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from config.ground.guards import append_only
from loyalty.models.ledger import Wallet


class ExpiryWarning(models.Model):
    """A member was told that points run out at a moment; once so many days before."""

    id = models.BigAutoField(primary_key=True)
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, db_index=False, related_name="+")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    expires_at = models.DateTimeField()
    days_before = models.PositiveSmallIntegerField()
    points = models.BigIntegerField(help_text="That would have run out then, when it was announced.")
    announced_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["wallet", "expires_at", "days_before", "member"], name="a_member_is_warned_once"
            ),
            CheckConstraint(condition=Q(points__gt=0), name="a_warning_is_of_points"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.points} points, {self.days_before} days before"
