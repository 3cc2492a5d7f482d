"""Doors for news from below: what members took back and completed, and where they signed in."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from config.outbox.events import Delivered
from config.outbox.registry import subscriber
from members.errors import MemberNotActive
from members.events import ConsentChanged, MemberSignedIn, ProfileCompleted
from omnichannel.services.messages import withdraw_unallowed
from omnichannel.services.profiles import record_completed_profile
from omnichannel.services.visitors import claim_visits


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


@subscriber("omnichannel.visitors", to=[MemberSignedIn], batch=1)
def claim_what_visitors_did(events: Sequence[Delivered], *, now: datetime) -> None:
    """What was told of a device or session before its member signed in becomes theirs. One by one: what a sign-in locks
    is free before the next one."""
    for one in events:
        if isinstance(one.event, MemberSignedIn) and one.member_id is not None:
            with suppress(MemberNotActive):
                claim_visits(
                    one.member_id, device=one.event.device, session=one.event.session, now=one.happened_at
                )
