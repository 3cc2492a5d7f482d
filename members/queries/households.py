"""Households as they stand: who is in one, and who was asked to join."""

from collections.abc import Collection
from datetime import datetime

import msgspec
from django.db.models import QuerySet

from members.errors import NoHousehold
from members.models import Household, HouseholdInvitation, HouseholdPlace, Identity
from members.rules.people import called_of

By = str | bytes | int | list[bytes]
"""What an invitation is found by."""


class PersonInside(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in a household, as the others may know them: what to call them, and no more.

    :ivar ref: of their place; it names them among the household and nowhere else.
    :ivar limit_points: so many points of the others they may draw `limit_per` day, week or month; None: no limit.
    """

    ref: str
    member_id: int
    called: str
    role: str
    is_head: bool
    limit_points: int | None
    limit_per: str
    joined_at: datetime


class HouseholdFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A household with its people, who came first in front."""

    id: int
    ref: str
    name: str
    founded_at: datetime
    people: tuple[PersonInside, ...]


def find_place(member_id: int) -> HouseholdPlace | None:
    """The living place of a member, if they have one."""
    return HouseholdPlace.objects.select_related("household").filter(member=member_id, left_at=None).first()


def get_place(member_id: int) -> HouseholdPlace:
    """
    :raises NoHousehold: they have none.
    """
    place = find_place(member_id)
    if place is None:
        raise NoHousehold
    return place


def find_locked_place(member_id: int) -> HouseholdPlace | None:
    """The living place of a member who is locked, with its household: nobody takes them out meanwhile."""
    place = find_place(member_id)
    if place is None:
        return None
    lock_household(place.household_id)
    return find_place(member_id)


def find_last_place(member_id: int, household_id: int) -> HouseholdPlace | None:
    """The last place that a member had in a household, be it over or not."""
    return HouseholdPlace.objects.filter(member=member_id, household=household_id).order_by("-pk").first()


def lock_household(household_id: int) -> Household:
    """Lock a household until commit: who comes and goes waits."""
    return Household.objects.select_for_update().get(pk=household_id)


def lock_households(household_ids: Collection[int]) -> list[Household]:
    """As `lock_household`, for several: in id order."""
    locked = Household.objects.select_for_update().filter(pk__in=household_ids)
    return list(locked.order_by("pk"))


def list_households(refs: Collection[str]) -> list[int]:
    """The ids of the households with these refs."""
    return list(Household.objects.filter(ref__in=refs).order_by("pk").values_list("pk", flat=True))


def list_living(household_id: int) -> list[HouseholdPlace]:
    """The living places of a household, the oldest first."""
    places = HouseholdPlace.objects.select_related("member").filter(household=household_id, left_at=None)
    return list(places.order_by("pk"))


def list_with_housemates(member_id: int) -> list[int]:
    """A member, and with whom they are in a household. One statement, for who is in one two."""
    place = find_place(member_id)
    others = list_living(place.household_id) if place else []
    return [member_id, *(one.member_id for one in others if one.member_id != member_id)]


def list_past(household_id: int) -> list[HouseholdPlace]:
    """Places that ended, the latest first."""
    places = HouseholdPlace.objects.select_related("member").filter(household=household_id)
    return list(places.exclude(left_at=None).order_by("-left_at", "-pk"))


def tell_household(household_id: int) -> HouseholdFacts:
    """A household as those inside may know it. Two statements."""
    household = Household.objects.get(pk=household_id)
    return HouseholdFacts(
        id=household.pk,
        ref=household.ref,
        name=household.name,
        founded_at=household.founded_at,
        people=tuple(_person(place, household) for place in list_living(household.pk)),
    )


def _person(place: HouseholdPlace, household: Household) -> PersonInside:
    member = place.member
    return PersonInside(
        ref=place.ref,
        member_id=member.pk,
        called=called_of(member),
        role=place.role,
        is_head=household.head_id == member.pk,
        limit_points=place.limit_points,
        limit_per=place.limit_per,
        joined_at=place.joined_at,
    )


def list_open_invitations(household_id: int, *, now: datetime) -> list[HouseholdInvitation]:
    """Those of a household that nobody has answered yet."""
    return list(_open(now).filter(household=household_id).order_by("pk"))


def list_invitations_of(member_id: int, *, now: datetime) -> list[HouseholdInvitation]:
    """Those for a member that they have not answered yet."""
    mine = _open(now).filter(member=member_id, household__head__isnull=False)
    return list(mine.select_related("household__head").order_by("pk"))


def is_into(household_id: int, **by: By) -> bool:
    """Whether an invitation by this ref or code is, or was, into a household."""
    return HouseholdInvitation.objects.filter(household=household_id, **by).exists()


def is_for(invitation: HouseholdInvitation, member_id: int) -> bool:
    """Whether a member may use an invitation: it names nobody, them, or who goes by them since."""
    named = invitation.member
    return named is None or member_id in (named.pk, named.merged_into_id)


def list_names(member_id: int) -> list[str]:
    """What a member goes by: `phone:+12125550142`."""
    held = Identity.objects.filter(member=member_id).values_list("kind", "value")
    return [f"{kind}:{value}" for kind, value in held]


def lock_invitation(*, now: datetime, **by: By) -> HouseholdInvitation | None:
    """An open invitation by its ref or code, locked until commit."""
    return _open(now).select_for_update(of=("self",)).filter(**by).first()


def _open(now: datetime) -> QuerySet[HouseholdInvitation]:
    return HouseholdInvitation.objects.filter(answer="", expires_at__gt=now)
