"""Households: founded by one, left by anybody at any time. Points stay whose they are; what is shared ends at once.

The member is locked before the household, so that nobody joins two, and nobody joins while they are merged or erased.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from django.conf import settings
from django.db import transaction

from config.ground.ids import new_ref
from config.outbox.services import publish
from members.errors import (
    HeadStays,
    HouseholdFull,
    HouseholdPersonNotFound,
    HouseholdTaken,
    MemberNotActive,
    MemberNotFound,
    NoHousehold,
    NotTheHead,
)
from members.events import HouseholdJoined, HouseholdLeft
from members.models import (
    Household,
    HouseholdInvitation,
    HouseholdPlace,
    HouseholdRole,
    InvitationAnswer,
    LimitPeriod,
    PlaceEnd,
)
from members.models.members import MemberState
from members.queries.households import (
    find_locked_place,
    find_place,
    get_place,
    list_living,
    lock_household,
)
from members.queries.members import lock_members


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """So many points of the others may somebody draw in a day, week or month; `points` None: as many as there are.

    :ivar per: None: as it was, and a month at first.
    """

    points: int | None
    per: LimitPeriod | None = None


@transaction.atomic
def found_household(member_id: int, *, name: str, now: datetime) -> Household:
    """Let a member be the head of a new household.

    :raises MemberNotActive: they were merged or erased. :raises HouseholdTaken: they are in one.
    """
    lock_free_member(member_id)
    household = Household.objects.create(ref=new_ref("hsh"), name=name, head_id=member_id, founded_at=now)
    give_place(household, member_id, role=HouseholdRole.ADULT, now=now)
    return household


@transaction.atomic
def rename_household(head_id: int, *, name: str) -> Household:
    """
    :raises NoHousehold, NotTheHead: as the name says.
    """
    household = lock_as_head(head_id)
    household.name = name
    household.save(update_fields=["name"])
    return household


@transaction.atomic
def leave_household(
    member_id: int, *, because: PlaceEnd = PlaceEnd.LEFT, actor: str, now: datetime
) -> HouseholdPlace:
    """End a member's place. Where the head leaves, the adult who has been there the longest is the head; where none is
    left, the household ends for all.

    :raises NoHousehold: they have none.
    """
    lock_members([member_id])
    place = find_locked_place(member_id)
    if place is None:
        raise NoHousehold
    end_places([place], because, actor=actor, now=now)
    if place.household.head_id == member_id:
        pass_on(place.household, actor=actor, now=now)
    return place


@transaction.atomic
def expel(head_id: int, place_ref: str, *, actor: str, now: datetime) -> None:
    """Take somebody out.

    :raises NoHousehold, NotTheHead: whoever asks. :raises HouseholdPersonNotFound: nobody there has this ref.
    :raises HeadStays: it is the head; they leave.
    """
    household = lock_as_head(head_id)
    place = find_inside(household, place_ref)
    if place.member_id == head_id:
        raise HeadStays("You are the head: leave, or hand the household over first.")
    end_places([place], PlaceEnd.EXPELLED, actor=actor, now=now)


@transaction.atomic
def hand_over(head_id: int, place_ref: str) -> Household:
    """Let another adult be the head.

    :raises NoHousehold, NotTheHead, HouseholdPersonNotFound: as `expel`. :raises HeadStays: that is a child.
    """
    household = lock_as_head(head_id)
    place = find_inside(household, place_ref)
    if place.role != HouseholdRole.ADULT:
        raise HeadStays
    household.head_id = place.member_id
    household.save(update_fields=["head"])
    return household


@transaction.atomic
def change_place(
    head_id: int, place_ref: str, *, role: HouseholdRole, limit: Limit | None = None
) -> HouseholdPlace:
    """Say what somebody is, and how many points of the others they may draw; None: that stays.

    :raises NoHousehold, NotTheHead, HouseholdPersonNotFound: as `expel`. :raises HeadStays: the head as a child.
    """
    household = lock_as_head(head_id)
    place = find_inside(household, place_ref)
    if place.member_id == head_id and role != HouseholdRole.ADULT:
        raise HeadStays
    place.role = role
    if limit is not None:
        place.limit_points, place.limit_per = limit.points, limit.per or place.limit_per
    place.save(update_fields=["role", "limit_points", "limit_per"])
    return place


def give_place(
    household: Household,
    member_id: int,
    *,
    role: str,
    now: datetime,
    like: HouseholdPlace | HouseholdInvitation | None = None,
) -> HouseholdPlace:
    """A living place for a member who is locked and has none.

    :param like: whose limit holds in the new place as well.
    """
    limit = {"limit_points": like.limit_points, "limit_per": like.limit_per} if like else {}
    place = HouseholdPlace.objects.create(
        ref=new_ref("hpl"), household=household, member_id=member_id, role=role, joined_at=now, **limit
    )
    told = HouseholdJoined(household_ref=household.ref)
    publish(told, member_id=member_id, happened_at=now, now=now)
    return place


def ensure_room(household: Household) -> None:
    """
    :raises HouseholdFull: there are as many as there may be.
    """
    if len(list_living(household.pk)) >= settings.HOUSEHOLD_SIZE:
        raise HouseholdFull(f"At most {settings.HOUSEHOLD_SIZE} people are in a household.")


def lock_free_member(member_id: int) -> None:
    """Lock a member who may have a place.

    :raises MemberNotFound: there is none. :raises MemberNotActive: they were merged or erased.
    :raises HouseholdTaken: they have one.
    """
    member = lock_members([member_id]).get(member_id)
    if member is None:
        raise MemberNotFound
    if member.state != MemberState.ACTIVE:
        raise MemberNotActive
    if find_place(member_id) is not None:
        raise HouseholdTaken


def lock_as_head(member_id: int) -> Household:
    """The household of its head, locked until commit.

    :raises NoHousehold: they have none. :raises NotTheHead: another is.
    """
    household = lock_household(get_place(member_id).household_id)
    if household.head_id != member_id:
        raise NotTheHead
    return household


def find_inside(household: Household, place_ref: str) -> HouseholdPlace:
    """
    :raises HouseholdPersonNotFound: nobody who is there has this ref.
    """
    place = next((one for one in list_living(household.pk) if one.ref == place_ref), None)
    if place is None:
        raise HouseholdPersonNotFound
    return place


def pass_on(household: Household, *, actor: str, now: datetime) -> None:
    """Let the adult who has been there the longest be the head; with none left, the household ends for all."""
    left = list_living(household.pk)
    adult = next((place for place in left if place.role == HouseholdRole.ADULT), None)
    household.head_id = adult.member_id if adult else None
    household.save(update_fields=["head"])
    if adult is None:
        end_places(left, PlaceEnd.DISSOLVED, actor=actor, now=now)


def end_places(places: Sequence[HouseholdPlace], because: PlaceEnd, *, actor: str, now: datetime) -> None:
    """End living places of a household that is locked, and announce it. Who was taken out is asked no more."""
    if because == PlaceEnd.EXPELLED:
        open_ones = HouseholdInvitation.objects.filter(answer=InvitationAnswer.OPEN)
        open_ones.filter(
            household__in=[place.household_id for place in places],
            member__in=[place.member_id for place in places],
        ).update(answer=InvitationAnswer.WITHDRAWN, answered_at=now)
    for place in places:
        place.left_at, place.left_because, place.left_by = now, because, actor
        place.save(update_fields=["left_at", "left_because", "left_by"])
        told = HouseholdLeft(household_ref=place.household.ref, because=because)
        publish(told, member_id=place.member_id, happened_at=now, now=now)
