"""News from below: what members did changes what is known of them, and which segments they are in."""

from collections.abc import Sequence
from datetime import datetime

from campaigns.services.features import Touched, learn
from config.outbox.events import Delivered
from config.outbox.registry import subscriber
from loyalty.events import PurchaseCommitted, TierReached
from members.events import ConsentChanged, MemberChanged, MemberEnrolled


@subscriber(
    "campaigns.features", to=[PurchaseCommitted, TierReached, MemberEnrolled, MemberChanged, ConsentChanged]
)
def learn_features(events: Sequence[Delivered], *, now: datetime) -> None:
    """Bring features and segments of the members of a batch up to date. Safe to repeat."""
    learn([touched for told in events if (touched := _touched(told))], now=now)


def _touched(told: Delivered) -> Touched | None:
    if told.member_id is None:
        return None
    event = told.event
    if isinstance(event, PurchaseCommitted):
        return Touched(told.member_id, event.programme_code, event.placed_at)
    if isinstance(event, TierReached | MemberEnrolled):
        return Touched(told.member_id, event.programme_code)
    return Touched(told.member_id)
