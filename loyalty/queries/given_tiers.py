"""Tiers that colleagues gave by hand or that came by the household, and what else a member holds."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet

from loyalty.models import TierStanding, Wallet
from loyalty.models.tiers import BY_HOUSEHOLD
from loyalty.rules.tiers import Standing


def list_standings(wallet_id: int, *, now: datetime) -> list[Standing]:
    """What the member holds now or will, as rules take it."""
    return _told(TierStanding.objects.filter(wallet_id=wallet_id, until_at__gt=now))


def list_own_standings(wallet_id: int, *, now: datetime) -> list[Standing]:
    """Those of them that do not come by the household."""
    held = TierStanding.objects.filter(wallet_id=wallet_id, until_at__gt=now)
    return _told(held.exclude(given_by__startswith=BY_HOUSEHOLD))


def by_hand(wallet: Wallet) -> QuerySet[TierStanding]:
    """What colleagues gave a member, and what came with a merge."""
    return (
        TierStanding.objects.filter(wallet=wallet)
        .exclude(given_by="")
        .exclude(given_by__startswith=BY_HOUSEHOLD)
    )


def _told(rows: QuerySet[TierStanding]) -> list[Standing]:
    return [
        Standing(tier_id=row.tier_id, from_at=row.from_at, until_at=row.until_at, is_given=bool(row.given_by))
        for row in rows
    ]


def list_given_tiers(wallet_ids: Sequence[int]) -> list[TierStanding]:
    """All that was given, by hand or by the household, over or not; the latest first, with `tier`. One statement."""
    given = TierStanding.objects.filter(wallet__in=wallet_ids).exclude(given_by="")
    return list(given.select_related("tier").order_by("-pk"))


def is_by_household(one: TierStanding) -> bool:
    """Whether it came by the household, and ends with its reason alone."""
    return one.given_by.startswith(BY_HOUSEHOLD)


def list_tiers_given_now(wallet_ids: Sequence[int], *, now: datetime) -> list[TierStanding]:
    """Those of them that go on, the highest first."""
    going_on = [one for one in list_given_tiers(wallet_ids) if one.until_at > now]
    return sorted(going_on, key=lambda one: one.tier.rank, reverse=True)
