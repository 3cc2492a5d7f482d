"""Members who may be one person: by what they are searched, the pairs that were found, and what findings weigh."""

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    CASCADE,
    BigIntegerField,
    BooleanField,
    CharField,
    CheckConstraint,
    CompositePrimaryKey,
    DateTimeField,
    F,
    FloatField,
    ForeignKey,
    Index,
    IntegerField,
    JSONField,
    Model,
    Q,
    TextChoices,
    UniqueConstraint,
)

from members.models.members import Member


class SearchKey(Model):
    """A 64-bit key of a member's portrait; whoever shares one may be the same person. Derived, at any time anew."""

    pk = CompositePrimaryKey("key", "member_id")
    key = BigIntegerField()
    member = ForeignKey(Member, on_delete=CASCADE, related_name="+", db_index=False)

    is_directory = True

    class Meta:
        indexes = [Index(fields=["member"], name="search_key_by_member")]

    def __str__(self) -> str:
        return f"{self.key:x}"


class PairState(TextChoices):
    OPEN = "open", "to be looked at"
    LATER = "later", "put off"
    SAME = "same", "the same person"
    DIFFERENT = "different", "two persons"


class LikelyPair(Model):
    """Two members who may be one person: the one who came later, and the other.

    It names no value of anybody: the findings say what agrees, the members say the rest.
    """

    member = ForeignKey(Member, on_delete=CASCADE, related_name="+", db_index=False)
    other = ForeignKey(Member, on_delete=CASCADE, related_name="+", db_index=False)
    score = FloatField(help_text="Log-odds: 0 is even, 3 is 95 of 100.")
    findings = ArrayField(CharField(max_length=32), help_text="What was compared, and what came of it.")
    is_certain = BooleanField()
    weights_version = IntegerField()
    state = CharField(max_length=9, choices=PairState, default=PairState.OPEN)
    found_at = DateTimeField()
    weighed_at = DateTimeField()
    decided_at = DateTimeField(null=True)
    decided_by = CharField(max_length=64, blank=True, help_text="For example staff:3.")

    class Meta:
        constraints = [
            UniqueConstraint(fields=["member", "other"], name="two_members_are_one_pair"),
            CheckConstraint(
                condition=Q(member_id__gt=F("other_id")), name="the_later_member_of_a_pair_comes_first"
            ),
            CheckConstraint(
                condition=Q(state__in=PairState.values), name="a_pair_is_open_put_off_or_decided"
            ),
            CheckConstraint(
                condition=Q(state=PairState.OPEN) | Q(decided_at__isnull=False),
                name="a_decision_about_a_pair_says_when",
            ),
        ]
        indexes = [
            Index(fields=["state", "-score", "-id"], name="likeliest_pair_by_state"),
            Index(fields=["other"], name="pair_by_other"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} and {self.other_id}"


class CommonName(Model):
    """A name that many bear, so that sharing it says little. Counted once a day."""

    name = CharField(max_length=100)
    bearers = IntegerField()
    members = IntegerField(help_text="How many members there were when it was counted.")

    class Meta:
        constraints = [UniqueConstraint(fields=["name"], name="a_name_is_counted_once")]

    def __str__(self) -> str:
        return self.name


class LikenessWeights(Model):
    """What findings weigh, learnt from decisions. The newest version holds; none: those that come with the product."""

    version = IntegerField()
    weights = JSONField(help_text="As rules/likeness.py reads them.")
    learnt_from = IntegerField(help_text="So many decided pairs.")
    made_at = DateTimeField()
    made_by = CharField(max_length=64)

    class Meta:
        verbose_name_plural = "likeness weights"
        constraints = [UniqueConstraint(fields=["version"], name="a_version_of_weights_is_made_once")]

    def __str__(self) -> str:
        return f"version {self.version}"
