"""The ledger against a plain model: earn, spend, return, expire, import and move the clock in any order."""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from loyalty.models import Wallet
from loyalty.queries.wallets import get_wallet
from loyalty.rules.basket import Line
from loyalty.rules.purchase import Purchase
from loyalty.services.batches import import_purchases
from loyalty.services.checkout import Teller
from loyalty.services.expiry import book_expired_lots
from loyalty.services.verification import verify_ledger
from members.models import Member
from tests.loyalty.conftest import Shop, basket

NEW_YORK = ZoneInfo("America/New_York")
EXPIRY_DAYS = 30
MATURITY_DAYS = 2


@dataclass
class PlainLot:
    left: int
    available_from: datetime
    expires_at: datetime


@dataclass
class PlainOrder:
    """A purchase: of each line how many and what one cost, and how many came back."""

    ref: str
    lines: list[tuple[int, int]]
    back: list[int]
    lot: PlainLot | None = None
    earned: int = 0
    taken: int = 0
    ran_out: int = 0
    drawn: list[tuple[PlainLot, int]] = field(default_factory=list)

    def left(self) -> list[int]:
        return [quantity - came for (quantity, _), came in zip(self.lines, self.back, strict=True)]

    def due(self) -> int:
        """What should have been taken back by now, in all."""
        paid = sum(quantity * price for quantity, price in self.lines)
        back = sum(came * price for came, (_, price) in zip(self.back, self.lines, strict=True))
        return self.earned * back // paid if paid else 0


@dataclass
class PlainMember:
    """What anybody with pencil and paper would keep."""

    lots: list[PlainLot] = field(default_factory=list)
    orders: list[PlainOrder] = field(default_factory=list)
    issued: int = 0
    spent: int = 0
    taken: int = 0

    def live(self, now: datetime) -> list[PlainLot]:
        return [lot for lot in self.lots if lot.left and lot.expires_at > now]

    def spendable(self, now: datetime) -> int:
        return sum(lot.left for lot in self.live(now) if lot.available_from <= now)

    def pending(self, now: datetime) -> int:
        return sum(lot.left for lot in self.live(now) if lot.available_from > now)

    def expired(self, now: datetime) -> int:
        return sum(lot.left for lot in self.lots if lot.expires_at <= now)

    def earn(self, points: int, at: datetime) -> PlainLot | None:
        if not points:
            return None
        day = at.astimezone(NEW_YORK).replace(hour=0, minute=0, second=0, microsecond=0)
        self.issued += points
        lot = PlainLot(points, day + timedelta(days=MATURITY_DAYS + 1), day + timedelta(days=EXPIRY_DAYS + 1))
        self.lots.append(lot)
        return lot

    def draw(self, points: int, now: datetime) -> list[tuple[PlainLot, int]]:
        """From what expires first; as many as there are."""
        drawn = []
        for lot in sorted(self.live(now), key=lambda lot: lot.expires_at):
            if lot.available_from <= now and points:
                drawn.append((lot, min(lot.left, points)))
                lot.left -= drawn[-1][1]
                points -= drawn[-1][1]
        return drawn

    def take_back(self, order: PlainOrder, now: datetime) -> None:
        """What the order spent goes back; then what is due is taken: its own lot, what ran out, the others."""
        for lot, points in order.drawn if not any(order.left()) else []:
            lot.left += points
            self.spent -= points
        due = order.due() - order.taken - order.ran_out
        taken = 0
        if order.lot and order.lot.expires_at > now:
            taken = min(order.lot.left, due)
            order.lot.left -= taken
        elif order.lot:
            gone = min(order.lot.left - order.ran_out, due)
            order.ran_out += gone
            due -= gone
        taken += sum(points for _, points in self.draw(due - taken, now))
        order.taken += taken
        self.taken += taken


class LedgerMachine(RuleBasedStateMachine):
    """Two members in one shop. Every step is compared with the plain model."""

    open_shop: Any

    @initialize()
    def open(self) -> None:
        self.clock = time_machine.travel(datetime(2026, 2, 20, 17, tzinfo=UTC), tick=False)
        self.now = self.clock.start()
        self.shop: Shop = self.open_shop(expiry_days=EXPIRY_DAYS, maturity_days=MATURITY_DAYS)
        self.members: list[Member] = [self.shop.enrol(), self.shop.enrol()]
        self.plain = [PlainMember(), PlainMember()]
        self.numbers = itertools.count(1)

    def teardown(self) -> None:
        if hasattr(self, "clock"):
            self.clock.stop()

    @rule(
        who=st.integers(0, 1),
        lines=st.lists(st.tuples(st.integers(1, 4), st.integers(0, 900)), min_size=1, max_size=3),
        ago=st.integers(0, 40),
    )
    def buy(self, who: int, lines: list[tuple[int, int]], ago: int) -> None:
        at = datetime.now(UTC) - timedelta(days=ago)
        body = basket(*(price for _, price in lines), member=self.members[who], placed_at=at.isoformat())
        for line, (quantity, _) in zip(body["lines"], lines, strict=True):
            line["quantity"] = quantity
        answer = self.shop.commit(body)
        assert answer.status_code == 201
        earned = sum(quantity * price for quantity, price in lines) // 100 * 10
        lot = self.plain[who].earn(earned, at)
        ref = answer.json()["order"]["ref"]
        self.plain[who].orders.append(PlainOrder(ref, lines, [0] * len(lines), lot, earned))

    @rule(who=st.integers(0, 1), wanted=st.integers(1, 60))
    def spend(self, who: int, wanted: int) -> None:
        now = datetime.now(UTC)
        plain = self.plain[who]
        answer = self.shop.commit(basket(90, member=self.members[who], spend_points=wanted * 10))
        if wanted * 10 > plain.spendable(now):
            assert answer.json()["code"] == "insufficient_points"
        elif wanted > 90:
            assert answer.json()["code"] == "points_exceed_payable"
        else:
            assert answer.status_code == 201
            ref = answer.json()["order"]["ref"]
            plain.orders.append(PlainOrder(ref, [(1, 90)], [0], drawn=plain.draw(wanted * 10, now)))
            plain.spent += wanted * 10

    @rule(who=st.integers(0, 1), which=st.integers(0, 50), whole=st.booleans(), data=st.data())
    def bring_back(self, who: int, which: int, whole: bool, data: st.DataObject) -> None:
        orders = [order for order in self.plain[who].orders if any(order.left())]
        if not orders:
            return
        order = orders[which % len(orders)]
        coming = order.left() if whole else [data.draw(st.integers(0, left)) for left in order.left()]
        if not any(coming):
            return
        body = {
            "return_number": f"B-{next(self.numbers)}",
            "lines": [{"line": line, "quantity": came} for line, came in enumerate(coming) if came],
        }
        key = {"Idempotency-Key": f"back-{next(self.numbers)}"}
        assert self.shop.post(f"orders/{order.ref}/returns", body, **key).status_code == 201
        order.back = [came + more for came, more in zip(order.back, coming, strict=True)]
        self.plain[who].take_back(order, datetime.now(UTC))

    @rule(
        who=st.integers(0, 1),
        paids=st.lists(st.integers(0, 900), min_size=1, max_size=4),
        ago=st.integers(0, 40),
    )
    def bring_history(self, who: int, paids: list[int], ago: int) -> None:
        now = datetime.now(UTC)
        at = now - timedelta(days=ago)
        shop = self.shop
        purchases = [
            Purchase(
                number=f"H-{next(self.numbers)}",
                source="import",
                programme_id=shop.programme.pk,
                programme_code=shop.programme.code,
                place_id=shop.place.pk,
                place_code=shop.place.code,
                till_id=None,
                placed_at=at,
                told_at=at,
                timezone=shop.programme.timezone,
                currency="USD",
                lines=[Line(sku="H", quantity=1, unit_price_minor=paid)],
                member=("ref", self.members[who].ref),
            )
            for paid in paids
        ]
        teller = Teller(key_id=0, name="import")
        for _ in range(2):
            outcomes = import_purchases(purchases=purchases, teller=teller, now=now)
            assert len(outcomes) == len(paids)
        for paid in paids:
            self.plain[who].earn(paid // 100 * 10, at)

    @rule(days=st.integers(1, 20), hours=st.integers(0, 23))
    def let_time_pass(self, days: int, hours: int) -> None:
        self.now.shift(timedelta(days=days, hours=hours))

    @rule()
    def book_expiry(self) -> None:
        now = datetime.now(UTC)
        book_expired_lots(until=now, now=now)

    @invariant()
    def it_balances(self) -> None:
        if not hasattr(self, "members"):
            return
        now = datetime.now(UTC)
        for member, plain in zip(self.members, self.plain, strict=True):
            wallet = get_wallet(member.pk, self.shop.programme.pk, now=now)
            assert (wallet.spendable, wallet.pending) == (plain.spendable(now), plain.pending(now))
            assert wallet.balance == wallet.spendable + wallet.pending
            assert plain.issued == wallet.balance + plain.spent + plain.expired(now) + plain.taken
        assert verify_ledger(now=now) == []
        assert Wallet.objects.count() <= 2


@pytest.mark.django_db
def test_the_ledger_agrees_with_pencil_and_paper(open_shop: Any) -> None:
    """issued = spendable + pending + spent + expired + taken back, at every step."""
    from django.db import transaction

    class Machine(LedgerMachine):
        def __init__(self) -> None:
            super().__init__()
            self.atomic = transaction.atomic()
            self.atomic.__enter__()

        def teardown(self) -> None:
            super().teardown()
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    Machine.open_shop = staticmethod(open_shop)
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
