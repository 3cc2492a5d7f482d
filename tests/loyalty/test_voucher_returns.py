"""What came back of a purchase gives back what it used: the use, the gift card's money, the budget."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import given, strategies as st

from loyalty.models import Voucher, VoucherTally, VoucherUse
from loyalty.rules.voucher_returns import UsedBefore, vouchers_back
from loyalty.rules.vouchers import AmountOff, GiftCard
from loyalty.services.verification import verify_ledger
from members.models import Member
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.vouchers import issued, public, series

pytestmark = pytest.mark.django_db

_numbers = count(1)


def bring_back(shop: Shop, order: str, *lines: int) -> Any:
    """One piece of each line, or everything; what was undone."""
    number = next(_numbers)
    body: dict[str, Any] = {"return_number": f"V-{number}"}
    if lines:
        body["lines"] = [{"line": line, "quantity": 1} for line in lines]
    path = f"orders/{order}/{'returns' if lines else 'cancel'}"
    answer = shop.post(path, body, **{"Idempotency-Key": f"voucher-return-{number}"})
    assert answer.status_code == 201, answer.content
    return answer.json()["undone"]


def bought(shop: Shop, *prices: int, **more: Any) -> str:
    return str(shop.commit(basket(*prices, **more)).json()["order"]["ref"])


@pytest.fixture
def member(shop: Shop) -> Member:
    return shop.enrol()


def test_a_discount_comes_back_in_proportion_and_its_use_with_the_last_piece(
    shop: Shop, member: Member
) -> None:
    of = series(shop, AmountOff(minor=600), budget_minor=600)
    code = issued(of, member)
    order = bought(shop, 1_000, 2_000, member=member, voucher_codes=[code])
    first = bring_back(shop, order, 0)
    assert (first["refund_minor"], first["vouchers_back"]) == (800, [])
    assert Voucher.objects.get().uses == 1
    second = bring_back(shop, order, 1)
    assert (second["refund_minor"], second["vouchers_back"]) == (1_600, [code])
    assert Voucher.objects.get().uses == 0
    assert list(VoucherTally.objects.values_list("uses", "given_minor")) == [(0, 0)]
    assert list(VoucherUse.objects.order_by("id").values_list("uses", "amount_minor")) == [
        (1, 600),
        (-1, -600),
    ]
    again = shop.commit(basket(1_000, member=member, voucher_codes=[code]))
    assert again.json()["settlement"]["discount_minor"] == 600
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_a_use_that_is_kept_does_not_come_back(shop: Shop, member: Member) -> None:
    code = issued(series(shop, is_kept_on_return=True), member)
    undone = bring_back(shop, bought(shop, 1_000, member=member, voucher_codes=[code]))
    assert (undone["refund_minor"], undone["vouchers_back"]) == (500, [])
    assert Voucher.objects.get().uses == 1


def test_a_gift_card_gets_back_first_what_it_paid(shop: Shop, member: Member) -> None:
    code = public(series(shop, GiftCard(minor=1_500)))
    order = bought(shop, 1_000, 1_000, 1_000, member=member, voucher_codes=[code])
    undone = [bring_back(shop, order, line) for line in (0, 1, 2)]
    told = [(each["refund_minor"], each["gift_cards_refund_minor"]) for each in undone]
    assert told == [(0, 1_000), (500, 500), (1_000, 0)]
    assert Voucher.objects.get().left_minor == 1_500
    assert Voucher.objects.get().uses == 0
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_a_public_code_that_came_back_can_be_used_by_the_next(shop: Shop, member: Member) -> None:
    code = public(series(shop, uses_in_all=1))
    order = bought(shop, 1_000, member=member, voucher_codes=[code])
    other = basket(1_000, member=shop.enrol(), voucher_codes=[code])
    assert shop.quote(other).json()["settlement"]["discount_minor"] == 0
    bring_back(shop, order)
    assert shop.quote(other).json()["settlement"]["discount_minor"] == 500


@given(
    st.lists(st.integers(1, 500), min_size=1, max_size=3),
    st.lists(st.integers(0, 400), min_size=1, max_size=6),
)
def test_gift_cards_get_back_all_they_paid_and_never_more(paid: list[int], refunds: list[int]) -> None:
    refunds.append(max(sum(paid) - sum(refunds), 0))
    back = [0] * len(paid)
    for number, refund in enumerate(refunds):
        used = [
            UsedBefore(
                id=card,
                code="X",
                shown="X",
                is_gift_card=True,
                amount_minor=minor,
                back_minor=back[card],
                is_kept=False,
            )
            for card, minor in enumerate(paid)
        ]
        given_back = vouchers_back(used, refund, is_whole=number == len(refunds) - 1)
        assert sum(each.amount_minor for each in given_back) <= refund
        for each in given_back:
            back[each.id] += each.amount_minor
    assert back == paid
