"""Doors for news from below: what members took back, and what they completed."""

from collections.abc import Sequence
from datetime import datetime

from config.outbox.events import Delivered
from config.outbox.registry import subscriber
from members.events import ConsentChanged, ProfileCompleted
from omnichannel.services.messages import withdraw_unallowed
from omnichannel.services.profiles import record_completed_profile


@subscriber("omnichannel.consents", to=[ConsentChanged])
def withdraw_messages(events: Sequence[Delivered], *, now: datetime) -> None:
    """What waits for members who do not allow it any more is withdrawn at once, not only when it would be sent."""
    members = {
        one.member_id
        for one in events
        if isinstance(one.event, ConsentChanged) and not one.event.is_given and one.member_id is not None
    }
    if members:
        withdraw_unallowed(members, now=now)


@subscriber("omnichannel.profiles", to=[ProfileCompleted])
def record_profiles(events: Sequence[Delivered], *, now: datetime) -> None:
    """A completed profile is an act of the member, in every programme, once."""
    for one in events:
        if isinstance(one.event, ProfileCompleted) and one.member_id is not None:
            record_completed_profile(one.member_id, happened_at=one.happened_at, now=now)
