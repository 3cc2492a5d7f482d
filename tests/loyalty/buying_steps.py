"""Purchases in the state machine of the ledger: points for wine up to a cap, points and holds that pay, history."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from loyalty.rules.basket import Line
from loyalty.rules.definition import Cap, Multiplier, RuleDefinition, Scope
from loyalty.rules.purchase import Purchase
from loyalty.services.batches import import_purchases
from loyalty.services.purchase_facts import Teller
from omnichannel.models import Order
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.pencil import NEW_YORK, PlainAward, PlainHold, PlainLot, PlainMember, PlainOrder
from tests.loyalty.test_offers import publish

MINE_A_DAY, ALL_A_DAY = 60, 100
"""The most points for wine that a member gets a day, and all of them."""


class BuySteps:
    """What members buy, at the till or long ago."""

    shop: Shop
    members: list[Any]
    plain: list[PlainMember]
    numbers: Any

    def open_wine(self) -> None:
        caps = [Cap(per="member_day", points=MINE_A_DAY), Cap(per="day", points=ALL_A_DAY)]
        effect = Multiplier(percent=300, scope=Scope(categories=["wine"]))
        publish(self.shop, "wine", RuleDefinition(effect=effect, caps=caps))

    def earn(
        self, who: int, lines: list[tuple[int, int]], wine: int | None, at: datetime
    ) -> tuple[list[PlainAward], PlainLot | None]:
        """What a purchase of these lines earns, one of them wine; and the lot that it fills."""
        plain, day = self.plain[who], at.astimezone(NEW_YORK).date()
        basic = sum(quantity * price for quantity, price in lines) // 100 * 10
        awards = [PlainAward(basic, list(range(len(lines))))]
        if wine is not None:
            left = MINE_A_DAY - plain.capped(day), ALL_A_DAY - sum(one.capped(day) for one in self.plain)
            bonus = min(2 * (lines[wine][0] * lines[wine][1] // 100 * 10), *left)
            awards.append(PlainAward(bonus, [wine]))
        return awards, plain.earn(sum(award.points for award in awards), at)

    @rule(
        who=st.integers(0, 1),
        lines=st.lists(st.tuples(st.integers(1, 4), st.integers(0, 900)), min_size=1, max_size=3),
        wine=st.none() | st.integers(0, 2),
        ago=st.integers(0, 40),
    )
    def buy(self, who: int, lines: list[tuple[int, int]], wine: int | None, ago: int) -> None:
        self.commit(who, lines, wine, datetime.now(UTC) - timedelta(days=ago))

    def commit(
        self, who: int, lines: list[tuple[int, int]], wine: int | None, at: datetime, **more: Any
    ) -> PlainOrder:
        """So many pieces at such a price, and `wine` one of them, at the till."""
        body = basket(
            *(price for _, price in lines), member=self.members[who], placed_at=at.isoformat(), **more
        )
        for line, (quantity, _) in zip(body["lines"], lines, strict=True):
            line["quantity"] = quantity
        wine = None if wine is None else wine % len(lines)
        if wine is not None:
            body["lines"][wine]["category"] = "wine"
        answer = self.shop.commit(body)
        assert answer.status_code == 201
        awards, lot = self.earn(who, lines, wine, at)
        assert answer.json()["settlement"]["points_earned"] == sum(award.points for award in awards)
        self.plain[who].be_active(at, now=datetime.now(UTC))
        ref, skus = answer.json()["order"]["ref"], [f"SKU-{line}" for line in range(len(lines))]
        self.plain[who].orders.append(PlainOrder(ref, lines, [0] * len(lines), at, skus, lot, awards))
        return self.plain[who].orders[-1]

    @rule(who=st.integers(0, 1), wanted=st.integers(1, 60))
    def spend(self, who: int, wanted: int) -> None:
        self._pay(who, wanted, None)

    @rule(who=st.integers(0, 1), which=st.integers(0, 50), wanted=st.integers(0, 60))
    def spend_a_hold(self, who: int, which: int, wanted: int) -> None:
        """A purchase names a hold, and spends less of it, all of it, more or nothing."""
        if holds := self.plain[who].holds:
            self._pay(who, wanted, holds[which % len(holds)])

    def _pay(self, who: int, wanted: int, hold: PlainHold | None) -> None:
        now, plain = datetime.now(UTC), self.plain[who]
        body = basket(90, member=self.members[who], spend_points=wanted * 10)
        answer = self.shop.commit(body | ({"hold": hold.ref} if hold else {}))
        is_over = hold is not None and (not hold.is_open or hold.until <= now)
        if is_over:
            assert answer.json()["code"] == "hold_has_ended"
        elif wanted * 10 > plain.spendable(now) + (hold.points if hold else 0):
            assert answer.json()["code"] == "insufficient_points"
        elif wanted > 90:
            assert answer.json()["code"] == "points_exceed_payable"
        else:
            assert answer.status_code == 201
            if hold:
                hold.is_open = False
            ref = answer.json()["order"]["ref"]
            nth, drawn = plain.spend(wanted * 10, now) if wanted else (0, [])
            plain.orders.append(
                PlainOrder(ref, [(1, 90)], [0], now, ["SKU-0"], drawn=drawn, by_points=wanted, nth_spend=nth)
            )
            plain.be_active(now, now=now)

    @rule(
        who=st.integers(0, 1),
        paids=st.lists(st.tuples(st.integers(0, 900), st.booleans()), min_size=1, max_size=4),
        ago=st.integers(0, 40),
    )
    def bring_history(self, who: int, paids: list[tuple[int, bool]], ago: int) -> None:
        now = datetime.now(UTC)
        at = now - timedelta(days=ago)
        purchases = [self._past(who, paid, is_wine, at) for paid, is_wine in paids]
        teller = Teller(key_id=0, name="import")
        for _ in range(2):
            outcomes = import_purchases(purchases=purchases, teller=teller, now=now)
            assert len(outcomes) == len(paids)
        refs = dict(Order.objects.filter(number__startswith="H-").values_list("number", "ref"))
        for purchase, (paid, is_wine) in zip(purchases, paids, strict=True):
            awards, lot = self.earn(who, [(1, paid)], 0 if is_wine else None, at)
            order = PlainOrder(refs[purchase.number], [(1, paid)], [0], at, ["H"], lot, awards)
            self.plain[who].orders.append(order)
            self.plain[who].be_active(at, now=None)

    def _past(self, who: int, paid: int, is_wine: bool, at: datetime) -> Purchase:
        shop, category = self.shop, "wine" if is_wine else ""
        return Purchase(
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
            lines=[Line(sku="H", quantity=1, unit_price_minor=paid, category=category)],
            member=("ref", self.members[who].ref),
        )
