"""Doors for news from below."""

from collections.abc import Sequence
from datetime import datetime

from config.outbox.events import Delivered
from config.outbox.registry import subscriber
from loyalty.rules.acts import Act
from loyalty.services.acts import Done, award_acts
from loyalty.services.welcome import welcome
from members.events import MemberEnrolled
from omnichannel.events import ActRecorded


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


@subscriber("loyalty.acts", to=[ActRecorded], batch=1_000)
def give_points_for_acts(events: Sequence[Delivered], *, now: datetime) -> None:
    """What rules give for what members did, once."""
    done = [
        Done(
            member_id=one.member_id,
            programme_code=one.event.programme_code,
            act=Act(
                ref=one.event.act_ref,
                type=one.event.type_code,
                title=one.event.title,
                happened_at=one.happened_at,
                place_code=one.event.place_code,
                properties=one.event.properties,
            ),
        )
        for one in events
        if isinstance(one.event, ActRecorded) and one.member_id is not None
    ]
    award_acts(done, now=now)
