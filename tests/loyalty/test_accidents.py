"""Accidents of other systems that take a whole story to tell."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from loyalty.models import Lot, Wallet
from loyalty.services.verification import verify_ledger
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.test_holds import tell

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("policy", ["clamp", "debt"])
def test_never_5_buying_and_returning_over_and_over_leaves_nothing(
    open_shop: Callable[..., Shop], policy: str
) -> None:
    """Bought, earned, paid with the points, both brought back, again and again: no point and no penny is gained."""
    shop = open_shop(when_spent=policy)
    member = shop.enrol()
    shop.commit(basket(1_000, member=member))
    for turn in range(3):
        big = shop.commit(basket(3_000, member=member)).json()
        paid = shop.commit(basket(90, member=member, spend_points=400)).json()
        assert paid["settlement"]["payable_minor"] == 50
        refunds = [
            tell(shop, f"orders/{order}/cancel", {"return_number": f"B-{turn}"}).json()["undone"]
            for order in (paid["order"]["ref"], big["order"]["ref"])
        ]
        assert [each["refund_minor"] for each in refunds] == [50, 3_000]
        assert [each["points_given_back"] for each in refunds] == [400, 0]
        wallet = Wallet.objects.get(member=member)
        assert (wallet.spendable, wallet.debt) == (100, 0)
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_never_7_what_is_spent_is_drawn_from_lots_and_can_be_spent_no_more(shop: Shop) -> None:
    member = shop.enrol()
    for _ in range(3):
        shop.commit(basket(300, member=member))
    answers = [shop.commit(basket(90, member=member, spend_points=40)).status_code for _ in range(4)]
    assert answers == [201, 201, 409, 409]
    assert sum(Lot.objects.filter(member=member).values_list("remaining", flat=True)) == 10


@pytest.mark.parametrize(
    ("wanted", "paid_minor", "payable_minor"), [(10, 1, 1_233), (230, 23, 1_211), (12_340, 1_234, 0)]
)
def test_never_9_the_cashier_chooses_how_many_points_pay_a_bill_with_pennies(
    shop: Shop, wanted: int, paid_minor: int, payable_minor: int
) -> None:
    member = shop.enrol()
    shop.commit(basket(200_000, member=member))
    body = basket(1_234, member=member, spend_points=wanted)
    assert shop.quote(body).json()["spendable_points"] == 12_340
    settled = shop.commit(body).json()["settlement"]
    assert (settled["points_paid_minor"], settled["payable_minor"]) == (paid_minor, payable_minor)
