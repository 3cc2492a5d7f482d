"""Referrals: whose code it is, who came by it, and whose purchase was kept long enough."""

from collections.abc import Collection
from datetime import datetime

import msgspec
from django.db.models import Count, Q

from loyalty.errors import ReferralCodeNotFound
from loyalty.models import ReferralCode, ReferredFriend
from loyalty.rules.voucher_codes import normal_form, shown_form
from omnichannel.models import Order


class ReferralAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A member's code, for friends to join by.

    :ivar friends_joined: who came by it; `friends_counted`: of them, those whose purchase was paid and kept.
    :ivar was_referred: the member came by somebody's code.
    """

    code: str
    friends_joined: int
    friends_counted: int
    was_referred: bool


def get_referrals(member_id: int, programme_id: int) -> ReferralAnswer:
    """
    :raises ReferralCodeNotFound: the member has no code yet.
    """
    code = ReferralCode.objects.filter(member_id=member_id, programme_id=programme_id).first()
    if code is None:
        raise ReferralCodeNotFound
    friends = ReferredFriend.objects.filter(referred_by_id=member_id, programme_id=programme_id)
    joined, counted = friends.aggregate(
        joined=Count("pk"), counted=Count("pk", filter=Q(counted_at__isnull=False))
    ).values()
    return ReferralAnswer(
        code=shown_form(code.code),
        friends_joined=joined,
        friends_counted=counted,
        was_referred=ReferredFriend.objects.filter(member_id=member_id, programme_id=programme_id).exists(),
    )


def get_member_of_code(programme_id: int, code: str) -> int:
    """
    :raises ReferralCodeNotFound: nobody of the programme has this code.
    """
    rows = ReferralCode.objects.filter(programme_id=programme_id, code=normal_form(code))
    member_id = rows.values_list("member_id", flat=True).first()
    if member_id is None:
        raise ReferralCodeNotFound
    return int(member_id)


def has_bought(member_id: int, programme_id: int) -> bool:
    """Whether a member ever bought something in a programme."""
    return Order.objects.filter(member_id=member_id, programme_id=programme_id).exists()


def list_waiting_friends(member_ids: Collection[int]) -> list[ReferredFriend]:
    """Those of these members who came by a code and whom nobody counted yet."""
    return list(ReferredFriend.objects.filter(member_id__in=member_ids, counted_at=None).order_by("pk"))


def find_due_programme(now: datetime) -> int | None:
    """A programme of which a friend is due."""
    due = ReferredFriend.objects.filter(counted_at=None, due_at__lte=now).order_by("due_at")
    return due.values_list("programme_id", flat=True).first()


def list_due_friends(programme_id: int, now: datetime, *, limit: int) -> list[ReferredFriend]:
    """Friends whose purchase may have been kept long enough."""
    due = ReferredFriend.objects.filter(counted_at=None, due_at__lte=now, programme_id=programme_id)
    return list(due.order_by("due_at", "pk")[:limit])
