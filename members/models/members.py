"""A member: one person who is known to the house."""

import pghistory
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db.models import (
    PROTECT,
    BinaryField,
    CharField,
    CheckConstraint,
    DateField,
    DateTimeField,
    F,
    ForeignKey,
    Index,
    Model,
    PositiveSmallIntegerField,
    Q,
    TextChoices,
)
from django.db.models.functions import Upper

from config.ground.history import before_each_change


class MemberState(TextChoices):
    ACTIVE = "active"
    MERGED = "merged"
    ERASED = "erased"


class EnrolledVia(TextChoices):
    TILL = "till"
    WEB = "web"
    APP = "app"
    IMPORT = "import"
    ADMIN = "admin"
    FRIEND = "friend"


@pghistory.track(*before_each_change(), exclude=["card_secret"])
class Member(Model):
    """Who somebody is. By what they are known stands in `Identity`.

    `ref` has an index without a unique constraint: it is 74 bits of chance, and a table that belongs to
    members may only have unique constraints which contain the member's id.
    """

    ref = CharField(max_length=30)
    given_name = CharField(max_length=100, blank=True)
    family_name = CharField(max_length=100, blank=True)
    display_name = CharField(
        max_length=200, blank=True, help_text="How to call them, where it differs from the name."
    )
    language = CharField(max_length=16, blank=True, help_text="For example en, zh-Hant, fa.")
    birth_date = DateField(null=True, blank=True)
    birth_month = PositiveSmallIntegerField(null=True, blank=True)
    birth_day = PositiveSmallIntegerField(null=True, blank=True)
    state = CharField(max_length=8, choices=MemberState, default=MemberState.ACTIVE)
    merged_into = ForeignKey(
        "self",
        on_delete=PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        help_text="Who they are by now: somebody who is merged into nobody. Their own rows stay theirs.",
    )
    enrolled_at = DateTimeField()
    enrolled_via = CharField(max_length=8, choices=EnrolledVia)
    enrolled_at_place = CharField(max_length=64, blank=True, help_text="Code of the store or web shop.")
    card_secret = BinaryField(max_length=32, editable=False)
    recorded_at = DateTimeField()

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(state__in=MemberState.values), name="a_member_is_active_merged_or_erased"
            ),
            CheckConstraint(
                condition=~Q(state=MemberState.MERGED) | Q(merged_into__isnull=False),
                name="who_is_merged_is_somebody_else",
            ),
            CheckConstraint(
                condition=Q(enrolled_via__in=EnrolledVia.values), name="a_member_came_by_a_known_way"
            ),
            CheckConstraint(
                condition=Q(birth_month__isnull=True, birth_day__isnull=True)
                | Q(birth_month__range=(1, 12), birth_day__range=(1, 31)),
                name="a_birthday_is_a_month_and_a_day",
            ),
            CheckConstraint(
                condition=Q(birth_date__isnull=True)
                | Q(birth_date__month=F("birth_month"), birth_date__day=F("birth_day")),
                name="a_birth_date_falls_on_the_birthday",
            ),
        ]
        indexes = [
            Index(fields=["ref"], name="member_by_ref"),
            Index(fields=["birth_month", "birth_day"], name="member_by_birthday"),
            Index(fields=["enrolled_at", "id"], name="member_by_arrival"),
            Index(
                fields=["merged_into", "id"],
                condition=Q(merged_into__isnull=False),
                name="member_by_who_they_are",
            ),
            GinIndex(
                OpClass(Upper("given_name"), name="gin_trgm_ops"),
                OpClass(Upper("family_name"), name="gin_trgm_ops"),
                OpClass(Upper("display_name"), name="gin_trgm_ops"),
                name="member_by_piece_of_name",
            ),
        ]

    def __str__(self) -> str:
        return self.ref
