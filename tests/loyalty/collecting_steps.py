"""Goods that are collected later, in the state machine of the ledger: their points wait for that."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from loyalty.models import Lot
from tests.loyalty.conftest import Shop
from tests.loyalty.pencil import PlainMember, PlainOrder


class CollectSteps:
    """What members order, and collect, or never do."""

    shop: Shop
    plain: list[PlainMember]
    commit: Any

    @rule(
        who=st.integers(0, 1),
        line=st.tuples(st.integers(1, 4), st.integers(0, 900)),
        is_wine=st.booleans(),
        ago=st.integers(0, 3),
    )
    def order_to_collect(self, who: int, line: tuple[int, int], is_wine: bool, ago: int) -> None:
        at = datetime.now(UTC) - timedelta(days=ago)
        order: PlainOrder = self.commit(
            who, [line], 0 if is_wine else None, at, fulfilment={"kind": "collect"}
        )
        order.let_wait()

    def to_collect(self) -> list[PlainOrder]:
        return [order for plain in self.plain for order in plain.orders if order.is_to_collect]

    @precondition(to_collect)
    @rule(which=st.integers(0, 50))
    def collect(self, which: int) -> None:
        """The goods of one that waits are handed over; told again of one that was, nothing changes."""
        orders = self.to_collect()
        order = orders[which % len(orders)]
        answer = self.shop.post(f"orders/{order.ref}/collected", {})
        if order.is_cancelled and order.collected_at is None:
            assert answer.json()["code"] == "order_not_to_collect"
            return
        assert answer.status_code == 200
        order.be_collected(datetime.now(UTC))
        assert order.collected_at == datetime.fromisoformat(answer.json()["collected_at"])
        lives = Lot.objects.filter(order_ref=order.ref, remaining__gt=0).values_list(
            "available_from", "expires_at"
        )
        assert not lives or (order.lot and [*lives] == [(order.lot.available_from, order.lot.expires_at)])
