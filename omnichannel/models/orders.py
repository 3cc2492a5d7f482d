"""Purchases: facts that happened at a place, once per receipt however often they are sent."""

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint


class OrderState(models.TextChoices):
    OPEN = "open"
    PLACED = "placed"
    COMPLETED = "completed"
    PARTIALLY_RETURNED = "partially_returned"
    RETURNED = "returned"
    CANCELLED = "cancelled"


class OrderSource(models.TextChoices):
    TILL = "till"
    WEB = "web"
    BATCH = "batch"
    IMPORT = "import"


class LineKind(models.TextChoices):
    """What a line is about: rules count goods, and the others where they say so."""

    GOODS = "goods", "Goods"
    SHIPPING = "shipping", "Shipping"
    GIFT_CARD = "gift_card", "Gift card"


class Order(models.Model):
    """A member's purchase, written by `omnichannel_record_orders` alone. Amounts are minor units of `currency`."""

    id = models.BigAutoField(primary_key=True)
    ref = models.CharField(max_length=30)
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    programme = models.ForeignKey(
        "omnichannel.Programme", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    place = models.ForeignKey("omnichannel.Place", on_delete=models.PROTECT, db_index=False, related_name="+")
    till = models.ForeignKey(
        "omnichannel.Till", on_delete=models.PROTECT, null=True, blank=True, db_index=False, related_name="+"
    )
    number = models.CharField(
        max_length=64, help_text="Receipt number of the till, or order number of the web shop."
    )
    source = models.CharField(max_length=8, choices=OrderSource)
    state = models.CharField(max_length=20, choices=OrderState, default=OrderState.COMPLETED)
    placed_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    currency = models.CharField(max_length=3)
    subtotal_minor = models.BigIntegerField(
        help_text="Quantity times unit price over all lines, tax included."
    )
    discount_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField(help_text="Tax contained in the subtotal.")
    total_minor = models.BigIntegerField(help_text="Subtotal less discounts, before points pay a part of it.")
    payments = models.JSONField(
        default=list, help_text="How it was paid: kind and amount_minor of each payment."
    )
    fulfilment = models.CharField(max_length=12, default="counter")
    collected_at = models.DateTimeField(null=True, help_text="When goods to be collected were handed over.")

    class Meta:
        constraints = [
            UniqueConstraint(fields=["member", "id"], name="order_is_found_by_member"),
            UniqueConstraint(fields=["ref", "member"], name="order_ref_names_one_order"),
            CheckConstraint(
                condition=Q(total_minor=F("subtotal_minor") - F("discount_minor")), name="order_total_adds_up"
            ),
        ]
        indexes = [
            models.Index(fields=["member", "-placed_at"], name="order_by_member_and_moment"),
            models.Index(fields=["programme", "placed_at"], name="order_by_programme_and_moment"),
        ]

    def __str__(self) -> str:
        return self.number


class OrderLine(models.Model):
    """One line of a purchase. `paid_minor` is what was paid for it in money, net of discounts and points."""

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, db_index=False, related_name="lines")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    position = models.PositiveSmallIntegerField()
    sku = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    category = models.CharField(max_length=100)
    department = models.CharField(max_length=100)
    brand = models.CharField(max_length=100)
    kind = models.CharField(
        max_length=10, choices=LineKind, default=LineKind.GOODS, db_default=LineKind.GOODS
    )
    quantity = models.IntegerField()
    unit_price_minor = models.BigIntegerField()
    discount_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    paid_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["order", "position", "member"], name="order_line_has_one_position"),
            CheckConstraint(condition=Q(quantity__gte=0), name="order_line_quantity_not_negative"),
            CheckConstraint(condition=Q(paid_minor__gte=0), name="order_line_paid_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.name or self.sku}"


class UnclaimedOrder(models.Model):
    """A purchase nobody has put a member to. Its lines stay in one document until somebody claims it."""

    id = models.BigAutoField(primary_key=True)
    ref = models.CharField(max_length=30, unique=True)
    programme = models.ForeignKey(
        "omnichannel.Programme", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    place = models.ForeignKey("omnichannel.Place", on_delete=models.PROTECT, db_index=False, related_name="+")
    till = models.ForeignKey(
        "omnichannel.Till", on_delete=models.PROTECT, null=True, blank=True, db_index=False, related_name="+"
    )
    number = models.CharField(max_length=64)
    source = models.CharField(max_length=8, choices=OrderSource)
    placed_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    currency = models.CharField(max_length=3)
    subtotal_minor = models.BigIntegerField()
    discount_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    total_minor = models.BigIntegerField()
    lines = models.JSONField()
    payments = models.JSONField(default=list, db_default=[])
    fulfilment = models.CharField(max_length=12, default="counter", db_default="counter")
    collected_at = models.DateTimeField(null=True)
    earns_nothing = models.JSONField(
        default=list, db_default=[], help_text="Positions that a voucher takes the points of."
    )
    answer = models.TextField(help_text="What the till was answered, as JSON text.")
    returns = models.JSONField(
        default=list,
        db_default=[],
        help_text="What came back, as `omnichannel.services.unclaimed_returns.KeptReturn`, in order.",
    )

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(total_minor=F("subtotal_minor") - F("discount_minor")),
                name="unclaimed_total_adds_up",
            ),
        ]
        indexes = [
            models.Index(fields=["programme", "placed_at"], name="unclaimed_by_programme_moment"),
            models.Index(
                fields=["programme", "placed_at"], name="unclaimed_that_came_back", condition=~Q(returns=[])
            ),
        ]

    def __str__(self) -> str:
        return self.number


class Receipt(models.Model):
    """Directory: which order a receipt number stands for. Decided by `INSERT ... ON CONFLICT DO NOTHING`.

    A number counts once per till (per web shop), and the very same purchase counts once per place, whichever till
    sends it.
    """

    id = models.BigAutoField(primary_key=True)
    place = models.ForeignKey("omnichannel.Place", on_delete=models.PROTECT, db_index=False, related_name="+")
    till = models.ForeignKey(
        "omnichannel.Till", on_delete=models.PROTECT, null=True, blank=True, db_index=False, related_name="+"
    )
    number = models.CharField(max_length=64)
    fingerprint = models.BinaryField(help_text="SHA-256 of the purchase as it was first told.")
    order_ref = models.CharField(max_length=30)
    member_id = models.BigIntegerField(null=True, help_text="Whose purchase it is; empty while unclaimed.")

    is_directory = True

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["place", "number", "till"], name="receipt_counts_once", nulls_distinct=False
            ),
            UniqueConstraint(
                fields=["place", "number", "fingerprint"], name="same_purchase_counts_once_per_place"
            ),
            UniqueConstraint(fields=["order_ref"], name="receipt_names_one_order"),
        ]

    def __str__(self) -> str:
        return self.number
