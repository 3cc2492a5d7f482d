"""Quote and commit: read, settle, and for a commit book. Both settle by one pure rule: what is shown is booked."""

from datetime import datetime

import msgspec
from django.db import transaction

from config.ground.api.idempotency import IdempotencyKeyReused
from loyalty.errors import ReceiptContentDiffers, ReceiptOfAnotherTill, WalletBusy
from loyalty.queries.batches import lock_wallets
from loyalty.queries.caps import lock_uses
from loyalty.queries.checkout import (
    KnownReceipt,
    MemberNow,
    PurchaseFacts,
)
from loyalty.queries.pools import lock_pool
from loyalty.queries.programmes import find_compiled
from loyalty.queries.vouchers import lock_shared_vouchers, lock_vouchers
from loyalty.queries.wallets import tell_wallet
from loyalty.rules.basket import Shopper
from loyalty.rules.compile import Programme
from loyalty.rules.meeting import shared_counters
from loyalty.rules.purchase import Purchase, climb
from loyalty.rules.settle import Settlement
from loyalty.rules.tiers import Enrolled
from loyalty.rules.voucher_answers import VouchersOffered
from loyalty.services.booking_rows import Booking
from loyalty.services.bookings import AlreadyTold, Stale, book
from loyalty.services.proof import Spending, ensure_proven, needs_proof
from loyalty.services.purchase_checks import (
    ensure_payments,
    ensure_placed,
    known_lines,
)
from loyalty.services.purchase_facts import Teller, programme_of, read_facts, shopper_of
from loyalty.services.voucher_bringing import Bringing, bring_vouchers

TRIES = 3
"""A purchase settles anew when its wallet changed between reading and booking; so often before it locks the wallet
first, and so often again before it gives up."""


class Booked(msgspec.Struct, frozen=True, kw_only=True):
    """An answer to a commit: JSON text and its status. `is_replay`: it was kept under the same idempotency key.

    :ivar points_earned: by this very telling; 0 for one that was told before.
    """

    status: int
    body: str
    is_replay: bool = False
    points_earned: int = 0


class Quoted(msgspec.Struct, frozen=True, kw_only=True):
    """A settlement that was not booked, with what it was settled for.

    :ivar needs_proof: the member has to prove that it is them before it can be.
    :ivar vouchers: the best legal combination, None where there are none.
    """

    settlement: Settlement
    programme: Programme
    member: MemberNow | None
    spendable: int
    needs_proof: bool
    vouchers: VouchersOffered | None


def quote_purchase(*, purchase: Purchase, teller: Teller, now: datetime) -> Quoted:
    """Settle a purchase without writing anything, at its `placed_at`, be it past or future.

    :raises CardCodeNotValid: the rotating code that names the member is over.
    :raises MemberNotFound: nobody is known by this key.
    :raises HoldNotFound: the member has no such hold. :raises HoldHasEnded: it counts no more.
    :raises Refusal: as `settle`, and for a wrong currency or a programme without terms.
    """
    facts = read_facts(purchase, teller, purchase.fingerprint(), now)
    programme = programme_of(purchase, facts)
    bringing = _bring(purchase, facts, programme, asks_own=facts.holds_vouchers, now=now)
    shopper = bringing.shopper
    return Quoted(
        settlement=bringing.settled(programme),
        vouchers=bringing.offered(programme),
        programme=programme,
        member=facts.member,
        spendable=shopper.spendable if shopper else 0,
        needs_proof=facts.member is not None
        and not purchase.is_proven
        and needs_proof(_spending(purchase, facts.member, shopper, teller), programme.terms_at(now), now=now),
    )


def commit_purchase(*, purchase: Purchase, teller: Teller, now: datetime) -> Booked:
    """Book a purchase once.

    201 for a new order; 200 with the first answer for a receipt that is known already; the kept answer for an
    idempotency key that was used for this very purchase.

    :raises IdempotencyKeyReused: the key was used for another purchase.
    :raises ReceiptContentDiffers: the receipt number stands for another purchase.
    :raises ReceiptOfAnotherTill: another till of the place told this very purchase.
    :raises CardCodeNotValid: the rotating code that names the member is over, and this was not told in its time.
    :raises MemberNotFound: nobody is known by this key.
    :raises ProofNeeded: so many points ask for more than a name.
    :raises WalletBusy: others changed the wallet at each of several tries; nothing was written.
    :raises HoldNotFound: the member has no such hold. :raises HoldHasEnded: it counts no more.
    :raises Refusal: as `settle`, and for a wrong currency, a moment in the future, or payments that do not add up.
    """
    ensure_placed(purchase, now)
    fingerprint = purchase.fingerprint()
    for _ in range(TRIES):
        try:
            facts = read_facts(purchase, teller, fingerprint, now)
            return _carry_out(purchase, facts, teller, fingerprint, now)
        except (Stale, AlreadyTold):
            continue
    for _ in range(TRIES):
        try:
            return carry_out_under_lock(purchase, teller, fingerprint, now)
        except (Stale, AlreadyTold):
            continue
    raise WalletBusy


def _carry_out(
    purchase: Purchase,
    facts: PurchaseFacts,
    teller: Teller,
    fingerprint: str,
    now: datetime,
    *,
    ref: str | None = None,
) -> Booked:
    """Answer what was told before; settle and book what is new."""
    if facts.kept is not None:
        if facts.kept.fingerprint != purchase.fingerprint_here():
            raise IdempotencyKeyReused
        return Booked(status=facts.kept.status, body=tell_wallet(facts.kept.body), is_replay=True)
    if facts.receipt is not None:
        return told_before(facts.receipt, fingerprint)
    return _settle_and_book(purchase, facts, teller, fingerprint, now, ref=ref)


def carry_out_under_lock(
    purchase: Purchase, teller: Teller, fingerprint: str, now: datetime, *, ref: str | None = None
) -> Booked:
    """For a wallet that others change at every try: lock it before reading, so that nothing read can change.

    So are the counters of capped rules, at which many tills may come near a cap at once.

    :param ref: the purchase was paid and told before, by this ref; only now a member is put to it.
    :raises Stale, AlreadyTold: try again. :raises Refusal: as `commit_purchase`.
    """
    with transaction.atomic():
        facts = read_facts(purchase, teller, fingerprint, now)
        if purchase.voucher_codes:
            lock_vouchers(purchase.voucher_codes)
        if facts.member is not None:
            if purchase.spend_points or purchase.hold is not None:
                lock_pool(facts.member.id, purchase.programme_id, hold=purchase.hold)
            lock_wallets([facts.member.id], purchase.programme_id, now=now)
            programme = find_compiled(purchase.programme_id)
            if programme is not None:
                day = purchase.placed_at.astimezone(purchase.zone).date()
                capped = programme.capped_rules_at(purchase.placed_at)
                lock_uses(purchase.programme_id, shared_counters(capped, day))
        if purchase.voucher_codes:
            lock_shared_vouchers(purchase.voucher_codes)
        facts = read_facts(purchase, teller, fingerprint, now)
        return _carry_out(purchase, facts, teller, fingerprint, now, ref=ref)


def _settle_and_book(
    purchase: Purchase,
    facts: PurchaseFacts,
    teller: Teller,
    fingerprint: str,
    now: datetime,
    *,
    ref: str | None,
) -> Booked:
    programme = programme_of(purchase, facts)
    bringing = _bring(purchase, facts, programme, now=now)
    shopper, settlement = bringing.shopper, bringing.settled(programme)
    lines = settlement.lines
    if ref is None:
        ensure_payments(purchase, settlement)
    unproven = None
    if facts.member is not None and not purchase.is_proven:
        spending = _spending(purchase, facts.member, shopper, teller)
        unproven = ensure_proven(spending, programme.terms_at(now), now=now)

    booking = Booking(actor=teller.name)
    if facts.member is None or shopper is None:
        ref = booking.add_unclaimed(purchase, lines, settlement, fingerprint)
    else:
        counted, who = (facts.counted, facts.counted_now), enrolled(facts.member, programme)
        when = {"placed_at": purchase.placed_at, "now": now}
        change = climb(programme, settlement, facts.standings, counted, member=who, **when)
        booking.rely_on(
            facts.wallet,
            facts.member.id,
            purchase.programme_id,
            settlement,
            change,
            is_first=shopper.is_new and (programme.asks.first_purchase or bool(settlement.vouchers)),
        )
        booking.unproven += [unproven] if unproven else []
        booking.is_pooled = shopper.drawable > 0
        ref = booking.add_purchase(
            purchase,
            lines,
            settlement,
            change,
            member=facts.member,
            programme=programme,
            tier_code=shopper.tier_code,
            fingerprint=fingerprint,
            ref=ref,
        )
    if teller.idempotency_key is not None:
        booking.remember(
            caller=teller.name, key=teller.idempotency_key, fingerprint=purchase.fingerprint_here()
        )
    answers = book(booking, now=now)
    return Booked(status=201, body=answers[ref] if ref in answers else booking.unclaimed[0]["answer"])


def _spending(purchase: Purchase, member: MemberNow, shopper: Shopper | None, teller: Teller) -> Spending:
    return Spending(
        points=purchase.spend_points,
        member_id=member.id,
        held=shopper.held if shopper else 0,
        caller=teller.name,
        place_id=purchase.place_id,
    )


def read_for_vouchers(purchase: Purchase, teller: Teller, *, now: datetime) -> tuple[Programme, Bringing]:
    """A purchase that may become one, with the vouchers that are told; nothing is settled yet.

    :raises Refusal: as `quote_purchase`, before it settles.
    """
    facts = read_facts(purchase, teller, purchase.fingerprint(), now)
    programme = programme_of(purchase, facts)
    return programme, _bring(purchase, facts, programme, now=now)


def _bring(
    purchase: Purchase, facts: PurchaseFacts, programme: Programme, *, asks_own: bool = False, now: datetime
) -> Bringing:
    lines = known_lines(purchase.lines, {product.sku: product for product in facts.products})
    return bring_vouchers(
        purchase,
        purchase.basket(lines, place_kind=facts.place_kind),
        shopper_of(purchase, facts, programme, now),
        member_id=facts.member.id if facts.member else None,
        asks_own=asks_own,
        now=now,
    )


def enrolled(member: MemberNow, programme: Programme) -> Enrolled:
    """Where and since when the member's days count."""
    zone = programme.terms.zone
    return Enrolled(zone, member.enrolled_at.astimezone(zone).date())


def told_before(receipt: KnownReceipt, fingerprint: str) -> Booked:
    """The first answer to a purchase whose receipt is known.

    :raises ReceiptContentDiffers: the number stands for another purchase.
    :raises ReceiptOfAnotherTill: another till of the place told this very purchase.
    """
    if receipt.fingerprint != fingerprint:
        raise ReceiptContentDiffers(
            "This receipt number was booked before with other lines, member or moment; "
            "number each purchase anew.",
            pointer="/receipt_number",
            order_ref=receipt.order_ref,
        )
    if not receipt.is_same_till:
        raise ReceiptOfAnotherTill(
            "Another till of this place has booked this very purchase.",
            pointer="/receipt_number",
            order_ref=receipt.order_ref,
        )
    return Booked(status=200, body=tell_wallet(receipt.answer) if receipt.answer else "{}")
