"""Vouchers under eight real processes, each with a connection of its own: exact, whoever comes first."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from loyalty.models import Voucher, VoucherTally, VoucherUse
from loyalty.rules.vouchers import AmountOff, GiftCard
from loyalty.services.verification import verify_ledger
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.test_races_of_processes import TILLS, Race, Request, race
from tests.loyalty.vouchers import issued, public, series

__all__ = ["race"]

pytestmark = pytest.mark.django_db(transaction=True)


def test_never_1_one_voucher_at_fifty_tills_is_used_once(open_shop: Callable[..., Shop], race: Race) -> None:
    shop = open_shop()
    member = shop.enrol()
    code = issued(series(shop), member)
    tills: list[list[Request]] = [
        [("checkout/commit", basket(1_000, member=member, voucher_codes=[code])) for _ in range(7)]
        for _ in range(TILLS)
    ]
    answers = race(shop, tills)
    assert {status for status, _ in answers} == {201}
    assert sum(len(body["settlement"]["vouchers_used"]) for _, body in answers) == 1
    assert sum(body["settlement"]["payable_minor"] for _, body in answers) == 56 * 1_000 - 500
    assert VoucherUse.objects.count() == 1
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_never_13_the_last_uses_of_a_public_code_and_its_budget_are_exact(
    open_shop: Callable[..., Shop], race: Race
) -> None:
    shop = open_shop()
    code = public(series(shop, AmountOff(minor=300)), max_uses=10)
    capped = public(series(shop, AmountOff(minor=300), uses_in_all=6, budget_minor=1_650))
    members = [shop.enrol() for _ in range(4)]
    tills: list[list[Request]] = [
        [
            (
                "checkout/commit",
                basket(1_000, member=members[(till + turn) % 4], voucher_codes=[code, capped]),
            )
            for turn in range(4)
        ]
        for till in range(TILLS)
    ]
    answers = race(shop, tills)
    assert {status for status, _ in answers} == {201}
    used = [one["code"] for _, body in answers for one in body["settlement"]["vouchers_used"]]
    assert (used.count(code), used.count(capped)) == (10, 5)
    assert sorted(VoucherTally.objects.values_list("uses", "given_minor")) == [(5, 1_500), (10, 3_000)]
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_a_gift_card_drained_from_two_sides_pays_what_was_in_it(
    open_shop: Callable[..., Shop], race: Race
) -> None:
    shop = open_shop()
    code = public(series(shop, GiftCard(minor=10_000)))
    orders = [
        shop.commit(basket(500, member=shop.enrol(), voucher_codes=[code])).json()["order"]["ref"]
        for _ in range(8)
    ]
    tills: list[list[Request]] = [
        [
            ("checkout/commit", basket(700, member=shop.enrol(), voucher_codes=[code])),
            (f"orders/{orders[till]}/cancel", {"return_number": f"B-{till}"}),
            (f"vouchers/{code}/reserve", {"reference": f"kept-{till}", "amount_minor": 300, "seconds": 10}),
            ("checkout/commit", basket(900, member=shop.enrol(), voucher_codes=[code])),
        ]
        for till in range(TILLS)
    ]
    answers = race(shop, tills)
    assert {status for status, _ in answers} <= {201, 409}
    paid = sum(body["settlement"]["gift_cards_paid_minor"] for _, body in answers if "settlement" in body)
    back = sum(body["undone"]["gift_cards_refund_minor"] for _, body in answers if "undone" in body)
    card = Voucher.objects.get()
    assert back == 8 * 500
    assert card.left_minor == 10_000 - 8 * 500 - paid + back
    assert verify_ledger(now=datetime.now(UTC)) == []
