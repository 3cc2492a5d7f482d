"""What a purchase is settled from, as it is read: the key, the receipt, the member, the wallet, the rules of now."""

from datetime import datetime

import msgspec
from msgspec.structs import replace

from config.ground.refusals import NotSignedIn
from loyalty.queries.checkout import Inquiry, PurchaseFacts, find_purchase_facts
from loyalty.queries.pools import find_drawable
from loyalty.queries.programmes import find_compiled, get_programme
from loyalty.rules.basket import Shopper
from loyalty.rules.compile import Asks, Programme
from loyalty.rules.purchase import Purchase, tier_code
from loyalty.services.holds import held_for
from loyalty.services.purchase_checks import ensure_code_fresh, ensure_currency
from members.errors import MemberNotFound


class Teller(msgspec.Struct, frozen=True, kw_only=True):
    """Who tells us of a purchase: the key (0 if none), its name in the ledger, and the idempotency key sent along."""

    key_id: int
    name: str
    idempotency_key: str | None = None


def read_facts(purchase: Purchase, teller: Teller, fingerprint: str, now: datetime) -> PurchaseFacts:
    """The facts, for a key that is still good.

    What only some rules ask for is read where the rules as this process last knew them ask; where they changed
    meanwhile and ask otherwise, it is read again.
    """
    known = find_compiled(purchase.programme_id)
    inquiry = _inquiry(purchase, teller, fingerprint, now)
    inquiry = replace(inquiry, asks=known.asks_at(purchase.placed_at, now=now) if known else Asks())
    facts = find_purchase_facts(inquiry)
    if not facts.is_key_live:
        raise NotSignedIn("The key is not known, has ended or was revoked.")
    if facts.stamp is not None:
        asks = get_programme(purchase.programme_id, stamp=facts.stamp).asks_at(purchase.placed_at, now=now)
        if asks != inquiry.asks:
            facts = find_purchase_facts(replace(inquiry, asks=asks))
    return facts


def _inquiry(purchase: Purchase, teller: Teller, fingerprint: str, now: datetime) -> Inquiry:
    day = purchase.placed_at.astimezone(purchase.zone).date()
    return Inquiry(
        key_id=teller.key_id,
        caller=teller.name,
        idempotency_key=teller.idempotency_key,
        fingerprint=fingerprint,
        programme_id=purchase.programme_id,
        place_id=purchase.place_id,
        till_id=purchase.till_id,
        number=purchase.number,
        member=purchase.member,
        placed_at=purchase.placed_at,
        placed_on=day,
        timezone=purchase.timezone,
        today=now.astimezone(purchase.zone).date(),
        skus=[line.sku for line in purchase.lines],
        now=now,
    )


def programme_of(purchase: Purchase, facts: PurchaseFacts) -> Programme:
    ensure_code_fresh(purchase)
    if purchase.member is not None and (facts.member is None or facts.member.state != "active"):
        raise MemberNotFound(pointer="/member")
    programme = get_programme(purchase.programme_id, stamp=facts.stamp)
    ensure_currency(purchase, programme)
    return programme


def shopper_of(
    purchase: Purchase, facts: PurchaseFacts, programme: Programme, now: datetime
) -> Shopper | None:
    held = held_for(purchase, facts.member.id if facts.member else None, now=now)
    if facts.member is None:
        return None
    own = (facts.wallet.spendable if facts.wallet else 0) + held
    drawable = 0
    if purchase.spend_points > own:
        drawable = find_drawable(facts.member.id, purchase.programme_id, now=now)
    return Shopper(
        tier_code=tier_code(programme, facts.standings, purchase.placed_at),
        spendable=own + drawable,
        drawable=drawable,
        held=held,
        offers=facts.offers,
        is_new=facts.wallet is None or facts.wallet.version == 0,
        birthday=facts.member.birthday,
        labels=facts.labels,
        used=facts.used,
    )
