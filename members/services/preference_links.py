"""The link in messages that opens a member's preferences without signing in.

It names the member and the moment until which it is good, signed; nothing is stored for it. Whoever has the message
has the page, so the page names nobody, and the link runs out.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse

from members.errors import PreferenceLinkNotValid, PreferenceLinkOver
from members.models.members import MemberState
from members.queries.members import REF, MemberFacts, find_member

_SALT = "members.preferences"


def preferences_url(member_ref: str, *, now: datetime) -> str:
    """The whole link, as it stands in a message that is written now."""
    path = reverse("preferences", args=[preferences_token(member_ref, now=now)])
    return f"{settings.PUBLIC_URL}{path}"


def preferences_token(member_ref: str, *, now: datetime) -> str:
    """What stands in the link `/preferences/<token>`; safe in a URL, good for `PREFERENCE_LINK_DAYS`."""
    until = now + timedelta(days=settings.PREFERENCE_LINK_DAYS)
    return signing.dumps([member_ref, int(until.timestamp())], salt=_SALT)


def member_of_link(token: str, *, now: datetime) -> MemberFacts:
    """Whose preferences a link opens; of somebody who was merged, those of who they are by now.

    :raises PreferenceLinkNotValid: if the token is not one of ours, was cut, or they are no member any more.
    :raises PreferenceLinkOver: if it has run out.
    """
    try:
        member_ref, until = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, ValueError):
        raise PreferenceLinkNotValid from None
    if until <= now.timestamp():
        raise PreferenceLinkOver
    member = find_member(REF, member_ref)
    if member is None or member.state != MemberState.ACTIVE:
        raise PreferenceLinkNotValid
    return member
