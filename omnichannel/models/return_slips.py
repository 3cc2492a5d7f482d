"""Return slips: goods that came back and named no purchase, until and after they are put to the member's purchases."""

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint


class SlipOutcome(models.TextChoices):
    """What became of a slip."""

    WAITING = "waiting", "not looked at yet"
    RETURNED = "returned", "returned"
    PARTLY = "partly", "returned in part"
    UNEXPLAINED = "unexplained", "of no purchase we know"
    ANONYMOUS = "anonymous", "nobody was named"


class ReturnSlip(models.Model):
    """Goods that came back, or a purchase that was undone, as another system or a till tells it: word for word.

    Amounts are minor units of `currency`, and positive: so much went back.
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
    outcome = models.CharField(max_length=12, choices=SlipOutcome, db_default=SlipOutcome.WAITING)
    pieces = models.JSONField(
        db_default=[],
        help_text="What became of each line (from 0): quantity, and order_ref and return_ref of the purchase found.",
    )
    fingerprint = models.BinaryField(
        null=True, help_text="SHA-256 of the slip as a door was told it; empty for an import's."
    )
    answer = models.TextField(db_default="", help_text="What the door answered, as JSON text.")

    not_sharded_because = "a slip may name nobody; it is read once, when its purchase is found"

    class Meta:
        constraints = [
            UniqueConstraint(fields=["place", "number"], name="a_return_slip_counts_once"),
            CheckConstraint(condition=Q(total_minor__gte=0), name="what_went_back_is_not_negative"),
        ]
        indexes = [
            models.Index(fields=["placed_at", "id"], name="slips_to_look_at", condition=Q(outcome="waiting")),
            models.Index(
                fields=["member_id"], name="slips_of_a_member", condition=Q(member_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.number
