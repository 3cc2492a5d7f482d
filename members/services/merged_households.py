"""A place in a household in a merge: it goes to who stays, where they have none, and back when the merge is undone."""

from datetime import datetime
from typing import TypedDict

from members.models import HouseholdPlace, Merge, PlaceEnd
from members.queries.households import find_locked_place, find_place, lock_household
from members.services.households import end_places, give_place, pass_on


class Carried(TypedDict):
    """The place that a merge ended; whether who stays got one like it, for they had none."""

    ended: int
    is_given: bool


def carry_place(merge: Merge, *, now: datetime) -> Carried | None:
    """End the place of who goes, and give who stays one like it unless they have a place; both members are locked.

    :return: for taking the merge apart; None where there was no place.
    """
    place = find_locked_place(merge.member_id)
    if place is None:
        return None
    is_given = find_place(merge.into_id) is None
    if is_given:
        _replace(place, merge.into_id, PlaceEnd.MERGED, actor=merge.merged_by, now=now)
    else:
        household = lock_household(place.household_id)
        end_places([place], PlaceEnd.MERGED, actor=merge.merged_by, now=now)
        if household.head_id == merge.member_id:
            pass_on(household, actor=merge.merged_by, now=now)
    return {"ended": place.pk, "is_given": is_given}


def give_place_back(merge: Merge, *, holder_id: int, now: datetime) -> None:
    """Let who went have their place again, unless who is there has left it since, or the household has ended.

    :param holder_id: who stays by now, and is locked.
    """
    carried: Carried | None = merge.moved["members"].get("household")
    if carried is None:
        return
    ended = HouseholdPlace.objects.select_related("household").get(pk=carried["ended"])
    held = find_locked_place(holder_id)
    if not carried["is_given"]:
        household = lock_household(ended.household_id)
        if household.head_id is not None:
            give_place(household, merge.member_id, role=ended.role, like=ended, now=now)
    elif held is not None and held.household_id == ended.household_id:
        _replace(held, merge.member_id, PlaceEnd.PARTED, actor=merge.undone_by, now=now)


def _replace(place: HouseholdPlace, member_id: int, because: PlaceEnd, *, actor: str, now: datetime) -> None:
    """One member has the place of another, and is the head where they were."""
    household = lock_household(place.household_id)
    end_places([place], because, actor=actor, now=now)
    give_place(household, member_id, role=place.role, like=place, now=now)
    if household.head_id == place.member_id:
        household.head_id = member_id
        household.save(update_fields=["head"])
