"""Many purchases at once: an offline till's evening, a web shop's backlog, a retailer's history.

The same facts, the same `settle` and the same booking as a single commit, for a whole batch: wallets are locked first,
then the purchases are settled in the order in which they were placed, each seeing what the ones before it did.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from config.ground.refusals import Refusal
from loyalty.queries.batches import (
    find_members,
    find_place_kinds,
    find_products,
    find_receipts,
    find_wallet_facts,
    lock_wallets,
)
from loyalty.queries.checkout import KnownReceipt, ProductNow
from loyalty.queries.programmes import get_current_programme
from loyalty.queries.vouchers import lock_vouchers
from loyalty.rules.purchase import Counted, Purchase, climb
from loyalty.rules.tiers import counts_since
from loyalty.services.batch_accounts import Account
from loyalty.services.batch_caps import CapsSoFar
from loyalty.services.booking_rows import Booking
from loyalty.services.bookings import AlreadyTold, Stale, book, signals
from loyalty.services.checkout import Booked, commit_purchase, enrolled, told_before
from loyalty.services.holds import held_for
from loyalty.services.proof import Spending, ensure_proven
from loyalty.services.purchase_checks import (
    ensure_code_fresh,
    ensure_currency,
    ensure_payments,
    ensure_placed,
    known_lines,
)
from loyalty.services.purchase_facts import Teller
from loyalty.services.voucher_bringing import bring_vouchers
from members.errors import MemberNotFound

Outcome = Booked | Refusal
Turn = AbstractContextManager[Any]
"""Taken by those who settle in one process: they would only hold each other up."""


def commit_batch(*, purchases: Sequence[Purchase], teller: Teller, now: datetime) -> list[Outcome]:
    """Book purchases of one programme, each for itself: a refused one leaves the others alone.

    :return: for each purchase, in the order given, what `commit_purchase` would have answered or refused.
    """
    try:
        with signals(), transaction.atomic():
            return _Batch(purchases, teller, now).carry_out()
    except (Stale, AlreadyTold):
        outcomes = {index: _one_by_one(purchases[index], teller, now) for index in _as_placed(purchases)}
        return [outcomes[index] for index in range(len(purchases))]


def import_purchases(
    *, purchases: Sequence[Purchase], teller: Teller, now: datetime, turn: Turn | None = None
) -> list[Outcome]:
    """As `commit_batch`, for history: nothing is announced, and answers are kept without the wallet.

    :param turn: taken while it is settled, and not while the database reads and books it.
    :raises AlreadyTold: somebody told one of these receipts in this very moment; nothing was written, try again.
    :raises Stale: somebody held what was needed and wanted what was held; as above.
    """
    with signals(), transaction.atomic():
        return _Batch(purchases, teller, now, is_history=True).carry_out(turn)


def _as_placed(purchases: Sequence[Purchase]) -> list[int]:
    """Their positions, in the order in which they were placed."""
    return sorted(range(len(purchases)), key=lambda each: purchases[each].placed_at)


def _one_by_one(purchase: Purchase, teller: Teller, now: datetime) -> Outcome:
    try:
        return commit_purchase(purchase=purchase, teller=teller, now=now)
    except Refusal as refusal:
        return refusal


class _Batch:
    """One batch on its way: facts read once, then purchase after purchase."""

    def __init__(
        self, purchases: Sequence[Purchase], teller: Teller, now: datetime, *, is_history: bool = False
    ) -> None:
        self.purchases = purchases
        self.teller = teller
        self.now = now
        self.is_history = is_history
        self.fingerprints = [purchase.fingerprint() for purchase in purchases]
        self.outcomes: list[Outcome | None] = [None] * len(purchases)
        self.waiting: dict[str, tuple[int, int]] = {}
        self.booking = Booking(actor=teller.name, is_history=is_history)

    def carry_out(self, turn: Turn | None = None) -> list[Outcome]:
        if not self.purchases:
            return []
        self._read()
        with turn or nullcontext():
            for index in _as_placed(self.purchases):
                try:
                    self._settle(index)
                except Refusal as refusal:
                    self.outcomes[index] = refusal
        self._flush()
        return [outcome for outcome in self.outcomes if outcome is not None]

    def _read(self) -> None:
        first = self.purchases[0]
        keys = list({purchase.member for purchase in self.purchases if purchase.member is not None})
        members = find_members(keys) if keys else {}
        ids = {member.id for member in members.values() if member.state == "active"}
        if codes := [code for purchase in self.purchases for code in purchase.voucher_codes]:
            lock_vouchers(codes)
        lock_wallets(ids, first.programme_id, now=self.now)
        earliest = min(purchase.placed_at for purchase in self.purchases).date()
        self.programme = get_current_programme(first.programme_id)
        wallets = find_wallet_facts(
            ids,
            first.programme_id,
            since=earliest - timedelta(days=self.programme.longest_window_days + 1),
            asks_labels=self.programme.asks.labels,
        )
        accounts = {
            member.id: Account(
                member=member,
                spendable=wallets[member.id].spendable,
                days=wallets[member.id].days,
                standings=wallets[member.id].standings,
                offers=wallets[member.id].offers,
                is_new=wallets[member.id].version == 0,
                labels=wallets[member.id].labels,
            )
            for member in members.values()
            if member.id in ids
        }
        self.accounts = {key: accounts[member.id] for key, member in members.items() if member.id in ids}
        moments = {each.placed_at for each in self.purchases} if self.programme.capped else ()
        asked = [(at, self.programme.capped_rules_at(at)) for at in moments]
        self.caps = CapsSoFar(self.programme.terms, asked, ids)
        self.place_kinds: dict[int, str] = {}
        if self.programme.asks.channels:
            self.place_kinds = find_place_kinds(purchase.place_id for purchase in self.purchases)
        self.products: dict[str, ProductNow] = find_products(
            first.programme_id, (line.sku for purchase in self.purchases for line in purchase.lines)
        )
        self.receipts: dict[tuple[int, str], list[KnownReceipt]] = find_receipts(
            [
                (purchase.place_id, purchase.till_id, purchase.number, fingerprint)
                for purchase, fingerprint in zip(self.purchases, self.fingerprints, strict=True)
            ]
        )
        self.told_here: dict[tuple[int, str], list[tuple[int | None, str, str]]] = {}

    def _settle(self, index: int) -> None:
        purchase, fingerprint = self.purchases[index], self.fingerprints[index]
        ensure_placed(purchase, self.now)
        if (told := self._told_before(purchase, fingerprint)) is not None:
            self.outcomes[index] = told
            return
        ensure_code_fresh(purchase)
        ensure_currency(purchase, self.programme)
        account = self._account_of(purchase)
        if purchase.draws:
            self._flush()
        ref, points = self._add(purchase, account, fingerprint)
        self.waiting[ref] = (index, points)
        self.told_here.setdefault((purchase.place_id, purchase.number), []).append(
            (purchase.till_id, fingerprint, ref)
        )
        if purchase.draws:
            self._flush()

    def _account_of(self, purchase: Purchase) -> Account | None:
        """
        :raises MemberNotFound: nobody is known by the key that the purchase names.
        """
        if purchase.member is None:
            return None
        if purchase.member not in self.accounts:
            raise MemberNotFound(pointer="/member")
        return self.accounts[purchase.member]

    def _add(self, purchase: Purchase, account: Account | None, fingerprint: str) -> tuple[str, int]:
        """Settle a purchase and lay it beside those that wait: the order's ref, and the points it earns."""
        lines = known_lines(purchase.lines, self.products)
        held = held_for(purchase, account.member.id if account else None, now=self.now)
        shopper = None
        if account is not None:
            used = self.caps.used(account.member.id, purchase.placed_at)
            shopper = account.shopper(self.programme, purchase.placed_at, held, used)
        basket = purchase.basket(lines, place_kind=self.place_kinds.get(purchase.place_id, ""))
        member_id = account.member.id if account else None
        bringing = bring_vouchers(purchase, basket, shopper, member_id=member_id, now=self.now)
        settlement = bringing.settled(self.programme)
        lines = settlement.lines
        ensure_payments(purchase, settlement)
        if account is not None and not purchase.is_proven:
            spending = Spending(
                points=purchase.spend_points,
                member_id=account.member.id,
                held=held,
                caller=self.teller.name,
                place_id=purchase.place_id,
            )
            ensure_proven(spending, self.programme.terms_at(self.now), now=self.now)
        if account is None or shopper is None:
            ref = self.booking.add_unclaimed(purchase, lines, settlement, fingerprint)
            return ref, settlement.points_earned
        change = climb(
            self.programme,
            settlement,
            account.standings,
            self._counted(account, purchase.placed_at),
            member=enrolled(account.member, self.programme),
            placed_at=purchase.placed_at,
            now=self.now,
        )
        self.booking.hold_wallet(account.member.id, purchase.programme_id)
        ref = self.booking.add_purchase(
            purchase,
            lines,
            settlement,
            change,
            member=account.member,
            programme=self.programme,
            tier_code=shopper.tier_code,
            fingerprint=fingerprint,
        )
        account.take_note(settlement, change)
        self.caps.take_note(account.member.id, settlement.awards)
        return ref, settlement.points_earned

    def _counted(self, account: Account, placed_at: datetime) -> tuple[Counted, Counted | None]:
        """What counts at the moment of a purchase, and now, if it still counts."""
        programme, zone = self.programme, self.programme.terms.zone
        on, today = placed_at.astimezone(zone).date(), self.now.astimezone(zone).date()
        since = counts_since(programme.ladder_at(self.now), today, enrolled(account.member, programme))
        by_now = account.counted(programme, self.now, on) if since <= on < today else None
        return account.counted(programme, placed_at, on), by_now

    def _told_before(self, purchase: Purchase, fingerprint: str) -> Booked | None:
        """As for a single commit; what this very batch told before counts too."""
        spot = (purchase.place_id, purchase.number)
        for till_id, other, _ in self.told_here.get(spot, ()):
            if till_id == purchase.till_id or other == fingerprint:
                self._flush()
                break
        for receipt in self.receipts.get(spot, ()):
            if receipt.is_same_till or receipt.fingerprint == fingerprint:
                return told_before(receipt, fingerprint)
        return None

    def _flush(self) -> None:
        """Book what has gathered; answers go to their places."""
        if not self.waiting:
            return
        answers = book(self.booking, now=self.now)
        unclaimed = {row["ref"]: row["answer"] for row in self.booking.unclaimed}
        for ref, (index, points) in self.waiting.items():
            body = answers.get(ref) or unclaimed[ref]
            self.outcomes[index] = Booked(status=201, body=body, points_earned=points)
            purchase = self.purchases[index]
            self.receipts.setdefault((purchase.place_id, purchase.number), []).append(
                KnownReceipt(
                    fingerprint=self.fingerprints[index], is_same_till=True, order_ref=ref, answer=body
                )
            )
        self.waiting = {}
        self.booking = Booking(actor=self.teller.name, is_history=self.is_history)
        self._renew_spendable()

    def _renew_spendable(self) -> None:
        """What was credited a moment ago can be spent by the next purchase of the batch."""
        if not any(purchase.draws for purchase in self.purchases):
            return
        by_id = {account.member.id: account for account in self.accounts.values()}
        wallets = find_wallet_facts(by_id, self.purchases[0].programme_id, since=self.now.date())
        for member_id, wallet in wallets.items():
            by_id[member_id].spendable = wallet.spendable
