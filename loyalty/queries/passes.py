"""What a member's card says as a pass."""

from datetime import datetime

from loyalty.errors import PassesNotIssued
from loyalty.queries.history import find_home_programme
from loyalty.queries.wallets import get_wallet
from loyalty.rules.passes import CardFacts
from members.queries.cards import get_card
from members.queries.members import get_member_by_id
from omnichannel.models import Programme


def get_card_facts(member_id: int, programme_code: str | None, *, now: datetime) -> CardFacts:
    """The newest card of a member, with points and tier of a programme: see `find_home_programme`.

    :raises NotFound: there is no such programme.
    :raises PassesNotIssued: the member has no card.
    """
    programme_id, _ = find_home_programme(member_id, programme_code)
    programme = Programme.objects.get(pk=programme_id)
    member = get_member_by_id(member_id)
    number = get_card(member_id, now=now).number
    if number is None:
        raise PassesNotIssued("The member has no card that a pass could show.")
    wallet = get_wallet(member_id, programme_id, now=now)
    return CardFacts(
        member_ref=member.ref,
        called=member.called or member.ref,
        number=number,
        programme_code=programme.code,
        programme_name=programme.name,
        points=wallet.spendable,
        tier=wallet.tier.name if wallet.tier else "",
    )
