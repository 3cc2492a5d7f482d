"""What members ask to be done with their data: a copy of it, or its erasure; and the receipts of what was done.

Nothing here is told in words of a person, so that nothing here has to be erased.
"""

import pgtrigger
from django.db.models import (
    PROTECT,
    BigIntegerField,
    CharField,
    CheckConstraint,
    DateTimeField,
    F,
    ForeignKey,
    Index,
    JSONField,
    Model,
    Q,
    TextChoices,
    UniqueConstraint,
)

from config.ground.guards import append_only
from members.models.members import Member


class ExportState(TextChoices):
    WAITING = "waiting", "being made"
    READY = "ready", "ready"
    GONE = "gone", "gone"


class DataExport(Model):
    """A copy of everything that is held of a member, asked for once. Its file is kept for some days."""

    ref = CharField(max_length=30)
    member = ForeignKey(Member, on_delete=PROTECT, related_name="+", db_index=False)
    asked_by = CharField(max_length=64, help_text="For example member:55, staff:3.")
    asked_at = DateTimeField()
    state = CharField(max_length=8, choices=ExportState, default=ExportState.WAITING)
    file = CharField(max_length=100, blank=True, help_text="Its name among the exports; chance alone.")
    size_bytes = BigIntegerField(default=0)
    made_at = DateTimeField(null=True)
    kept_until = DateTimeField(null=True)

    class Meta:
        verbose_name = "copy of a member's data"
        verbose_name_plural = "copies of members' data"
        constraints = [
            UniqueConstraint(
                fields=["member"], condition=Q(state=ExportState.WAITING), name="one_copy_is_made_at_a_time"
            ),
            CheckConstraint(
                condition=Q(state__in=ExportState.values), name="a_copy_is_being_made_or_ready_or_gone"
            ),
            CheckConstraint(
                condition=~Q(state=ExportState.READY)
                | Q(made_at__isnull=False, kept_until__isnull=False) & ~Q(file=""),
                name="a_copy_that_is_ready_has_a_file",
            ),
        ]
        indexes = [
            Index(fields=["member", "-id"], name="copies_of_a_member"),
            Index(fields=["state", "id"], name="copies_by_state", condition=~Q(state=ExportState.GONE)),
        ]

    def __str__(self) -> str:
        return self.ref


class ExportFetch(Model):
    """That somebody fetched a copy. Rows are never changed."""

    export = ForeignKey(DataExport, on_delete=PROTECT, related_name="fetches")
    member = ForeignKey(Member, on_delete=PROTECT, related_name="+", db_index=False)
    fetched_by = CharField(max_length=64)
    fetched_at = DateTimeField()

    class Meta:
        verbose_name_plural = "export fetches"
        triggers: list[pgtrigger.Trigger] = append_only()

    def __str__(self) -> str:
        return f"{self.export_id} by {self.fetched_by}"


class ErasureState(TextChoices):
    ASKED = "asked", "waits for another colleague"
    AGREED = "agreed", "in its days of grace"
    ERASING = "erasing", "being erased"
    ERASED = "erased", "erased"
    CANCELLED = "cancelled", "cancelled"


OPEN = (ErasureState.ASKED, ErasureState.AGREED, ErasureState.ERASING)


class ErasureRequest(Model):
    """That a member is to be erased: asked for by the member, or by one colleague and agreed to by another."""

    ref = CharField(max_length=30)
    member = ForeignKey(Member, on_delete=PROTECT, related_name="+", db_index=False)
    state = CharField(max_length=9, choices=ErasureState)
    asked_by = CharField(max_length=64, help_text="For example member:55, staff:3.")
    asked_at = DateTimeField()
    decided_by = CharField(max_length=64, blank=True, help_text="Who agreed, or called it off.")
    decided_at = DateTimeField(null=True)
    due_at = DateTimeField(null=True, help_text="Until then it can be called off.")
    erased_at = DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["member"], condition=Q(state__in=OPEN), name="a_member_is_erased_once"),
            CheckConstraint(
                condition=Q(state__in=ErasureState.values), name="an_erasure_is_in_a_known_state"
            ),
            CheckConstraint(
                condition=Q(state=ErasureState.CANCELLED)
                | ~Q(asked_by__startswith="staff:")
                | ~Q(decided_by=F("asked_by")),
                name="another_colleague_agrees_to_an_erasure",
            ),
            CheckConstraint(
                condition=Q(state__in=(ErasureState.ASKED, ErasureState.CANCELLED)) | Q(due_at__isnull=False),
                name="what_is_agreed_is_due",
            ),
        ]
        indexes = [
            Index(fields=["member", "-id"], name="erasures_of_a_member"),
            Index(
                fields=["due_at"],
                name="erasures_that_are_due",
                condition=Q(state__in=(ErasureState.AGREED, ErasureState.ERASING)),
            ),
        ]

    def __str__(self) -> str:
        return self.ref


class ErasureReceipt(Model):
    """What one floor erased: table -> rows. Rows are never changed."""

    request = ForeignKey(ErasureRequest, on_delete=PROTECT, related_name="receipts", db_index=False)
    member = ForeignKey(Member, on_delete=PROTECT, related_name="+", db_index=False)
    floor = CharField(max_length=20)
    rows = JSONField(help_text="Table, or files, and how many were deleted or overwritten.")
    erased_at = DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["request", "floor", "member"], name="a_floor_gives_one_receipt")
        ]
        triggers: list[pgtrigger.Trigger] = append_only()

    def __str__(self) -> str:
        return f"{self.floor} of {self.request_id}"
