"""Behaviour: what members and visitors did beside buying, and the types of events that a programme takes.

Events are written by `services.behaviour` alone and never change. Nothing points at them, and that each counts once is
decided in a directory of its own, so that their tables can be cut into months when they are large.
"""

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from config.ground.guards import append_only_until_purged
from config.ground.history import before_each_change
from omnichannel.rules.behaviour import LONGEST_CLAIM_DAYS


class PropertyKind(models.TextChoices):
    TEXT = "text", "text"
    NUMBER = "number", "number"
    YES_NO = "yes_no", "yes or no"
    MOMENT = "moment", "moment"


@pghistory.track(*before_each_change())
class EventType(models.Model):
    """A type of events that a programme declares; where the code is a built-in one's, in its place."""

    id = models.BigAutoField(primary_key=True)
    programme = models.ForeignKey(
        "omnichannel.Programme", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    code = models.SlugField(max_length=40, help_text="As shops and apps tell it; never changed.")
    title = models.CharField(max_length=120)
    is_act = models.BooleanField(
        default=True,
        db_default=True,
        verbose_name="May earn points",
        help_text="An act is told to rules and challenges. Leave it off for what comes by the thousands.",
    )
    is_told_by_members = models.BooleanField(
        default=False,
        db_default=False,
        verbose_name="Apps may tell it",
        help_text="The member's own app, of who is signed in. Off: only your shops and services.",
    )
    is_retired = models.BooleanField(
        default=False, db_default=False, verbose_name="Retired", help_text="It is told no more."
    )
    claimed_within_days = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        validators=[MaxValueValidator(LONGEST_CLAIM_DAYS)],
        verbose_name="Earns if claimed within days",
        help_text="What was told of a device or session still earns if its member signs in there within so many"
        " days. 0: it never does.",
    )

    class Meta:
        constraints = [
            UniqueConstraint(fields=["programme", "code"], name="an_event_type_is_declared_once"),
            CheckConstraint(
                condition=Q(claimed_within_days__lte=LONGEST_CLAIM_DAYS),
                name="what_is_claimed_earns_for_some_days",
            ),
        ]

    def __str__(self) -> str:
        return self.title


@pghistory.track(*before_each_change())
class EventProperty(models.Model):
    """What events of a type say of themselves. A property that is not declared is refused."""

    id = models.BigAutoField(primary_key=True)
    event_type = models.ForeignKey(
        EventType, on_delete=models.CASCADE, db_index=False, related_name="properties"
    )
    name = models.CharField(max_length=40)
    kind = models.CharField(max_length=8, choices=PropertyKind, default=PropertyKind.TEXT)
    is_required = models.BooleanField(default=False, db_default=False, verbose_name="Must be told")
    allowed = ArrayField(
        models.CharField(max_length=100),
        blank=True,
        default=list,
        verbose_name="Only these",
        help_text="Texts or numbers, with commas between them. Empty: any.",
    )

    class Meta:
        verbose_name_plural = "event properties"
        constraints = [
            UniqueConstraint(fields=["event_type", "name"], name="a_property_is_declared_once"),
            CheckConstraint(
                condition=Q(kind__in=["text", "number", "yes_no", "moment"]),
                name="a_property_is_of_a_known_kind",
            ),
            CheckConstraint(
                condition=Q(name__regex=r"^[a-z][a-z0-9_]*$"), name="a_property_is_named_in_small_letters"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class _Event(models.Model):
    """What both tables of events hold. `device` and `session` are as the shop or app names them."""

    id = models.BigAutoField(primary_key=True)
    ref = models.CharField(max_length=30)
    programme = models.ForeignKey(
        "omnichannel.Programme", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    type_code = models.CharField(max_length=40, verbose_name="type")
    source = models.CharField(max_length=40, help_text="Who told it, e.g. webshop or app.")
    external_id = models.CharField(max_length=100, help_text="The event's own id there.")
    device = models.CharField(max_length=100, blank=True)
    session = models.CharField(max_length=100, blank=True)
    place = models.ForeignKey(
        "omnichannel.Place", on_delete=models.PROTECT, null=True, db_index=False, related_name="+"
    )
    properties = models.JSONField()
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.type_code} {self.ref}"


class BehaviourEvent(_Event):
    """What a member did."""

    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    is_counted = models.BooleanField(
        default=True,
        db_default=True,
        help_text="No: it was told of a device or session, and its type does not let it earn.",
    )

    class Meta:
        constraints = [UniqueConstraint(fields=["member", "id"], name="events_of_one_member")]
        indexes = [
            BrinIndex(fields=["recorded_at"], name="behaviour_by_age", pages_per_range=32),
            models.Index(fields=["member", "happened_at", "id"], name="behaviour_by_moment"),
        ]
        triggers = append_only_until_purged()


class VisitorEvent(_Event):
    """What somebody did whom nobody knew: kept by device and session for a while, and of nobody, until a member signs
    in there.
    """

    not_sharded_because = "it belongs to nobody"

    class Meta:
        constraints = [
            CheckConstraint(condition=~Q(device="", session=""), name="a_visitor_has_a_device_or_a_session")
        ]
        indexes = [
            models.Index(fields=["device"], name="events_of_a_device", condition=~Q(device="")),
            models.Index(fields=["session"], name="events_of_a_session", condition=~Q(session="")),
            BrinIndex(fields=["recorded_at"], name="visits_by_age", pages_per_range=32),
        ]
        triggers = append_only_until_purged()


class VisitorKind(models.TextChoices):
    DEVICE = "device", "device"
    SESSION = "session", "session"


class KnownVisitor(models.Model):
    """Directory: a device or session, and the member who signed in there, from when on. Whoever signed in next follows
    from then on; who was there first has what was told before.
    """

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=7, choices=VisitorKind)
    name = models.CharField(max_length=100, help_text="As the shop or app names it; nobody can guess it.")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    programme = models.ForeignKey(
        "omnichannel.Programme",
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
        help_text="Whose shop said so; none if the member signed in to the app of the house.",
    )
    known_from = models.DateTimeField()

    is_directory = True

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["kind", "name", "known_from", "programme"],
                nulls_distinct=False,
                name="a_visitor_is_one_member_at_a_moment",
            ),
            CheckConstraint(condition=Q(kind__in=VisitorKind.values), name="a_visitor_is_of_a_known_kind"),
        ]
        indexes = [
            models.Index(fields=["member"], name="visitors_of_a_member"),
            models.Index(fields=["known_from"], name="visitors_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class EventTold(models.Model):
    """Directory: an event counts once per source, whoever it turns out to be about.

    `teller`: 0 for the house's own shops and services; a member's app counts for itself, by the member's id.
    """

    id = models.BigAutoField(primary_key=True)
    programme = models.ForeignKey(
        "omnichannel.Programme", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    source = models.CharField(max_length=40)
    teller = models.BigIntegerField()
    external_id = models.CharField(max_length=100)
    ref = models.CharField(max_length=30)
    recorded_at = models.DateTimeField()

    is_directory = True

    class Meta:
        verbose_name_plural = "events told"
        constraints = [
            UniqueConstraint(
                fields=["programme", "source", "teller", "external_id"], name="an_event_counts_once"
            )
        ]
        indexes = [BrinIndex(fields=["recorded_at"], name="events_told_by_age", pages_per_range=32)]

    def __str__(self) -> str:
        return f"{self.source} {self.external_id}"
