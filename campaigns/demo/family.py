"""A household of three: two adults, and a child who may draw a little of the others' points."""

from contextlib import suppress
from datetime import datetime

from django.db import transaction

from campaigns.demo import shop
from campaigns.queries.demo import list_richest
from members.errors import HouseholdTaken
from members.models import HouseholdRole, LimitPeriod
from members.services.household_invitations import invite, join_by_code
from members.services.households import Limit, found_household

NAME = "The herb garden"
APART = 40
"""They stand so far from each other among the richest, so that one of them has little."""
POCKET_MONEY = 500


def move_together(programme_id: int, now: datetime, *, actor: str) -> None:
    """Let the three share, once."""
    head, other, child = list_richest(programme_id, limit=2 * APART + 1)[::APART]
    with suppress(HouseholdTaken), transaction.atomic():
        found_household(head, name=NAME, now=now)
        pocket_money = Limit(points=POCKET_MONEY, per=LimitPeriod.MONTH)
        for one, role, limit in (
            (other, HouseholdRole.ADULT, None),
            (child, HouseholdRole.CHILD, pocket_money),
        ):
            asked = invite(head, named=None, role=role, limit=limit, region=shop.REGION, actor=actor, now=now)
            join_by_code(one, asked.code, now=now)
        invite(head, named=None, role=HouseholdRole.ADULT, region=shop.REGION, actor=actor, now=now)
