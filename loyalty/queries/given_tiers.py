"""Tiers that colleagues gave by hand, and what else a member holds."""

from collections.abc import Sequence
from datetime import datetime

from loyalty.models import TierStanding
from loyalty.rules.tiers import Standing


def list_standings(wallet_id: int, *, now: datetime) -> list[Standing]:
    """What the member holds now or will, as rules take it."""
    return [
        Standing(tier_id=row.tier_id, from_at=row.from_at, until_at=row.until_at, is_given=bool(row.given_by))
        for row in TierStanding.objects.filter(wallet_id=wallet_id, until_at__gt=now)
    ]


def list_given_tiers(wallet_ids: Sequence[int]) -> list[TierStanding]:
    """All that colleagues gave, the latest first, whether it goes on or not; with `tier`. One statement."""
    given = TierStanding.objects.filter(wallet__in=wallet_ids).exclude(given_by="")
    return list(given.select_related("tier").order_by("-pk"))


def list_tiers_given_now(wallet_ids: Sequence[int], *, now: datetime) -> list[TierStanding]:
    """Those of them that go on, the highest first."""
    going_on = [one for one in list_given_tiers(wallet_ids) if one.until_at > now]
    return sorted(going_on, key=lambda one: one.tier.rank, reverse=True)
