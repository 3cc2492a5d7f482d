"""Putting a member to a purchase that was made without one: it earns what it would have earned then."""

from datetime import datetime

import msgspec
from django.db import transaction

from loyalty.errors import OrderNotFound, PurchaseCameBack, PurchaseOfAnother, ReceiptAmbiguous, WalletBusy
from loyalty.models import Settlement
from loyalty.queries.wallets import tell_wallet
from loyalty.rules.basket import Line
from loyalty.rules.purchase import Payment, Purchase
from loyalty.services.bookings import AlreadyTold, Stale
from loyalty.services.checkout import TRIES, Booked, carry_out_under_lock
from loyalty.services.purchase_facts import Teller
from members.errors import MemberNotFound
from members.queries.members import find_member
from omnichannel.services.claims import ToldReceipt, lock_receipts, take_unclaimed
from omnichannel.services.collections import mark_collected


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """Whose purchase a receipt was. `member` as in `members.queries.members.lookup_of`; `till`: its code, if named."""

    programme_id: int
    programme_code: str
    place_id: int
    place_code: str
    timezone: str
    number: str
    till: str | None
    member: tuple[str, str]


def claim_purchase(claim: Claim, *, teller: Teller, now: datetime) -> Booked:
    """Put the member to it. The order keeps its ref, and is settled by the rules, the tier and the caps of the moment
    it was made, as a purchase that is told late.

    :return: 201; 200 with the answer as it is, if the purchase is this member's already.
    :raises OrderNotFound: the place gave no such receipt.
    :raises ReceiptAmbiguous: several of its tills did, and none is named.
    :raises MemberNotFound: nobody is known by this key.
    :raises PurchaseCameBack: some of it was returned while it was nobody's.
    :raises PurchaseOfAnother: somebody else has claimed it, or was named when it was made.
    :raises WalletBusy: others changed the wallet at each of several tries; nothing was written.
    """
    for _ in range(TRIES):
        try:
            with transaction.atomic():
                return _claim(claim, teller, now)
        except (Stale, AlreadyTold):
            continue
    raise WalletBusy


def _claim(claim: Claim, teller: Teller, now: datetime) -> Booked:
    receipt = _receipt(claim)
    member = find_member(*claim.member)
    if member is None:
        raise MemberNotFound(pointer="/member")
    if receipt.member_id is not None:
        if receipt.member_id != member.id:
            raise PurchaseOfAnother
        booked = Settlement.objects.get(order_ref=receipt.order_ref, member_id=member.id)
        return Booked(status=200, body=tell_wallet(booked.answer))
    told = take_unclaimed(receipt)
    if told.has_come_back:
        raise PurchaseCameBack
    purchase = Purchase(
        number=told.number,
        source=told.source,
        programme_id=claim.programme_id,
        programme_code=claim.programme_code,
        place_id=claim.place_id,
        place_code=claim.place_code,
        till_id=told.till_id,
        placed_at=told.placed_at,
        told_at=told.placed_at,
        timezone=claim.timezone,
        currency=told.currency,
        lines=msgspec.json.decode(told.lines, type=list[Line]),
        member=claim.member,
        payments=msgspec.json.decode(told.payments, type=list[Payment]),
        fulfilment=told.fulfilment,
        collected_at=told.collected_at,
        earns_nothing=frozenset(told.earns_nothing),
    )
    done = carry_out_under_lock(purchase, teller, receipt.fingerprint, now, ref=receipt.order_ref)
    if told.collected_at is not None:
        mark_collected(receipt.order_ref, member_id=member.id, at=told.collected_at)
    return done


def _receipt(claim: Claim) -> ToldReceipt:
    asked = (claim.place_id, claim.number)
    receipts = lock_receipts(*asked, till_code=claim.till)
    if not receipts:
        # Whoever claimed it while we waited has recorded it anew: it is there at a second look.
        receipts = lock_receipts(*asked, till_code=claim.till)
    if not receipts:
        raise OrderNotFound(f"{claim.place_code} gave no receipt {claim.number}.", pointer="/receipt_number")
    if len(receipts) > 1:
        raise ReceiptAmbiguous("Name the till that is printed on it.", pointer="/till")
    return receipts[0]
