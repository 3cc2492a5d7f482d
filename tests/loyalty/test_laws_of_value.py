"""What points are worth against a plain model, in any order: tiers, benefits, seats, vouchers, gift cards, play."""

from typing import Any

import pytest

from tests.loyalty.card_steps import CardSteps
from tests.loyalty.guest_steps import GuestSteps
from tests.loyalty.machine import Machine, run


class ValueMachine(CardSteps, GuestSteps, Machine):
    """The machine of the ledger, whose members have benefits and gift cards too.

    It begins with two silver members who have points to spend, and one seat for both.
    """

    def open_more(self) -> None:
        self.open_benefits()
        self.open_cards()
        for who in (0, 1):
            self.buy_much(who, 10_000)
        self.let_time_pass(3, 0)
        self.open_evening(5 * 24, 1)


@pytest.mark.django_db
def test_what_points_are_worth_agrees_with_pencil_and_paper(open_shop: Any) -> None:
    run(ValueMachine, open_shop, examples=25, steps=30)
