"""What a member shows at the till."""

from datetime import datetime

import msgspec

from members.errors import MemberNotFound
from members.models import Identity, Member
from members.rules.cards import code_at
from members.rules.identities import IdentityKind


class Card(msgspec.Struct, frozen=True):
    """:ivar number: of the newest card, None for a member without one."""

    payload: str
    valid_until: datetime
    number: str | None


def get_card(member_id: int, *, now: datetime) -> Card:
    """The rotating code of this minute and the card number.

    :raises MemberNotFound: if there is no such member.
    """
    member = Member.objects.filter(pk=member_id).values_list("ref", "card_secret").first()
    if member is None:
        raise MemberNotFound
    ref, secret = member
    cards = Identity.objects.filter(member_id=member_id, kind=IdentityKind.CARD).order_by("-pk")
    payload, valid_until = code_at(ref, bytes(secret), now)
    return Card(payload, valid_until, cards.values_list("value", flat=True).first())
