"""Households: members who share points. Who has a place in one, since when, until when, and who was asked to join."""

import pghistory
from django.db.models import (
    PROTECT,
    BigIntegerField,
    BinaryField,
    CharField,
    CheckConstraint,
    DateTimeField,
    ForeignKey,
    Index,
    Model,
    Q,
    TextChoices,
    UniqueConstraint,
)

from config.ground.history import before_each_change
from members.models.members import Member


class HouseholdRole(TextChoices):
    ADULT = "adult"
    CHILD = "child"


class LimitPeriod(TextChoices):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class PlaceEnd(TextChoices):
    """Why somebody has a place no more; "" while they have it."""

    LEFT = "left"
    EXPELLED = "expelled", "taken out"
    MERGED = "merged", "goes by another member"
    PARTED = "parted", "a merge was undone"
    ERASED = "erased"
    DISSOLVED = "dissolved", "the household ended"


class InvitationAnswer(TextChoices):
    OPEN = "", "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn", "taken back"


class Household(Model):
    """Members under one roof. The head is one of them; a household without one has ended."""

    ref = CharField(max_length=30)
    name = CharField(max_length=100, blank=True)
    head = ForeignKey(Member, on_delete=PROTECT, null=True, related_name="+", db_index=False)
    founded_at = DateTimeField()

    not_sharded_because = "it is of several members; what is worth something is found from each of them"

    class Meta:
        indexes = [Index(fields=["ref"], name="household_by_ref")]

    def __str__(self) -> str:
        return self.ref


@pghistory.track(*before_each_change())
class HouseholdPlace(Model):
    """A member's place in a household, from joining until leaving. A member has one living place at a time.

    `limit_points`: so many points of the others they may draw in a day, week or month; empty: as many as there are.
    """

    ref = CharField(max_length=30)
    household = ForeignKey(Household, on_delete=PROTECT, related_name="places", db_index=False)
    member = ForeignKey(Member, on_delete=PROTECT, related_name="+", db_index=False)
    role = CharField(max_length=8, choices=HouseholdRole)
    limit_points = BigIntegerField(null=True)
    limit_per = CharField(max_length=8, choices=LimitPeriod, default=LimitPeriod.MONTH)
    joined_at = DateTimeField()
    left_at = DateTimeField(null=True)
    left_because = CharField(max_length=10, choices=PlaceEnd, blank=True)
    left_by = CharField(max_length=64, blank=True, help_text="For example member:55, staff:3.")

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["member"], condition=Q(left_at=None), name="a_member_has_one_place_at_a_time"
            ),
            CheckConstraint(condition=Q(role__in=HouseholdRole.values), name="a_place_has_a_known_role"),
            CheckConstraint(
                condition=Q(limit_points=None) | Q(limit_points__gte=0),
                name="a_limit_of_a_place_is_not_negative",
            ),
            CheckConstraint(
                condition=Q(limit_per__in=LimitPeriod.values), name="a_limit_is_for_a_known_period"
            ),
            CheckConstraint(
                condition=Q(left_at=None, left_because="") | Q(left_at__isnull=False) & ~Q(left_because=""),
                name="who_leaves_a_place_leaves_for_a_reason",
            ),
        ]
        indexes = [
            Index(fields=["household", "id"], name="places_of_a_household"),
            Index(fields=["member", "id"], name="places_of_a_member"),
        ]

    def __str__(self) -> str:
        return self.ref


class HouseholdInvitation(Model):
    """Somebody may join by a code, once. Who was named, and is a member, finds it in their app as well.

    Only the digest of the code is kept. Asking for a stranger looks the same as for a member.

    `limit_per`: the limit under which they join; empty where the head said nothing: then the one they had before holds.
    """

    ref = CharField(max_length=30)
    household = ForeignKey(Household, on_delete=PROTECT, related_name="invitations", db_index=False)
    member = ForeignKey(Member, on_delete=PROTECT, null=True, related_name="+", db_index=False)
    role = CharField(max_length=8, choices=HouseholdRole)
    limit_points = BigIntegerField(null=True)
    limit_per = CharField(max_length=8, choices=LimitPeriod, blank=True, default="", db_default="")
    code_hash = BinaryField(max_length=32)
    invited_by = CharField(max_length=64, help_text="For example member:55.")
    invited_at = DateTimeField()
    expires_at = DateTimeField()
    answer = CharField(max_length=10, choices=InvitationAnswer, blank=True)
    answered_at = DateTimeField(null=True)

    not_sharded_because = "it may be for somebody who is no member yet, and is found by its code"

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(role__in=HouseholdRole.values), name="an_invitation_is_for_a_known_role"
            ),
            CheckConstraint(
                condition=Q(limit_per="", limit_points=None)
                | Q(limit_per__in=LimitPeriod.values) & (Q(limit_points=None) | Q(limit_points__gte=0)),
                name="an_invitation_says_a_limit_with_its_period",
            ),
        ]
        indexes = [
            Index(fields=["code_hash"], name="household_invitation_by_code"),
            Index(fields=["household", "id"], name="invitations_of_a_household"),
            Index(fields=["member", "id"], condition=Q(member__isnull=False), name="invitations_of_a_member"),
            Index(fields=["expires_at"], name="household_invitation_by_expiry"),
        ]

    def __str__(self) -> str:
        return self.ref
