"""Doors for news from below."""

from collections.abc import Sequence
from datetime import datetime

from config.outbox.events import Delivered
from config.outbox.registry import subscriber
from loyalty.services.welcome import welcome
from members.events import MemberEnrolled


@subscriber("loyalty.welcome", to=[MemberEnrolled])
def give_welcome_points(events: Sequence[Delivered], *, now: datetime) -> None:
    """A new member's welcome points, once."""
    for delivered in events:
        if isinstance(delivered.event, MemberEnrolled) and delivered.member_id is not None:
            welcome(
                delivered.member_id,
                programme_code=delivered.event.programme_code,
                happened_at=delivered.happened_at,
                now=now,
            )
