"""Returns as other systems tell of them, kept as facts until they are put to their purchases."""

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint


class ReturnSlip(models.Model):
    """Goods that came back, or a purchase that was undone: what an imported history says of it, word for word.

    Nothing is worked out from it yet. Amounts are minor units of `currency`, and positive: so much went back.
    """

    id = models.BigAutoField(primary_key=True)
    place = models.ForeignKey("omnichannel.Place", on_delete=models.PROTECT, db_index=False, related_name="+")
    number = models.CharField(max_length=64, help_text="As the other system numbers it.")
    member_id = models.BigIntegerField(null=True, help_text="Who brought it back; empty if nobody was named.")
    placed_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    currency = models.CharField(max_length=3)
    total_minor = models.BigIntegerField()
    lines = models.JSONField(help_text="sku, name, quantity and total_minor of each line, all positive.")

    not_sharded_because = "a slip may name nobody; it is read once, when its purchase is found"

    class Meta:
        constraints = [
            UniqueConstraint(fields=["place", "number"], name="a_return_slip_counts_once"),
            CheckConstraint(condition=Q(total_minor__gte=0), name="what_went_back_is_not_negative"),
        ]

    def __str__(self) -> str:
        return self.number
