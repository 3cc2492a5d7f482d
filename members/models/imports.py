"""Imports of members: the file somebody uploaded, its rows as they are staged, and what became of which member.

`MemberImport` is the queue and the truth: how far reading, applying and undoing came stands in the row, and is written
in the transaction of the rows that came so far.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db.models import (
    CASCADE,
    PROTECT,
    BigIntegerField,
    BooleanField,
    CharField,
    CheckConstraint,
    DateTimeField,
    ForeignKey,
    Index,
    IntegerField,
    JSONField,
    Model,
    Q,
    TextChoices,
    UniqueConstraint,
)
from django.db.models.fields.json import KeyTextTransform

from members.models.members import Member


class ImportState(TextChoices):
    UPLOADED = "uploaded", "columns to be named"
    READING = "reading", "being read"
    READ = "read", "to be looked at"
    APPLYING = "applying", "being applied"
    APPLIED = "applied", "applied"
    UNDOING = "undoing", "being undone"
    UNDONE = "undone", "undone"
    FAILED = "failed", "not readable"


AT_WORK = (ImportState.READING, ImportState.APPLYING, ImportState.UNDOING)
UNREAD = (ImportState.UPLOADED, ImportState.READING, ImportState.FAILED)


def rows_file_of(file: str) -> str:
    return f"{file}-rows"


class MemberImport(Model):
    """A file of members, from its upload to its undoing. Nothing here is told in words of a person."""

    ref = CharField(max_length=30)
    state = CharField(max_length=8, choices=ImportState, default=ImportState.UPLOADED)
    file_name = CharField(max_length=200, help_text="As it was called where it came from.")
    file = CharField(
        max_length=100, blank=True, help_text="Its name among the exports; gone once it is read."
    )
    size_bytes = BigIntegerField()
    shape = JSONField(help_text="Kind, encoding, separator and headings.")
    headings_key = CharField(max_length=64, help_text="Digest of the headings: files alike are mapped alike.")
    mapping = JSONField(default=dict, help_text="Which column is what; see the rules of imports.")
    problem = CharField(max_length=500, blank=True)
    stumbles = IntegerField(default=0, db_default=0, help_text="So often in a row it could not go on.")
    try_at = DateTimeField(null=True, help_text="Not before, after it could not go on.")
    asked_by = CharField(max_length=64, help_text="For example staff:3.")
    uploaded_at = DateTimeField()
    applied_by = CharField(max_length=64, blank=True)
    applied_at = DateTimeField(null=True, help_text="When it was begun to be applied.")
    finished_at = DateTimeField(null=True)
    undone_by = CharField(max_length=64, blank=True)
    rows_in_file = IntegerField(null=True, help_text="Known once it is unpacked.")
    bytes_read = BigIntegerField(default=0, db_default=0, help_text="Of the unpacked file.")
    rows_read = IntegerField(default=0, help_text="So many rows are staged.")
    last_row_read = IntegerField(default=0, help_text="Row of the file.")
    last_row_applied = IntegerField(default=0)
    last_undone = BigIntegerField(null=True, help_text="Undone down to this change.")
    foreseen = JSONField(default=dict, help_text="Outcome -> rows, before it is applied.")
    counts = JSONField(default=dict, help_text="Outcome -> rows, as they were applied.")
    undone_counts = JSONField(default=dict, help_text="Outcome -> members, as they were undone.")

    class Meta:
        verbose_name = "import of members"
        verbose_name_plural = "imports of members"
        constraints = [
            CheckConstraint(condition=Q(state__in=ImportState.values), name="an_import_is_in_a_known_state")
        ]
        indexes = [
            Index(fields=["state", "id"], name="imports_at_work", condition=Q(state__in=AT_WORK)),
            Index(fields=["headings_key", "-id"], name="imports_by_headings"),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def rows_file(self) -> str:
        """Where its rows lie while they are read; see `adapters.unpacked`."""
        return rows_file_of(self.file)


class RowState(TextChoices):
    NEW = "new", "new"
    KNOWN = "known", "a member already"
    LIKELY = "likely", "probably a member already"
    REFUSED = "refused", "refused"
    ENROLLED = "enrolled", "enrolled"
    CHANGED = "changed", "changed"
    UNCHANGED = "same", "left as they are"
    LEFT_OUT = "left_out", "left out"


REMARKED = Q(state__in=(RowState.NEW, RowState.KNOWN)) & ~Q(problems=[])
"""Rows that can be taken, of which something is to be said all the same."""


class ImportRow(Model):
    """A row of a file. Staged by COPY; kept for some days, so that what was refused can be mended.

    It belongs to no member: whose words stand in it is found by its keys, `kind:value` of each identity, or by
    the name.
    """

    batch = ForeignKey(MemberImport, on_delete=CASCADE, related_name="rows", db_index=False)
    row = IntegerField(help_text="Of the file, the headings being 1.")
    state = CharField(max_length=8, choices=RowState)
    cells = JSONField(help_text="As they stand in the file.")
    told = JSONField(help_text="What they say, in normal form.")
    keys = ArrayField(CharField(max_length=263), default=list)
    problems = JSONField(default=list, help_text="[field, what is wrong or worth a remark, and what to do].")
    refs = ArrayField(CharField(max_length=30), default=list, help_text="Members it may be about.")
    staged_at = DateTimeField()

    class Meta:
        constraints = [UniqueConstraint(fields=["batch", "row"], name="a_row_is_staged_once")]
        indexes = [
            Index(fields=["batch", "state", "row"], name="import_rows_by_state"),
            Index(fields=["staged_at"], name="import_rows_by_age"),
            Index(fields=["batch", "row"], name="import_rows_remarked", condition=REMARKED),
            GinIndex(fields=["keys", "refs"], name="import_rows_by_person"),
            Index(
                KeyTextTransform("family_name", "told"),
                KeyTextTransform("given_name", "told"),
                name="import_rows_by_name",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}/{self.row}"


class UndoneHow(TextChoices):
    NO = "", "not undone"
    GONE = "gone", "gone"
    BACK = "back", "as before"
    PARTLY = "partly", "in part as before"
    STAYS = "stays", "stays"


class ImportedMember(Model):
    """What an import did to one member, so that it can be undone; and whom it only named, so that no other import that
    is undone takes them away."""

    batch = ForeignKey(MemberImport, on_delete=CASCADE, related_name="members", db_index=False)
    member = ForeignKey(Member, on_delete=PROTECT, related_name="+", db_index=False)
    row = IntegerField()
    is_new = BooleanField()
    did = JSONField(
        default=dict, help_text="Fields before and after, identities and consents that were added."
    )
    undone = CharField(max_length=6, choices=UndoneHow, blank=True)
    stays = CharField(max_length=500, blank=True, help_text="What was touched since, and so was left.")
    recorded_at = DateTimeField()

    class Meta:
        indexes = [
            Index(fields=["batch", "id"], name="imported_members_in_order"),
            Index(fields=["member", "id"], name="imports_of_a_member"),
            Index(fields=["recorded_at"], name="imported_members_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} of {self.batch_id}"
