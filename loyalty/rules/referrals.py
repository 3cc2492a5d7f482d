"""Whether a friend's purchase was paid and kept long enough."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from loyalty.rules.challenge_counting import PurchaseNow, paid_for_kept
from loyalty.rules.challenges import Referral
from loyalty.rules.lots import midnight_after


def kept_at(goal: Referral, bought: Sequence[PurchaseNow], zone: ZoneInfo) -> datetime | None:
    """The first moment at which one of these purchases counts as kept, if nothing more comes back; None if none does.

    :param bought: what the friend bought while the challenge was live, as it stands now.
    """
    moments = [
        midnight_after(purchase.placed_at, goal.kept_days + 1, zone) if goal.kept_days else purchase.placed_at
        for purchase in bought
        if paid_for_kept(purchase) >= goal.minimum_minor
    ]
    return min(moments, default=None)
