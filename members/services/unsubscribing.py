"""Saying no from within a message, without signing in (RFC 8058).

The link carries what it takes back, signed; nothing is stored for it, and it never runs out.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core import signing
from django.urls import reverse

from members.errors import MemberNotActive, UnsubscribeLinkNotValid
from members.queries.members import REF, find_member
from members.rules.consents import Channel, ConsentWord, Purpose
from members.services.consents import take_word

_SALT = "members.unsubscribe"


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a link can take back: one member's consent for one channel and purpose."""

    member_ref: str
    channel: Channel
    purpose: Purpose


def unsubscribe_token(subscription: Subscription) -> str:
    """The token that stands in the link `/u/<token>` of a message; safe in a URL."""
    parts = [subscription.member_ref, subscription.channel.value, subscription.purpose.value]
    return signing.dumps(parts, salt=_SALT)


def unsubscribe_url(subscription: Subscription) -> str:
    """The whole link, as it stands in a message."""
    path = reverse("unsubscribe", args=[unsubscribe_token(subscription)])
    return f"{settings.PUBLIC_URL}{path}"


def read_unsubscribe_token(token: str) -> Subscription:
    """
    :raises UnsubscribeLinkNotValid: if the token is not one of ours or was cut.
    """
    try:
        member_ref, channel, purpose = signing.loads(token, salt=_SALT)
        return Subscription(member_ref, Channel(channel), Purpose(purpose))
    except (signing.BadSignature, ValueError):
        raise UnsubscribeLinkNotValid from None


def unsubscribe(token: str, *, now: datetime) -> Subscription:
    """Withdraw the consent that a link is about. Safe to repeat; silent for a member who is no more.

    :raises UnsubscribeLinkNotValid: if the token is not one of ours or was cut.
    """
    subscription = read_unsubscribe_token(token)
    try:
        _withdraw(subscription, now=now)
    except MemberNotActive:  # erased, or merged since we looked: then who they are by now is found
        with suppress(MemberNotActive):
            _withdraw(subscription, now=now)
    return subscription


def _withdraw(subscription: Subscription, *, now: datetime) -> None:
    """
    :raises MemberNotActive: if the member was erased, or merged meanwhile.
    """
    member = find_member(REF, subscription.member_ref)
    if member is not None:
        word = ConsentWord(channel=subscription.channel, purpose=subscription.purpose, is_given=False)
        actor = f"member:{member.id}"
        take_word(member.id, word, source="unsubscribe_link", actor=actor, happened_at=now, now=now)
