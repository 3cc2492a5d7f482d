"""Merges: that two members were found to be one person, and everything that moved by it."""

import pgtrigger
from django.db.models import (
    PROTECT,
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

from members.models.members import Member


class MergeState(TextChoices):
    MOVING = "moving", "under way"
    MERGED = "merged", "merged"
    PARTING = "parting", "being taken apart"
    UNDONE = "undone", "taken apart"


class Merge(Model):
    """One who goes by the name of another from now on. What the merge moved, each floor writes into `moved`, so that
    taking it apart asks nobody's memory; it names rows by their numbers and holds no word that a person wrote."""

    ref = CharField(max_length=30)
    member = ForeignKey(
        Member, on_delete=PROTECT, related_name="+", db_index=False, help_text="The one who goes."
    )
    into = ForeignKey(
        Member, on_delete=PROTECT, related_name="+", db_index=False, help_text="The one who stays."
    )
    state = CharField(max_length=8, choices=MergeState, default=MergeState.MOVING)
    moved = JSONField(default=dict, help_text="Floor -> what it moved.")
    merged_at = DateTimeField()
    merged_by = CharField(max_length=64, help_text="For example staff:3.")
    undone_at = DateTimeField(null=True)
    undone_by = CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["member"],
                condition=~Q(state=MergeState.UNDONE),
                name="a_member_is_merged_into_one_other",
            ),
            CheckConstraint(condition=~Q(member_id=F("into_id")), name="nobody_is_merged_into_themselves"),
            CheckConstraint(condition=Q(state__in=MergeState.values), name="a_merge_is_in_a_known_state"),
            CheckConstraint(
                condition=Q(state__in=[MergeState.MOVING, MergeState.MERGED], undone_at=None)
                | Q(state__in=[MergeState.PARTING, MergeState.UNDONE], undone_at__isnull=False),
                name="who_takes_a_merge_apart_says_when",
            ),
        ]
        indexes = [
            Index(fields=["ref"], name="merge_by_ref"),
            Index(fields=["into", "id"], name="merge_by_who_stays"),
            Index(fields=["member", "id"], name="merge_by_who_goes"),
            Index(
                fields=["id"],
                condition=Q(state__in=[MergeState.MOVING, MergeState.PARTING]),
                name="merges_to_finish",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="merges_are_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="a_merge_keeps_its_two",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("ref", "member", "into", "merged_at", "merged_by"),
            ),
        ]

    def __str__(self) -> str:
        return self.ref
