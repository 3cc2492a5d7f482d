"""Vouchers at the till: settled like rules, booked with the purchase, and never twice."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from loyalty.models import Voucher, VoucherTally, VoucherUse
from loyalty.rules.conditions import Spends, TierIs
from loyalty.rules.scope import Scope
from loyalty.rules.vouchers import (
    AmountOff,
    FreeShipping,
    GiftCard,
    PercentOff,
    ProductFor,
    Stacking,
)
from loyalty.services.verification import verify_ledger
from loyalty.services.vouchers import revoke_series, revoke_vouchers
from omnichannel.models import Order, OrderLine, UnclaimedOrder
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.test_batches import send
from tests.loyalty.vouchers import issued, normal, public, series, unbound

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 3, 17, tzinfo=UTC)


def used(answer: Any) -> list[tuple[str, int]]:
    """Codes that were used, and what each took off."""
    return [(one["code"], one["discount_minor"]) for one in answer.json()["settlement"]["vouchers_used"]]


def why_not(answer: Any) -> list[str]:
    """Codes of reasons for vouchers that were not used."""
    left_out = answer.json()["settlement"]["not_applied"]
    return [one["code"] for one in left_out if one["what"].startswith("voucher ")]


def words(answer: Any) -> str:
    return str(answer.json()["settlement"]["not_applied"][0]["because"])


def test_a_voucher_is_taken_off_before_points_and_rules_count(shop: Shop) -> None:
    member = shop.enrol()
    shop.commit(basket(10_000, member=member))
    code = issued(series(shop, AmountOff(minor=500), name="Five off"), member)
    body = basket(1_000, 2_000, member=member, voucher_codes=[code], spend_points=500)
    quoted, booked = shop.quote(body), shop.commit(body)
    settlement = booked.json()["settlement"]
    assert quoted.json()["settlement"] == settlement
    assert settlement["discount_minor"] == 500
    assert settlement["points_paid_minor"] == 50
    assert settlement["payable_minor"] == 2_450
    assert settlement["points_earned"] == 240
    assert settlement["vouchers_used"] == [
        {
            "code": code,
            "series": settlement["vouchers_used"][0]["series"],
            "title": "Five off",
            "kind": "amount",
            "discount_minor": 500,
            "paid_minor": 0,
            "left_minor": None,
            "because": "Five off: 5.00 USD off",
            "lines": [0, 1],
        }
    ]
    lines = OrderLine.objects.filter(order__ref=booked.json()["order"]["ref"]).order_by("position")
    assert [(line.discount_minor, line.paid_minor) for line in lines] == [(167, 816), (333, 1_634)]
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_never_1_a_voucher_works_once_and_the_second_time_it_says_where_it_was_used(
    open_shop: Callable[..., Shop],
) -> None:
    with time_machine.travel(START, tick=False):
        shop = open_shop()
        member = shop.enrol()
        code = issued(series(shop), member)
        assert used(shop.commit(basket(1_000, member=member, voucher_codes=[code]))) == [(code, 500)]
        for ask in (shop.quote, shop.commit):
            again = ask(basket(1_000, member=member, voucher_codes=[code.lower()]))
            assert used(again) == []
            assert again.json()["settlement"]["payable_minor"] == 1_000
            assert "It was used on 3 March 2026 at Main street." in words(again)
    assert VoucherUse.objects.count() == 1
    assert Order.objects.count() == 2


def test_payments_that_count_on_a_used_voucher_are_refused_with_its_words(shop: Shop) -> None:
    code = public(series(shop), max_uses=1)
    paying = {"payments": [{"kind": "card", "amount_minor": 500}], "voucher_codes": [code]}
    assert shop.commit(basket(1_000, **paying)).status_code == 201
    refused = shop.commit(basket(1_000, **paying))
    assert (refused.status_code, refused.json()["code"]) == (422, "payments_do_not_add_up")
    assert "It was used on" in refused.json()["detail"]
    assert UnclaimedOrder.objects.count() == 1


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("7K3M-PQ8T-X4DQ", "voucher_unknown"),
        ("7K3M-PQ8T-X4DW", "voucher_mistyped"),
        ("NOPE", "voucher_unknown"),
    ],
)
def test_a_slip_of_the_fingers_is_told_from_an_unknown_code(shop: Shop, typed: str, code: str) -> None:
    assert why_not(shop.quote(basket(1_000, voucher_codes=[typed]))) == [code]


def test_a_personal_voucher_is_of_one_member_and_of_one_programme(
    shop: Shop, open_shop: Callable[..., Shop]
) -> None:
    code = issued(series(shop), shop.enrol())
    assert why_not(shop.quote(basket(1_000, member=shop.enrol(), voucher_codes=[code]))) == [
        "voucher_of_another"
    ]
    assert why_not(shop.quote(basket(1_000, voucher_codes=[code]))) == ["voucher_personal"]
    assert why_not(open_shop().quote(basket(1_000, voucher_codes=[code]))) == ["voucher_unknown"]


def test_never_11_a_voucher_is_over_at_its_own_midnight_by_the_moment_of_the_purchase(
    open_shop: Callable[..., Shop],
) -> None:
    with time_machine.travel(START, tick=False) as clock:
        shop = open_shop()
        member = shop.enrol()
        code = issued(series(shop, valid_days=1), member)
        clock.move_to(datetime(2026, 3, 5, 5, tzinfo=UTC))
        last = datetime(2026, 3, 5, 4, 59, 59, tzinfo=UTC)
        body = basket(1_000, member=member, voucher_codes=[code])
        late = shop.quote(body)
        assert why_not(late) == ["voucher_expired"]
        assert "It was valid until 4 March 2026." in words(late)
        assert used(shop.commit(body | {"placed_at": last.isoformat()})) == [(code, 500)]


def test_a_revoked_voucher_or_series_works_no_more(shop: Shop) -> None:
    of = series(shop)
    first, second = public(of), public(of)
    now = datetime.now(UTC)
    assert (
        revoke_vouchers([Voucher.objects.get(code=normal(first)).pk], because="stolen", by="t", now=now) == 1
    )
    answer = shop.quote(basket(1_000, voucher_codes=[first, second]))
    assert (why_not(answer), used(answer)) == (["voucher_revoked"], [(second, 500)])
    revoke_series(of, because="a mistake", by="t", now=now)
    assert why_not(shop.quote(basket(1_000, voucher_codes=[second]))) == ["voucher_revoked"]


def test_conditions_are_those_of_rules_and_say_what_is_missing(shop: Shop) -> None:
    of = series(shop, conditions=[Spends(minimum_minor=5_000), TierIs(tiers=["gold"])])
    code = public(of)
    member = shop.enrol()
    answer = shop.quote(basket(4_000, member=member, voucher_codes=[code]))
    assert why_not(answer) == ["spend_more"]
    assert answer.json()["settlement"]["not_applied"][0]["missing"] == 1_000
    assert why_not(shop.quote(basket(5_000, member=member, voucher_codes=[code]))) == ["tier"]
    shop.commit(basket(60_000, member=member))
    assert used(shop.quote(basket(5_000, member=member, voucher_codes=[code]))) == [(code, 500)]


def test_never_12_uses_are_counted_with_or_without_a_limit(shop: Shop) -> None:
    free, twice = series(shop), series(shop, uses_in_all=2)
    for of in (free, twice):
        code = public(of)
        for _ in range(2):
            assert used(shop.commit(basket(1_000, voucher_codes=[code]))) == [(code, 500)]
    assert why_not(shop.commit(basket(1_000, voucher_codes=[code]))) == ["voucher_used"]
    assert list(VoucherTally.objects.values_list("uses", "given_minor")) == [(2, 1_000), (2, 1_000)]


def test_one_member_uses_a_public_code_as_often_as_one_member_may(shop: Shop) -> None:
    code, member = public(series(shop, uses_per_member=1)), shop.enrol()
    assert why_not(shop.quote(basket(1_000, voucher_codes=[code]))) == ["voucher_personal"]
    assert used(shop.commit(basket(1_000, member=member, voucher_codes=[code])))
    assert why_not(shop.commit(basket(1_000, member=member, voucher_codes=[code]))) == ["voucher_used"]
    assert used(shop.commit(basket(1_000, member=shop.enrol(), voucher_codes=[code])))


def test_never_13_no_order_takes_more_than_is_left_of_a_budget(shop: Shop) -> None:
    code = public(series(shop, AmountOff(minor=400), budget_minor=1_000))
    assert [bool(used(shop.commit(basket(1_000, voucher_codes=[code])))) for _ in range(3)] == [
        True,
        True,
        False,
    ]
    refused = shop.quote(basket(1_000, voucher_codes=[code]))
    assert why_not(refused) == ["budget_spent"]
    assert "2.00 USD is left" in words(refused)
    assert used(shop.commit(basket(150, voucher_codes=[code]))) == [(code, 150)]
    assert VoucherTally.objects.get().given_minor == 950


def test_a_gift_card_pays_after_points_until_it_is_empty_and_earns_like_money(shop: Shop) -> None:
    member = shop.enrol()
    shop.commit(basket(10_000, member=member))
    code = public(series(shop, GiftCard(minor=3_000)))
    first = shop.commit(
        basket(
            2_000,
            member=member,
            voucher_codes=[code],
            spend_points=1_000,
            payments=[],
        )
    ).json()["settlement"]
    assert (first["discount_minor"], first["gift_cards_paid_minor"], first["payable_minor"]) == (0, 1_900, 0)
    assert first["points_earned"] == 190
    assert first["vouchers_used"][0]["left_minor"] == 1_100
    body = basket(2_000, voucher_codes=[code], payments=[{"kind": "card", "amount_minor": 900}])
    second = shop.commit(body).json()["settlement"]
    assert (second["gift_cards_paid_minor"], second["payable_minor"]) == (1_100, 900)
    assert why_not(shop.quote(basket(500, voucher_codes=[code]))) == ["gift_card_empty"]
    assert Voucher.objects.get().left_minor == 0


@pytest.mark.parametrize(
    ("gives", "takes_off"),
    [
        (PercentOff(percent=10, scope=Scope(categories=["groceries"])), 300),
        (ProductFor(scope=Scope(skus=["SKU-1"])), 2_000),
        (FreeShipping(), 0),
    ],
)
def test_each_kind_is_taken_off_what_it_is_about(shop: Shop, gives: Any, takes_off: int) -> None:
    code = public(series(shop, gives))
    answer = shop.commit(basket(1_000, 2_000, voucher_codes=[code]))
    assert answer.json()["settlement"]["discount_minor"] == takes_off
    assert why_not(answer) == ([] if takes_off else ["no_matching_line"])


def test_of_vouchers_that_cannot_go_together_the_best_is_used_and_the_others_stay_good(shop: Shop) -> None:
    alone = public(series(shop, AmountOff(minor=900), name="Alone", stacking=Stacking(is_alone=True)))
    first = public(series(shop, AmountOff(minor=300)))
    second = public(series(shop, AmountOff(minor=400)))
    answer = shop.commit(basket(5_000, voucher_codes=[first, alone, second]))
    assert used(answer) == [(alone, 900)]
    assert why_not(answer) == ["not_combinable", "not_combinable"]
    assert "Alone is used alone, and takes more off." in words(answer)
    assert VoucherUse.objects.count() == 1


def test_lines_may_earn_nothing_and_points_may_not_pay_beside_it(shop: Shop) -> None:
    member = shop.enrol()
    shop.commit(basket(10_000, member=member))
    only = AmountOff(minor=100, scope=Scope(skus=["SKU-0"]))
    dry = public(series(shop, only, stacking=Stacking(earns_nothing=True)))
    body = basket(1_000, 2_000, member=member, voucher_codes=[dry])
    assert shop.quote(body).json()["settlement"]["points_earned"] == 200
    strict = public(series(shop, stacking=Stacking(not_with_points=True)))
    body = basket(1_000, member=member, voucher_codes=[strict], spend_points=100)
    assert why_not(shop.quote(body)) == ["not_with_points"]


def test_an_offline_evening_uses_a_voucher_once_and_in_the_order_of_the_purchases(
    open_shop: Callable[..., Shop],
) -> None:
    with time_machine.travel(START, tick=False) as clock:
        shop = open_shop()
        member, code = shop.enrol(), unbound(series(shop))
        clock.shift(timedelta(hours=1))
        bodies = [
            basket(
                1_000,
                member=member,
                voucher_codes=[code],
                placed_at=(START + timedelta(minutes=minute)).isoformat(),
            )
            for minute in (30, 10, 20)
        ]
        lines = send(shop, bodies)
        off = [line["answer"]["settlement"]["discount_minor"] for line in lines]
        assert off == [0, 500, 0]
        assert verify_ledger(now=datetime.now(UTC)) == []


@pytest.mark.parametrize("sleeping", [1, 30])
def test_a_purchase_without_vouchers_asks_nothing_more(
    shop: Shop, sleeping: int, django_assert_num_queries: Any
) -> None:
    member, of = shop.enrol(), series(shop)
    for _ in range(sleeping):
        issued(of, shop.enrol())
    shop.commit(basket(1_000, member=member))
    with django_assert_num_queries(2):
        shop.commit(basket(1_000, member=member))
    with django_assert_num_queries(2):
        shop.quote(basket(1_000, member=member))
    code = issued(of, member)
    shop.quote(basket(1_000, member=member))
    with django_assert_num_queries(3):
        assert used(shop.commit(basket(1_000, member=member, voucher_codes=[code])))
