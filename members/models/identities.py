"""The directory of identities: which member goes by this phone, address, card or id."""

import pghistory
import pgtrigger
from django.contrib.postgres.indexes import OpClass
from django.db.models import (
    PROTECT,
    BigIntegerField,
    CharField,
    CheckConstraint,
    DateTimeField,
    F,
    ForeignKey,
    Index,
    Model,
    Q,
    UniqueConstraint,
)
from django.db.models.functions import Reverse

from config.ground.guards import append_only
from config.ground.history import before_each_change
from members.models.members import Member
from members.rules.identities import BY_MERGING, IdentityKind, MoveEvidence

KINDS = [(kind.value, kind.value) for kind in IdentityKind]
EVIDENCE = [(str(evidence), str(evidence)) for evidence in (*MoveEvidence, *BY_MERGING)]


@pghistory.track(*before_each_change())
class Identity(Model):
    """One way to know a member: a narrow directory, decided by INSERT .. ON CONFLICT DO NOTHING."""

    kind = CharField(max_length=8, choices=KINDS)
    value = CharField(max_length=254, help_text="Normal form of its kind; an external id is source:id.")
    member = ForeignKey(Member, on_delete=PROTECT, related_name="identities", db_index=False)
    verified_at = DateTimeField(null=True, blank=True, help_text="When the member proved that it is theirs.")
    source = CharField(max_length=32, help_text="Who told us: till, web, app, import, admin, friend, house.")
    recorded_at = DateTimeField()

    is_directory = True

    class Meta:
        verbose_name_plural = "identities"
        constraints = [
            UniqueConstraint(fields=["kind", "value"], name="an_identity_belongs_to_one_member"),
            CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in IdentityKind]),
                name="an_identity_is_of_a_known_kind",
            ),
            CheckConstraint(condition=~Q(value=""), name="an_identity_is_never_empty"),
        ]
        indexes = [
            Index(fields=["member", "id"], name="identity_by_member"),
            Index(
                OpClass(Reverse("value"), name="text_pattern_ops"),
                condition=Q(kind=IdentityKind.PHONE.value),
                name="identity_by_last_digits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


class IdentityMove(Model):
    """That an identity went from one member to another, and what showed that it should. Rows are never changed.

    It names no value and holds no free text, which could not be erased: the value stands in the identity and in its
    history, by `identity_id`.
    """

    member = ForeignKey(Member, on_delete=PROTECT, related_name="identities_taken_over", db_index=False)
    from_member = ForeignKey(Member, on_delete=PROTECT, related_name="identities_given_up", db_index=False)
    identity_id = BigIntegerField()
    kind = CharField(max_length=8, choices=KINDS)
    was_verified_at = DateTimeField(null=True)
    evidence = CharField(max_length=32, choices=EVIDENCE)
    actor = CharField(max_length=64, help_text="Who moved it, e.g. key:12, staff:3.")
    moved_at = DateTimeField()

    class Meta:
        constraints = [
            CheckConstraint(
                condition=~Q(member_id=F("from_member_id")), name="an_identity_moves_to_somebody_else"
            ),
            CheckConstraint(
                condition=Q(evidence__in=[evidence for evidence, _ in EVIDENCE]),
                name="a_move_has_known_evidence",
            ),
        ]
        indexes = [
            Index(fields=["member", "id"], name="identity_move_by_member"),
            Index(fields=["from_member", "id"], name="identity_move_by_giver"),
        ]
        triggers: list[pgtrigger.Trigger] = append_only()

    def __str__(self) -> str:
        return f"{self.kind} {self.identity_id}"
