"""Attributes that the house declares, and what members say under them."""

import pghistory
import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    CASCADE,
    PROTECT,
    BigAutoField,
    BooleanField,
    CharField,
    CheckConstraint,
    DateField,
    DateTimeField,
    DecimalField,
    ForeignKey,
    Model,
    PositiveSmallIntegerField,
    Q,
    SlugField,
    TextChoices,
    UniqueConstraint,
)

from config.ground.history import before_each_change
from members.models.members import Member


class AttributeKind(TextChoices):
    TEXT = "text", "text"
    NUMBER = "number", "number"
    DATE = "date", "date"
    YES_NO = "yes_no", "yes or no"
    ONE_OF = "one_of", "one of the choices"
    MANY_OF = "many_of", "some of the choices"


CHOSEN = (AttributeKind.ONE_OF, AttributeKind.MANY_OF)


class SeenBy(TextChoices):
    STAFF = "staff", "everyone on staff"
    PERSONAL = "personal", "who may see personal data"
    MEMBER = "member", "the member alone"


@pghistory.track(*before_each_change())
class Attribute(Model):
    """Something the house wants to know of its members, and why. One declaration holds for all programmes."""

    id = BigAutoField(primary_key=True)
    code = SlugField(max_length=40, help_text="As apps and integrations call it; never changed.")
    label = CharField(max_length=80, help_text="What the member reads, such as: Milk in your tea.")
    purpose = CharField(
        max_length=300,
        verbose_name="Why we ask",
        help_text="What it is used for, in words for the member. It stands beside the question.",
    )
    kind = CharField(
        max_length=8,
        choices=AttributeKind,
        default=AttributeKind.TEXT,
        help_text="Never changed: what members said is of this kind.",
    )
    allowed = ArrayField(
        CharField(max_length=60),
        blank=True,
        default=list,
        verbose_name="Choices",
        help_text="With commas between them. Who chose one that is gone later keeps it.",
    )
    seen_by = CharField(max_length=8, choices=SeenBy, default=SeenBy.STAFF, verbose_name="Who may see it")
    is_edited_by_member = BooleanField(default=True, db_default=True, verbose_name="The member may change it")
    is_asked_for = BooleanField(
        default=False,
        db_default=False,
        verbose_name="Counts for a complete profile",
        help_text="Who has filled in all of these has completed their profile, an act for which rules may give points.",
    )
    position = PositiveSmallIntegerField(default=100, db_default=100, help_text="Lower stands first.")
    is_retired = BooleanField(
        default=False,
        db_default=False,
        verbose_name="Retired",
        help_text="Nobody is asked or shown it any more; what was said stays.",
    )

    class Meta:
        constraints = [
            UniqueConstraint(fields=["code"], name="an_attribute_is_declared_once"),
            CheckConstraint(
                condition=Q(code__regex=r"^[a-z][a-z0-9_]*$"), name="an_attribute_is_named_in_small_letters"
            ),
            CheckConstraint(
                condition=Q(kind__in=AttributeKind.values), name="an_attribute_is_of_a_known_kind"
            ),
            CheckConstraint(
                condition=Q(kind__in=CHOSEN, allowed__len__gt=0) | (~Q(kind__in=CHOSEN) & Q(allowed=[])),
                name="what_is_chosen_has_choices",
            ),
            CheckConstraint(condition=~Q(purpose=""), name="an_attribute_says_why_it_is_asked"),
            CheckConstraint(condition=Q(seen_by__in=SeenBy.values), name="an_attribute_is_seen_by_somebody"),
            CheckConstraint(
                condition=~Q(seen_by=SeenBy.MEMBER) | Q(is_edited_by_member=True),
                name="what_members_alone_see_they_edit",
            ),
            CheckConstraint(
                condition=Q(is_asked_for=False) | Q(is_edited_by_member=True),
                name="what_members_are_asked_for_they_edit",
            ),
        ]

    def __str__(self) -> str:
        return self.label


@pghistory.track(*before_each_change())
class AttributeWords(Model):
    """An attribute in another language."""

    id = BigAutoField(primary_key=True)
    attribute = ForeignKey(Attribute, on_delete=CASCADE, related_name="words", db_index=False)
    language = CharField(max_length=16, help_text="For example fa, zh-Hant.")
    label = CharField(max_length=80)
    purpose = CharField(max_length=300, verbose_name="Why we ask")
    allowed = ArrayField(
        CharField(max_length=60),
        blank=True,
        default=list,
        verbose_name="Choices",
        help_text="In the order of the choices above, with commas between them.",
    )

    class Meta:
        verbose_name = "translation"
        constraints = [
            UniqueConstraint(fields=["attribute", "language"], name="an_attribute_is_told_once_in_a_language")
        ]

    def __str__(self) -> str:
        return self.language


_FITS = """
SELECT a.kind, a.allowed INTO STRICT kind, allowed FROM members_attribute a WHERE a.id = NEW.attribute_id;
IF num_nonnulls(NEW.text, NEW.number, NEW.day, NEW.is_yes, NEW.choices) <> 1 OR (CASE kind
    WHEN 'text' THEN NEW.text IS NULL
    WHEN 'number' THEN NEW.number IS NULL
    WHEN 'date' THEN NEW.day IS NULL
    WHEN 'yes_no' THEN NEW.is_yes IS NULL
    WHEN 'one_of' THEN coalesce(cardinality(NEW.choices), 0) <> 1
    ELSE coalesce(cardinality(NEW.choices), 0) = 0
END) THEN
    RAISE EXCEPTION 'a value is of the kind of its attribute, here %', kind USING ERRCODE = 'check_violation';
END IF;
IF NEW.choices IS NOT NULL AND NOT NEW.choices::text[] <@ (allowed || OLD.choices::text[]) THEN
    RAISE EXCEPTION 'a choice is one of those that are allowed, or were chosen before'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
"""


@pghistory.track(*before_each_change())
class AttributeValue(Model):
    """What a member said, or was found out, under one attribute: in the column of its kind, the others are empty."""

    id = BigAutoField(primary_key=True)
    member = ForeignKey(Member, on_delete=PROTECT, related_name="+", db_index=False)
    attribute = ForeignKey(Attribute, on_delete=PROTECT, related_name="+", db_index=False)
    text = CharField(max_length=500, null=True)  # noqa: DJ001 - empty is nothing said; exactly one column says something
    number = DecimalField(max_digits=17, decimal_places=4, null=True)
    day = DateField(null=True)
    is_yes = BooleanField(null=True)
    choices = ArrayField(CharField(max_length=60), null=True)
    source = CharField(max_length=16, help_text="Who told us: app, page, web, admin, import.")
    changed_at = DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["member", "attribute"], name="a_member_has_one_value_of_an_attribute")
        ]
        triggers = [
            pgtrigger.Trigger(
                name="a_value_fits_its_attribute",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                declare=[("kind", "text"), ("allowed", "text[]")],
                func=_FITS,
            )
        ]

    def __str__(self) -> str:
        return f"{self.attribute_id} of member {self.member_id}"
