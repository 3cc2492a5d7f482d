"""Doors for news: what members itself does about its own announcements."""

from collections.abc import Sequence
from datetime import datetime

from config.outbox.events import Delivered
from config.outbox.registry import subscriber
from members.events import MemberChanged, MemberEnrolled, MemberMerged, SignInCodeRequested
from members.services.duplicates import look_for_duplicates_of
from members.services.sign_in_codes import make_and_send_code


@subscriber("members.sign_in_codes", to=[SignInCodeRequested], batch=1)
def send_codes(events: Sequence[Delivered], *, now: datetime) -> None:
    """Make and send each code. One at a time, so that a carrier's fault never sends somebody else's code twice."""
    for delivered in events:
        if isinstance(delivered.event, SignInCodeRequested):
            make_and_send_code(delivered.event.request_id, now=now)


@subscriber("members.duplicates", to=[MemberEnrolled, MemberChanged, MemberMerged])
def look_for_duplicates(events: Sequence[Delivered], *, now: datetime) -> None:
    """Compare who is new or has changed with those who may be the same person. Wishes say nothing of who one is."""
    members = {
        delivered.member_id
        for delivered in events
        if delivered.member_id is not None
        and not (isinstance(delivered.event, MemberChanged) and delivered.event.is_of_wishes)
    }
    if members:
        look_for_duplicates_of(sorted(members), now=now)
