"""Why 37 points: any past purchase answers from what was written down, in words for the cashier and for the member."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from config.staff.roles import ADMINISTRATOR, CASHIER, FINANCE
from loyalty.models import Lot, Rule, Settlement, Voucher
from loyalty.rules.definition import FixedPoints, HasLabel, Multiplier, RuleDefinition, Scope
from loyalty.rules.vouchers import GiftCard
from loyalty.services.grants import GrantDraft, grant_to
from loyalty.services.rules import end_rule, publish_rule
from omnichannel.models import Order, UnclaimedOrder
from tests.loyalty.acting import rule_about
from tests.loyalty.conftest import LONG_AGO, Shop, basket
from tests.loyalty.test_admin_rules import signed_in
from tests.loyalty.test_returns import bring_back, buy
from tests.loyalty.test_wallets import app_of
from tests.loyalty.vouchers import issued, normal, series

pytestmark = pytest.mark.django_db


@pytest.fixture
def tea_shop(shop: Shop) -> Shop:
    """A shop that doubles the points on TEA and gives 500 more from 900.00 paid."""
    for code, name, effect in (
        ("tea", "Tea week", Multiplier(percent=200, scope=Scope(categories=["TEA"]))),
        ("big", "Big shopping", FixedPoints(points=500, minimum_minor=90_000)),
    ):
        publish_rule(
            programme_id=shop.programme.pk,
            code=code,
            name=name,
            definition=RuleDefinition(effect=effect),
            live_from=LONG_AGO,
            made_by="test",
            now=LONG_AGO,
        )
    return shop


def why(shop: Shop, ref: str) -> dict[str, Any]:
    answer = shop.client.get(f"/api/v1/orders/{ref}/why", headers={"Authorization": f"Bearer {shop.key}"})
    assert answer.status_code == 200, answer.content
    told: dict[str, Any] = answer.json()
    return told


def bought(shop: Shop, **more: Any) -> str:
    """A pot of tea and a bun."""
    body = basket(1_200, 1_300, member=shop.enrol()) | more
    body["lines"][0] |= {"name": "Oolong", "category": "TEA"}
    body["lines"][1] |= {"name": "Pineapple bun"}
    answer = shop.commit(body)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["order"]["ref"])


def test_every_point_names_its_rule_version_lines_and_reason(tea_shop: Shop) -> None:
    told = why(tea_shop, bought(tea_shop))

    assert told["points_earned"] == 250 + 120
    assert [
        (one["rule"], one["rule_version"], one["name"], one["points"], one["lines"]) for one in told["earned"]
    ] == [("base", 1, "Base", 250, [0, 1]), ("tea", 1, "Tea week", 120, [0])]
    assert told["for_cashier"][:3] == [
        "It earned 370 points, on the tier Basic.",
        "250 points by Base, version 1: 10 points for each full 1.00 USD paid (on the whole purchase).",
        "120 points by Tea week, version 1: double points on 12.00 USD, 120 more than the basic 120 (on Oolong).",
    ]
    assert told["for_member"][0].endswith("at Main street.")
    assert (told["tier"]["code"], told["reached"], told["returns"]) == ("basic", [], [])
    assert told["life"]["left"] == 370


def test_it_is_told_from_what_was_stored_and_not_reckoned_anew(tea_shop: Shop) -> None:
    ref = bought(tea_shop)
    before = why(tea_shop, ref)
    for rule in Rule.objects.all():
        end_rule(rule, at=LONG_AGO + timedelta(days=1))
    tea_shop.programme.timezone = "Asia/Taipei"

    assert why(tea_shop, ref) == before


def test_what_gave_nothing_is_told_with_its_reason(tea_shop: Shop) -> None:
    told = why(tea_shop, buy(tea_shop, tea_shop.enrol(), 90))

    assert told["points_earned"] == 0
    below = next(one for one in told["not_applied"] if one["what"] == "rule base")
    assert below["code"] == "below_step"
    assert f"Not applied, rule base: {below['because']}" in told["for_cashier"]


def test_rules_that_asked_for_something_else_are_told_by_what_they_say(tea_shop: Shop) -> None:
    told = why(tea_shop, buy(tea_shop, tea_shop.enrol(), 1_000))

    assert [(one["rule"], one["says"]) for one in told["also_live"]] == [
        ("tea", "Double points on category TEA.")
    ]
    assert "Not in question, Tea week: Double points on category TEA." in told["for_cashier"]
    assert not any("Tea week" in sentence for sentence in told["for_member"])


def test_of_very_many_rules_that_asked_for_something_else_fifty_are_told_and_the_rest_counted(
    tea_shop: Shop,
) -> None:
    """So many that a till looks only at those whose goods are bought; a rule about acts is no rule for a purchase."""
    for number in range(66):
        publish_rule(
            programme_id=tea_shop.programme.pk,
            code=f"coffee-{number:02}",
            name=f"Coffee {number}",
            definition=RuleDefinition(effect=FixedPoints(points=5, scope=Scope(categories=["COFFEE"]))),
            live_from=LONG_AGO,
            made_by="test",
            now=LONG_AGO,
        )
    rule_about(tea_shop, code="a-review")

    told = why(tea_shop, buy(tea_shop, tea_shop.enrol(), 1_000))

    assert [one["rule"] for one in told["also_live"]] == [f"coffee-{number:02}" for number in range(50)]
    assert told["also_live"][0]["says"] == "5 points on category COFFEE."
    assert told["also_live_more"] == 16 + 1
    assert "Not in question either: 17 more rules." in told["for_cashier"]


def test_the_segments_that_rules_ask_for_are_not_told_at_the_till_nor_in_the_app(tea_shop: Shop) -> None:
    """Neither of a rule that was looked at, nor of one that asked for other goods."""
    chosen = HasLabel(labels=["likely-to-leave"])
    for code, scope in (("stay", Scope()), ("coffee", Scope(categories=["COFFEE"]))):
        publish_rule(
            programme_id=tea_shop.programme.pk,
            code=code,
            name=code.title(),
            definition=RuleDefinition(effect=FixedPoints(points=5, scope=scope), conditions=[chosen]),
            live_from=LONG_AGO,
            made_by="test",
            now=LONG_AGO,
        )

    told = why(tea_shop, buy(tea_shop, tea_shop.enrol(), 1_000))

    assert "likely" not in str(told)
    assert "5 points on category COFFEE, for chosen members." in [one["says"] for one in told["also_live"]]


def test_a_tier_that_the_purchase_brought_is_not_the_one_it_was_settled_on(shop: Shop) -> None:
    told = why(shop, buy(shop, shop.enrol(), 10_000))

    assert (told["tier"]["code"], [tier["code"] for tier in told["reached"]]) == ("basic", ["silver"])
    assert "It reached the tier Silver." in told["for_cashier"]


def test_what_was_taken_back_since_stands_beside_its_points(tea_shop: Shop) -> None:
    ref = bought(tea_shop)
    bring_back(tea_shop, ref, {0: 1}, number="RET-TEA")

    told = why(tea_shop, ref)

    assert {one["rule"]: one["taken_back"] for one in told["earned"]} == {"base": 120, "tea": 120}
    assert [line["returned"] for line in told["lines"]] == [1, 0]
    assert told["life"]["left"] == 130
    assert [(one["number"], one["points_taken_back"]) for one in told["returns"]] == [("RET-TEA", 240)]
    assert any("took back 240 points" in sentence for sentence in told["for_member"])


def test_a_personal_offer_goes_by_its_title(shop: Shop) -> None:
    member, now = shop.enrol(), datetime.now(UTC)
    offer = GrantDraft(
        member_id=member.pk,
        programme_id=shop.programme.pk,
        cause="test",
        title="Seventy for you",
        effect=FixedPoints(points=70),
        valid_from=now,
        valid_until=now + timedelta(days=1),
    )
    grant_to([offer], now=now)

    told = why(shop, buy(shop, member, 1_000))

    assert [(one["name"], one["points"]) for one in told["earned"]] == [
        ("Base", 100),
        ("Seventy for you", 70),
    ]


def test_points_spent_mature_and_expire_in_words(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(maturity_days=14, expiry_days=365)
    ref = buy(shop, shop.enrol(), 1_000)
    assert "They can be spent from" in why(shop, ref)["for_member"][-2]
    assert "Left of them: 100; they expire at" in why(shop, ref)["for_member"][-1]

    Lot.objects.update(
        available_from=datetime.now(UTC) - timedelta(days=2),
        expires_at=datetime.now(UTC) - timedelta(days=1),
    )
    assert why(shop, ref)["for_member"][-1].startswith("What was left of them expired at")

    Lot.objects.update(expires_at=None)
    assert why(shop, ref)["for_member"][-1] == "Left of them: 100; they never expire."


def test_points_that_paid_are_told_with_what_they_paid(shop: Shop) -> None:
    member = shop.enrol()
    buy(shop, member, 5_000)

    told = why(shop, buy(shop, member, 1_000, spend_points=200))

    assert (told["points_spent"], told["points_paid_minor"], told["points_earned"]) == (200, 20, 90)
    assert "200 points paid 0.20 USD, on which nothing is earned." in told["for_cashier"]


def test_nobodys_purchase_says_what_a_member_would_have_earned(shop: Shop) -> None:
    ref = shop.commit(basket(1_000)).json()["order"]["ref"]

    told = why(shop, ref)

    assert (told["member_ref"], told["points_earned"], told["life"]) == (None, 0, None)
    assert told["for_member"] == ["No member was named; a member would earn 100 points."]
    assert [line["paid_minor"] for line in told["lines"]] == [1_000]


def test_a_purchase_is_found_in_its_own_programme_alone(open_shop: Callable[..., Shop]) -> None:
    shop, other = open_shop(), open_shop()
    ref = buy(shop, shop.enrol(), 1_000)

    refused = other.client.get(f"/api/v1/orders/{ref}/why", headers={"Authorization": f"Bearer {other.key}"})

    assert (refused.status_code, refused.json()["code"]) == (404, "order_not_found")


def test_a_member_asks_of_their_own_purchases_alone(shop: Shop) -> None:
    member, stranger = shop.enrol(), shop.enrol()
    ref = buy(shop, member, 1_000)
    nobodys = shop.commit(basket(1_000)).json()["order"]["ref"]

    assert app_of(member).get(f"/api/v1/me/orders/{ref}/why").json()["points_earned"] == 100
    for person, of_others in ((stranger, ref), (member, nobodys)):
        assert app_of(person).get(f"/api/v1/me/orders/{of_others}/why").status_code == 404
    assert app_of(member).get(f"/api/v1/orders/{ref}/why").status_code == 403


def test_statements_do_not_grow_with_what_there_is(shop: Shop, django_assert_num_queries: Any) -> None:
    ref = buy(shop, shop.enrol(), *[1_000] * 30)
    headers = {"Authorization": f"Bearer {shop.key}"}
    shop.client.get(f"/api/v1/orders/{ref}/why", headers=headers)

    with django_assert_num_queries(2):
        shop.client.get(f"/api/v1/orders/{ref}/why", headers=headers)


def test_the_orders_page_leads_to_why_for_who_may_see_it(tea_shop: Shop) -> None:
    ref = bought(tea_shop)
    nobodys = tea_shop.commit(basket(1_000)).json()["order"]["ref"]
    order, unclaimed = Order.objects.get(ref=ref), UnclaimedOrder.objects.get(ref=nobodys)
    client = signed_in(FINANCE)

    for page in (f"order/{order.pk}", f"unclaimedorder/{unclaimed.pk}"):
        of = ref if page.startswith("order") else nobodys
        assert (
            f"/admin/loyalty/settlement/of/{of}/"
            in client.get(f"/admin/omnichannel/{page}/change/").content.decode()
        )
    page = client.get(f"/admin/loyalty/settlement/of/{ref}/").content.decode()
    for words in ("Tea week", "Oolong", "370 points", "for the member", "for the cashier"):
        assert words in page
    settlement = Settlement.objects.get()
    assert "Tea week" in client.get(f"/admin/loyalty/settlement/{settlement.pk}/change/").content.decode()
    assert "would earn 100" in client.get(f"/admin/loyalty/settlement/of/{nobodys}/").content.decode()
    assert client.get(f"/admin/loyalty/settlement/of/{'ord_' + '0' * 26}/").status_code == 404
    assert signed_in(CASHIER).get(f"/admin/loyalty/settlement/of/{ref}/").status_code == 403


def test_the_vouchers_of_a_purchase_are_named_with_what_they_did(shop: Shop) -> None:
    member = shop.enrol()
    five = issued(series(shop, name="Five off"), member)
    card = issued(series(shop, GiftCard(minor=2_000), name="Gift card"), member)
    body = basket(4_500, member=member) | {"voucher_codes": [five, card]}
    body["payments"] = [{"kind": "card", "amount_minor": 2_000}]
    ref = shop.commit(body).json()["order"]["ref"]

    told = why(shop, ref)

    assert [
        (one["code"], one["title"], one["discount_minor"], one["paid_minor"]) for one in told["vouchers_used"]
    ] == [(five, "Five off", 500, 0), (card, "Gift card", 0, 2_000)]
    assert told["gift_cards_paid_minor"] == 2_000
    off = "it took 5.00 USD off, on which nothing is earned."
    assert f"Voucher Five off: {off}" in told["for_cashier"]
    assert f"Your voucher Five off: {off}" in told["for_member"]
    paid = "it paid 20.00 USD, 0.00 USD were left on it."
    assert f"Your voucher Gift card: {paid}" in told["for_member"]
    page = signed_in(ADMINISTRATOR).get(f"/admin/loyalty/settlement/of/{ref}/").content.decode()
    voucher = Voucher.objects.get(code=normal(five))
    assert f"/admin/loyalty/voucher/{voucher.pk}/change/" in page
    assert "Vouchers that were used" in page
    page = signed_in(FINANCE).get(f"/admin/loyalty/settlement/of/{ref}/").content.decode()
    assert f"…{five[-4:]}" in page
    assert five not in page
