"""Vouchers: what a series promises, the codes that stand for it, and every use of them.

`Voucher` is the directory of the house: a code names one row, whoever holds it, and that row alone decides whether it
can be used once more. It expires as a fact of time. What happened to it is told by its uses, which are never rewritten:
a use that came back is another row.
"""

import pghistory
import pgtrigger
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from config.ground.guards import append_only
from config.ground.history import before_each_change
from loyalty.rules.voucher_codes import shown_form

_BESIDE_ITS_VOUCHER = "it is decided beside its voucher, which may belong to nobody"


@pghistory.track(*before_each_change())
class VoucherSeries(models.Model):
    """What all vouchers of a kind give, and when. A change counts for all that are not used yet."""

    id = models.BigAutoField(primary_key=True)
    programme = models.ForeignKey("omnichannel.Programme", on_delete=models.PROTECT, related_name="+")
    code = models.SlugField(max_length=60)
    name = models.CharField(max_length=120, help_text="As members and cashiers read it.")
    definition = models.JSONField(help_text="`loyalty.rules.vouchers.VoucherDefinition`")
    is_goodwill = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Colleagues give it by hand, within the limit of their role.",
    )
    stamp = models.BigIntegerField(default=1, db_default=1, help_text="Moves with every change.")
    made_by = models.CharField(max_length=60)
    made_at = models.DateTimeField()
    revoked_by = models.CharField(max_length=60, blank=True, default="", db_default="")
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_because = models.CharField(max_length=200, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            UniqueConstraint(fields=["programme", "code"], name="a_series_code_names_one_series"),
            CheckConstraint(
                condition=Q(revoked_at=None) | ~Q(revoked_because=""), name="a_series_is_revoked_for_a_reason"
            ),
        ]
        verbose_name_plural = "voucher series"

    def __str__(self) -> str:
        return self.name


class VoucherTally(models.Model):
    """How often vouchers of a series were used in all, and what they gave: counted with every use, limit or not."""

    series = models.OneToOneField(
        VoucherSeries, primary_key=True, on_delete=models.PROTECT, related_name="tally"
    )
    uses = models.BigIntegerField(default=0, db_default=0)
    given_minor = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(uses__gte=0), name="a_series_is_used_never_or_more"),
            CheckConstraint(condition=Q(given_minor__gte=0), name="a_series_gave_nothing_or_more"),
        ]

    def __str__(self) -> str:
        return str(self.uses)


class Voucher(models.Model):
    """A code. `member` is empty where it belongs to whoever brings it."""

    id = models.BigAutoField(primary_key=True)
    code = models.CharField(max_length=24, help_text="In its normal form: `loyalty.rules.voucher_codes`.")
    shown = models.CharField(
        max_length=40, blank=True, db_default="", help_text="How people read it; empty: in groups of four."
    )
    series = models.ForeignKey(
        VoucherSeries, on_delete=models.PROTECT, db_index=False, related_name="vouchers"
    )
    member = models.ForeignKey(
        "members.Member", null=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    cause = models.CharField(max_length=120, help_text="Why it was issued; once per series and member.")
    max_uses = models.BigIntegerField(null=True, help_text="Empty: no limit.")
    uses = models.BigIntegerField(default=0, db_default=0)
    worth_minor = models.BigIntegerField(null=True, help_text="What was put into a gift card.")
    left_minor = models.BigIntegerField(null=True, help_text="What is left in a gift card.")
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True)
    issued_at = models.DateTimeField()
    issued_by = models.CharField(max_length=60)
    revoked_by = models.CharField(max_length=60, blank=True, default="", db_default="")
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_because = models.CharField(max_length=200, blank=True, default="", db_default="")

    is_directory = True

    class Meta:
        constraints = [
            UniqueConstraint(fields=["code"], name="a_code_names_one_voucher"),
            UniqueConstraint(
                fields=["member", "series", "cause"],
                condition=Q(member__isnull=False),
                name="a_voucher_is_issued_once",
            ),
            CheckConstraint(condition=Q(uses__gte=0), name="a_voucher_is_used_never_or_more"),
            CheckConstraint(
                condition=Q(max_uses=None) | Q(uses__lte=F("max_uses")), name="a_voucher_is_never_overused"
            ),
            CheckConstraint(
                condition=Q(left_minor=None, worth_minor=None)
                | Q(left_minor__gte=0, left_minor__lte=F("worth_minor")),
                name="a_gift_card_is_never_overdrawn",
            ),
            CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")), name="a_voucher_lasts"
            ),
            CheckConstraint(
                condition=Q(revoked_at=None) | ~Q(revoked_because=""),
                name="a_voucher_is_revoked_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["series", "id"], name="vouchers_of_a_series"),
            models.Index(
                fields=["member", "issued_at", "id"],
                name="voucher_by_moment",
                condition=Q(member__isnull=False),
            ),
            models.Index(
                fields=["member", "id"],
                name="vouchers_to_use",
                condition=Q(member__isnull=False, revoked_at=None)
                & (Q(max_uses=None) | Q(uses__lt=F("max_uses"))),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="vouchers_are_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="vouchers_keep_their_code",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("code", "series", "cause", "issued_at", "issued_by"),
            ),
        ]

    def __str__(self) -> str:
        return self.shown or shown_form(self.code)


class VoucherUse(models.Model):
    """A use (`uses` 1) or one that came back (-1), with what it gave, or what a gift card paid. Never changed."""

    id = models.BigAutoField(primary_key=True)
    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, db_index=False, related_name="used")
    series = models.ForeignKey(VoucherSeries, on_delete=models.PROTECT, db_index=False, related_name="+")
    member = models.ForeignKey(
        "members.Member", null=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    uses = models.SmallIntegerField()
    amount_minor = models.BigIntegerField(help_text="Below 0 where it came back.")
    cause = models.CharField(max_length=60, help_text="use:<order> or back:<return>.")
    order_ref = models.CharField(max_length=30)
    place = models.ForeignKey("omnichannel.Place", on_delete=models.PROTECT, db_index=False, related_name="+")
    actor = models.CharField(max_length=60)
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    not_sharded_because = _BESIDE_ITS_VOUCHER

    class Meta:
        constraints = [UniqueConstraint(fields=["voucher", "cause"], name="a_voucher_use_counts_once")]
        indexes = [
            models.Index(fields=["voucher", "id"], name="uses_of_a_voucher"),
            models.Index(fields=["order_ref"], name="voucher_uses_of_an_order"),
            models.Index(
                fields=["member", "series"],
                name="voucher_uses_of_a_member",
                condition=Q(member__isnull=False),
            ),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return self.cause


class ReservationState(models.TextChoices):
    """What was decided about a reservation. One past its `expires_at` counts no more, whatever it says here."""

    HELD = "held"
    USED = "used"
    RELEASED = "released"


class VoucherReservation(models.Model):
    """One use of a voucher, or so much of a gift card, kept for a basket that is still being paid."""

    id = models.BigAutoField(primary_key=True)
    ref = models.CharField(max_length=30)
    voucher = models.ForeignKey(
        Voucher, on_delete=models.PROTECT, db_index=False, related_name="reservations"
    )
    place = models.ForeignKey("omnichannel.Place", on_delete=models.PROTECT, db_index=False, related_name="+")
    amount_minor = models.BigIntegerField(default=0, db_default=0, help_text="Of a gift card.")
    reference = models.CharField(max_length=64, help_text="What the shop calls the order.")
    state = models.CharField(
        max_length=8, choices=ReservationState, default=ReservationState.HELD, db_default="held"
    )
    order_ref = models.CharField(max_length=30, blank=True, default="", db_default="")
    actor = models.CharField(max_length=60)
    reserved_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    not_sharded_because = _BESIDE_ITS_VOUCHER

    class Meta:
        constraints = [
            UniqueConstraint(fields=["ref"], name="reservation_ref_names_one_reservation"),
            CheckConstraint(condition=Q(expires_at__gt=F("reserved_at")), name="a_reservation_lasts"),
            CheckConstraint(
                condition=Q(state="held", ended_at=None) | (~Q(state="held") & Q(ended_at__isnull=False)),
                name="a_reservation_ends_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["voucher", "expires_at"],
                name="reservations_that_count",
                condition=Q(state="held"),
            ),
            models.Index(fields=["voucher"], name="reservations_of_a_voucher"),
        ]

    def __str__(self) -> str:
        return self.ref


class CodeBatchState(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class CodeBatch(models.Model):
    """Codes asked for in bulk, and how many there are by now. Whoever takes it up goes on from `made`."""

    id = models.BigAutoField(primary_key=True)
    series = models.ForeignKey(VoucherSeries, on_delete=models.PROTECT, related_name="batches")
    wanted = models.PositiveIntegerField()
    made = models.PositiveIntegerField(default=0, db_default=0)
    state = models.CharField(max_length=8, choices=CodeBatchState, default=CodeBatchState.WAITING)
    asked_by = models.CharField(max_length=60)
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(made__lte=F("wanted")) & Q(wanted__gt=0), name="a_code_batch_makes_what_is_wanted"
            )
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=Q(state__in=["waiting", "running"]), name="code_batches_to_work_on"
            )
        ]
        verbose_name_plural = "code batches"

    def __str__(self) -> str:
        return f"{self.wanted} codes"


@pghistory.track(*before_each_change())
class GoodwillLimit(models.Model):
    """What vouchers of goodwill a role gives one member in a day, by their worth. Without a line: none."""

    id = models.BigAutoField(primary_key=True)
    programme = models.ForeignKey("omnichannel.Programme", on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=150, help_text="Name of the role.")
    worth_minor = models.PositiveBigIntegerField(help_text="To one member in a day, in minor units.")

    class Meta:
        constraints = [UniqueConstraint(fields=["programme", "role"], name="a_role_has_one_goodwill_limit")]
        verbose_name = "limit of goodwill vouchers"
        verbose_name_plural = "limits of goodwill vouchers"

    def __str__(self) -> str:
        return f"{self.role}: {self.worth_minor}"
