"""Giving out card numbers."""

import secrets
from datetime import datetime

from members.rules.cards import card_number
from members.rules.identities import IdentityClaim, IdentityKind
from members.services.identities import claim_identities


def give_card(member_id: int, *, now: datetime) -> str:
    """Give a member a card number of our own, which nobody else has: 13 digits, as an EAN-13 bar code prints them."""
    while True:
        number = card_number(secrets.randbelow(10**10))
        card = IdentityClaim(IdentityKind.CARD, number)
        if not claim_identities(member_id, [card], source="house", verified_at=now, now=now):
            return number
