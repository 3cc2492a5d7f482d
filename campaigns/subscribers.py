"""News from below: what members did changes what is known of them, and which segments they are in."""

from collections.abc import Sequence
from datetime import datetime

from campaigns.queries.programmes import get_programme
from campaigns.services.features import Touched, learn, rebuild_features
from config.outbox.events import Delivered
from config.outbox.registry import subscriber
from loyalty.events import HistoryImported, PurchaseCommitted, PurchaseReturned, TierLeft, TierReached
from members.events import ConsentChanged, MemberChanged, MemberEnrolled, MemberMerged, MemberParted


@subscriber(
    "campaigns.features",
    to=[
        PurchaseCommitted,
        PurchaseReturned,
        TierReached,
        TierLeft,
        MemberEnrolled,
        MemberChanged,
        MemberMerged,
        MemberParted,
        ConsentChanged,
    ],
)
def learn_features(events: Sequence[Delivered], *, now: datetime) -> None:
    """Bring features and segments of the members of a batch up to date. Safe to repeat."""
    learn([touched for told in events if (touched := _touched(told))], now=now)


@subscriber("campaigns.history", to=[HistoryImported], batch=20)
def learn_history(events: Sequence[Delivered], *, now: datetime) -> None:
    """Derive what is known of a programme's members again, once however many imports were told of."""
    imports = [told.event for told in events if isinstance(told.event, HistoryImported)]
    for code in sorted({event.programme_code for event in imports}):
        rebuild_features(get_programme(code).id, now=now)


def _touched(told: Delivered) -> Touched | None:
    if told.member_id is None:
        return None
    event = told.event
    if isinstance(event, PurchaseCommitted | PurchaseReturned):
        return Touched(told.member_id, event.programme_code, event.placed_at)
    if isinstance(event, TierReached | TierLeft | MemberEnrolled):
        return Touched(told.member_id, event.programme_code)
    return Touched(told.member_id)
