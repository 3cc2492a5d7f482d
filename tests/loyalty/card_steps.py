"""A gift card in a state machine: it pays for whoever brings it, a part is reserved, and returns fill it again."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from loyalty.models import Voucher
from loyalty.rules.vouchers import GiftCard
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.pencil import PlainMember, PlainOrder
from tests.loyalty.vouchers import normal, public, series

WORTH = 1_500


@dataclass
class PlainReservation:
    """So much of the card for the order of a number, until a moment."""

    ref: str
    minor: int
    until: datetime

    @property
    def is_live(self) -> bool:
        return datetime.now(UTC) < self.until


class CardSteps:
    """`paid_by_card`: ref of a purchase -> what the card paid of it. `reserved`: by the number of the order."""

    shop: Shop
    members: list[Any]
    plain: list[PlainMember]
    tell: Any
    earn: Any
    numbers: Any

    def open_cards(self) -> None:
        self.gift_card = public(series(self.shop, GiftCard(minor=WORTH)))
        self.paid_by_card: dict[str, int] = {}
        self.reserved: dict[str, PlainReservation] = {}

    def left_on_card(self) -> int:
        """What it was worth, less what it paid; of what came back it gets first what it paid."""
        left = WORTH
        for order in (order for plain in self.plain for order in plain.orders):
            paid = self.paid_by_card.get(order.ref, 0)
            back = sum(came * price for came, (_, price) in zip(order.back, order.lines, strict=True))
            left -= paid - min(paid, back)
        return left

    def free_on_card(self, number: str = "") -> int:
        """What is not reserved for the order of another number."""
        others = (one.minor for to, one in self.reserved.items() if to != number and one.is_live)
        return self.left_on_card() - sum(others)

    @rule(minor=st.integers(1, WORTH), seconds=st.sampled_from([60, 86_400, 7 * 86_400]))
    def reserve_of_card(self, minor: int, seconds: int) -> None:
        number = f"C-{next(self.numbers)}"
        told = {"reference": number, "amount_minor": minor, "seconds": seconds}
        answer = self.tell(f"vouchers/{self.gift_card}/reserve", told)
        if minor > self.free_on_card():
            assert answer.status_code == 409
            return
        assert (answer.status_code, answer.json()["amount_minor"]) == (201, minor)
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        self.reserved[number] = PlainReservation(answer.json()["ref"], minor, until)

    @rule(which=st.integers(0, 20))
    def let_card_go(self, which: int) -> None:
        if self.reserved:
            kept = self.reserved[list(self.reserved)[which % len(self.reserved)]]
            answer = self.tell(f"vouchers/{self.gift_card}/release", {"reservation": kept.ref})
            assert answer.json()["state"] == ("released" if kept.is_live else "lapsed")
            self.reserved = {to: one for to, one in self.reserved.items() if one is not kept}

    @rule(
        who=st.integers(0, 1),
        prices=st.lists(st.integers(1, 900), min_size=1, max_size=3),
        which=st.none() | st.integers(0, 20),
    )
    def pay_by_card(self, who: int, prices: list[int], which: int | None) -> None:
        """For the order of a number that some of it is reserved for, or any other."""
        now, plain, number = datetime.now(UTC), self.plain[who], f"P-{next(self.numbers)}"
        if which is not None and self.reserved:
            number = list(self.reserved)[which % len(self.reserved)]
        paid = min(sum(prices), self.free_on_card(number))
        body = basket(
            *prices, member=self.members[who], voucher_codes=[self.gift_card], receipt_number=number
        )
        answer = self.shop.commit(body).json()
        self.reserved.pop(number, None)
        assert answer["settlement"]["gift_cards_paid_minor"] == paid
        assert answer["settlement"]["payable_minor"] == sum(prices) - paid
        lines, ref = [(1, price) for price in prices], answer["order"]["ref"]
        awards, lot = self.earn(who, lines, None, now)
        plain.be_active(now, now=now)
        skus = [f"SKU-{line}" for line in range(len(lines))]
        plain.orders.append(PlainOrder(ref, lines, [0] * len(lines), now, skus, lot, awards))
        self.paid_by_card[ref] = paid

    @invariant()
    def the_card_holds_what_it_did_not_pay(self) -> None:
        if hasattr(self, "gift_card"):
            assert Voucher.objects.get(code=normal(self.gift_card)).left_minor == self.left_on_card()
