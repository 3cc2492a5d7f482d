"""Returns: what came back of a purchase, when and where."""

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from config.ground.guards import append_only


class ReturnKind(models.TextChoices):
    """A return names lines; a cancellation undoes whatever is left."""

    RETURN = "return"
    CANCEL = "cancel"


class OrderReturn(models.Model):
    """One return of a purchase, written by `omnichannel_record_return` alone. Amounts in the order's currency."""

    id = models.BigAutoField(primary_key=True)
    ref = models.CharField(max_length=30)
    order = models.ForeignKey(
        "omnichannel.Order", on_delete=models.PROTECT, db_index=False, related_name="returns"
    )
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    place = models.ForeignKey("omnichannel.Place", on_delete=models.PROTECT, db_index=False, related_name="+")
    till = models.ForeignKey(
        "omnichannel.Till", on_delete=models.PROTECT, null=True, blank=True, db_index=False, related_name="+"
    )
    kind = models.CharField(max_length=8, choices=ReturnKind)
    number = models.CharField(max_length=64, help_text="As the till or the web shop numbers it.")
    fingerprint = models.BinaryField(help_text="SHA-256 of the return as it was first told.")
    returned_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    refund_minor = models.BigIntegerField(help_text="Money that went back.")

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["order", "place", "number", "member"], name="a_return_counts_once_at_a_place"
            ),
            UniqueConstraint(fields=["ref", "member"], name="return_ref_names_one_return"),
            UniqueConstraint(fields=["member", "id"], name="return_is_found_by_member"),
            CheckConstraint(condition=Q(refund_minor__gte=0), name="refund_not_negative"),
        ]
        indexes = [models.Index(fields=["member", "returned_at", "id"], name="return_by_moment")]
        triggers = append_only()

    def __str__(self) -> str:
        return self.number


class ReturnLine(models.Model):
    """How many of a line came back; `position` is the line's in its order."""

    id = models.BigAutoField(primary_key=True)
    order_return = models.ForeignKey(
        OrderReturn, on_delete=models.PROTECT, db_index=False, related_name="lines"
    )
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    position = models.PositiveSmallIntegerField()
    quantity = models.PositiveIntegerField()

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["order_return", "position", "member"], name="return_line_has_one_position"
            ),
            CheckConstraint(condition=Q(quantity__gt=0), name="something_came_back"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.quantity} of line {self.position}"
