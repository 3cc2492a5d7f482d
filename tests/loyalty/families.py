"""Households for tests: members who share points, the first as the head."""

from datetime import UTC, datetime

from members.models import Household, HouseholdPlace, HouseholdRole, LimitPeriod, Member
from members.services.household_invitations import invite, join_by_code
from members.services.households import Limit, change_place, found_household


def family(*people: Member) -> Household:
    """They share from now on."""
    now = datetime.now(UTC)
    household = found_household(people[0].pk, name="Home", now=now)
    for one in people[1:]:
        join(people[0], one)
    return household


def join(head: Member, one: Member) -> None:
    now = datetime.now(UTC)
    invited = invite(head.pk, named=None, role=HouseholdRole.ADULT, region="US", actor="test", now=now)
    join_by_code(one.pk, invited.code, now=now)


def limit(head: Member, one: Member, points: int | None, per: LimitPeriod = LimitPeriod.DAY) -> None:
    """So many points of the others may this one draw."""
    place = HouseholdPlace.objects.get(member=one, left_at=None)
    change_place(head.pk, place.ref, role=HouseholdRole.CHILD, limit=Limit(points=points, per=per))
