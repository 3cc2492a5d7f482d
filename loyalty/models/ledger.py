"""The ledger: wallets hold lots, an entry is one movement, a cause says why it exists.

Everything here is written by the functions in `loyalty/migrations/sql/` (called from `services/`), which hold the
wallet's row lock while they write. Entries, moves, settlements and seals are append-only: a trigger refuses anything
else.
"""

from datetime import UTC, datetime

import pgtrigger
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from config.ground.guards import append_only

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class EntryKind(models.TextChoices):
    """What a movement is. The other side (issued, spent, broken, moved) follows from it."""

    EARN = "earn"
    BONUS = "bonus"
    SPEND = "spend"
    EXPIRE = "expire"
    ADJUST = "adjust"
    TRANSFER_OUT = "transfer_out", "given away"
    TRANSFER_IN = "transfer_in", "given by another"
    MERGE_OUT = "merge_out", "gone with a merge"
    MERGE_IN = "merge_in", "come with a merge"
    MERGE_BACK = "merge_back", "come back from a merge"
    POOL_OUT = "pool_out", "drawn by the household"
    POOL_IN = "pool_in", "drawn from the household"
    POOL_HOME = "pool_home", "gone home"
    POOL_BACK = "pool_back", "come home"
    REVERSE_EARN = "reverse_earn", "taken back"
    REVERSE_SPEND = "reverse_spend", "given back"


class Wallet(models.Model):
    """A member's points in one programme.

    `balance` is the sum of the entries: what is left in the lots, less `debt`. `spendable`, `held` and `pending` are
    true from `figures_hold_from` until `figures_hold_until`, the next moment at which a lot matures or expires, or a
    hold ends; at any other moment they are read from the lots and holds.
    """

    id = models.BigAutoField(primary_key=True)
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    programme = models.ForeignKey(
        "omnichannel.Programme", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    seq = models.BigIntegerField(default=0, db_default=0, help_text="Number of the last entry.")
    balance = models.BigIntegerField(default=0, db_default=0)
    spendable = models.BigIntegerField(default=0, db_default=0)
    held = models.BigIntegerField(default=0, db_default=0, help_text="Set aside for purchases being paid.")
    pending = models.BigIntegerField(default=0, db_default=0)
    debt = models.BigIntegerField(
        default=0,
        db_default=0,
        help_text="Points owed by the programme's terms; the next points pay them first.",
    )
    figures_hold_from = models.DateTimeField(default=EPOCH, db_default=EPOCH)
    figures_hold_until = models.DateTimeField(
        null=True, help_text="Empty: no lot will ever mature or expire, and nothing is held."
    )
    kept_alive_until = models.DateTimeField(
        null=True, help_text="Where points run out by inactivity: until when the last activity keeps them."
    )
    version = models.BigIntegerField(default=0, db_default=0, help_text="Grows with every purchase.")
    terms_stamp = models.BigIntegerField(
        default=0, db_default=0, help_text="Changes when a tier standing of this member changes."
    )

    class Meta:
        constraints = [
            UniqueConstraint(fields=["member", "programme"], name="one_wallet_per_member_and_programme"),
            CheckConstraint(condition=Q(spendable__gte=0), name="wallet_spendable_never_negative"),
            CheckConstraint(condition=Q(debt__gte=0), name="wallet_debt_never_negative"),
            CheckConstraint(condition=Q(balance__gte=-F("debt")), name="wallet_owes_no_more_than_its_debt"),
        ]

    def __str__(self) -> str:
        return f"wallet {self.pk}"


class Entry(models.Model):
    """One movement of points. `points` is signed and never 0; `seq` counts 1, 2, 3 ... in each wallet.

    `points` is the sum of its lot moves less `debt_change`: what is taken and not there becomes debt (above 0), what is
    credited while something is owed pays debt (below 0).
    """

    id = models.BigAutoField(primary_key=True)
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, db_index=False, related_name="entries")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    programme = models.ForeignKey(
        "omnichannel.Programme", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    seq = models.BigIntegerField()
    kind = models.CharField(max_length=16, choices=EntryKind)
    points = models.BigIntegerField()
    balance_after = models.BigIntegerField()
    debt_change = models.BigIntegerField(default=0, db_default=0)
    cause = models.CharField(max_length=120)
    order_ref = models.CharField(max_length=30, blank=True)
    rule_version = models.ForeignKey(
        "loyalty.RuleVersion",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
    )
    undoes = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, db_index=False, related_name="+"
    )
    actor = models.CharField(max_length=60, help_text="Who caused it, e.g. key:12, staff:3, the clock.")
    reason = models.CharField(max_length=300)
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    sealed_digest = models.BinaryField(
        null=True, editable=False, help_text="What its seal covers of it, if the reason was erased since."
    )

    class Meta:
        constraints = [
            UniqueConstraint(fields=["wallet", "seq", "member"], name="entries_are_numbered_without_gaps"),
            UniqueConstraint(fields=["wallet", "cause", "member"], name="a_cause_counts_once"),
            CheckConstraint(condition=~Q(points=0), name="entry_moves_points"),
        ]
        indexes = [
            models.Index(fields=["programme", "recorded_at"], name="entry_by_programme_and_day"),
            models.Index(
                fields=["member", "happened_at", "id"],
                condition=~(
                    ~Q(order_ref="") & Q(kind__in=["earn", "bonus", "spend", "reverse_earn", "reverse_spend"])
                ),
                name="entry_beside_purchases",
            ),
        ]
        triggers = append_only()
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return f"{self.kind} {self.points:+d}"


class Lot(models.Model):
    """What is left of points with one birth, maturity and expiry."""

    id = models.BigAutoField(primary_key=True)
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, db_index=False, related_name="lots")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    order_ref = models.CharField(max_length=30, blank=True)
    available_from = models.DateTimeField()
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text="From this moment on it cannot be spent."
    )
    credited = models.BigIntegerField()
    remaining = models.BigIntegerField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["member", "id"], name="lot_is_found_by_member"),
            CheckConstraint(condition=Q(remaining__gte=0), name="lot_never_negative"),
            CheckConstraint(condition=Q(remaining__lte=F("credited")), name="lot_never_overfilled"),
        ]
        indexes = [
            models.Index(
                fields=["wallet", "expires_at", "id"],
                name="lots_to_draw_soonest_first",
                condition=Q(remaining__gt=0),
            ),
            models.Index(fields=["expires_at"], name="lots_to_expire", condition=Q(remaining__gt=0)),
        ]
        triggers = [pgtrigger.Protect(name="lots_are_never_deleted", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"lot {self.pk}"


class LotMove(models.Model):
    """Ties an entry to a lot it filled (points above 0) or drew from (below 0)."""

    id = models.BigAutoField(primary_key=True)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, db_index=False, related_name="moves")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, db_index=False, related_name="moves")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    points = models.BigIntegerField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["entry", "lot", "member"], name="an_entry_moves_a_lot_once"),
            CheckConstraint(condition=~Q(points=0), name="lot_move_moves_points"),
        ]
        indexes = [models.Index(fields=["lot"], name="moves_of_a_lot")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.points:+d}"


class Settlement(models.Model):
    """What a member's purchase was worth, and what the till was answered."""

    id = models.BigAutoField(primary_key=True)
    order_ref = models.CharField(max_length=30)
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, db_index=False, related_name="+")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    points_earned = models.BigIntegerField()
    points_spent = models.BigIntegerField()
    points_paid_minor = models.BigIntegerField()
    qualifying_minor = models.BigIntegerField(help_text="What counted towards tiers.")
    weights = models.JSONField(
        null=True,
        blank=True,
        help_text="For each award how much each of its lines brought; empty: as much as was paid for them.",
    )
    answer = models.TextField(help_text="JSON text; the wallet as `loyalty.rules.wallets.WalletFacts`.")

    class Meta:
        constraints = [UniqueConstraint(fields=["order_ref", "member"], name="an_order_is_settled_once")]
        triggers = append_only()

    def __str__(self) -> str:
        return self.order_ref


class Seal(models.Model):
    """Digest of one closed day's entries of a programme, chained to the seal before it."""

    id = models.BigAutoField(primary_key=True)
    programme = models.ForeignKey("omnichannel.Programme", on_delete=models.PROTECT, related_name="+")
    sealed_on = models.DateField(help_text="Day of recording, UTC.")
    entries = models.BigIntegerField()
    points = models.BigIntegerField()
    digest = models.BinaryField(
        help_text="SHA-256 over the previous seal's digest and the day's entries in order."
    )
    digest_version = models.SmallIntegerField(
        default=1, db_default=1, help_text="What it covers: from 2 on debts and what entries undo, too."
    )
    made_at = models.DateTimeField()

    class Meta:
        constraints = [UniqueConstraint(fields=["programme", "sealed_on"], name="a_day_is_sealed_once")]
        triggers = append_only()

    def __str__(self) -> str:
        return str(self.sealed_on)
