"""Segments: who is meant. The definition is versioned and never changed; the membership is kept as a diff."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from config.ground.guards import append_only
from config.ground.ids import new_ref
from members.models import Member
from omnichannel.models import Programme


def new_segment_ref() -> str:
    return new_ref("seg")


class Segment(models.Model):
    """A named group of members of one programme. `current_version` numbers the definition in force."""

    ref = models.CharField(max_length=30, unique=True, default=new_segment_ref, editable=False)
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="segments")
    code = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    current_version = models.PositiveIntegerField(default=0, editable=False)
    size = models.PositiveIntegerField(default=0, editable=False, help_text="Members at the last refresh.")
    refreshed_on = models.DateField(
        null=True, editable=False, help_text="The programme's day for which the membership is true."
    )
    refreshed_at = models.DateTimeField(null=True, editable=False)
    made_at = models.DateTimeField(editable=False)
    is_label = models.BooleanField(
        "rules may ask for it",
        default=False,
        db_default=False,
        help_text="Its members are told to the tills, so that earning rules can be for them alone.",
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["programme", "code"], name="a_segment_code_is_unique_in_its_programme"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SegmentVersion(models.Model):
    """One definition of a segment, for ever."""

    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    tree = models.JSONField()
    sentence = models.TextField()
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=120)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["segment", "number"], name="a_segment_version_is_numbered_once"),
        ]
        triggers: ClassVar = append_only()

    def __str__(self) -> str:
        return f"{self.segment_id} version {self.number}"


class SegmentMember(models.Model):
    """A member is in a segment, since this moment."""

    member = models.ForeignKey(Member, on_delete=models.PROTECT, db_index=False, related_name="+")
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, db_index=False, related_name="+")
    entered_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["member", "segment"], name="a_member_is_in_a_segment_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["segment", "member"], name="members_of_a_segment")]

    def __str__(self) -> str:
        return f"{self.member_id} in {self.segment_id}"


class SegmentMove(models.Model):
    """A member entered or left a segment. The log of all of them replays to the membership."""

    class Kind(models.TextChoices):
        ENTRY = "entry", "Entered"
        EXIT = "exit", "Left"

    member = models.ForeignKey(Member, on_delete=models.PROTECT, db_index=False, related_name="+")
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, db_index=False, related_name="+")
    version = models.PositiveIntegerField(help_text="The number of the definition that moved the member.")
    kind = models.CharField(max_length=5, choices=Kind)
    moved_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=["entry", "exit"]), name="a_move_is_an_entry_or_an_exit"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["member", "segment", "-id"], name="moves_of_a_member"),
            models.Index(fields=["segment", "-moved_at"], name="moves_of_a_segment"),
        ]
        triggers: ClassVar = append_only()

    def __str__(self) -> str:
        return f"{self.member_id} {self.kind} {self.segment_id}"
