"""What rules want to know of a member and a place, from the tables to the till, one by one and in batches."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from loyalty.models import Label, MemberLabel, Rule, RuleVersion
from loyalty.rules.definition import (
    Basis,
    Birthday,
    ChannelIs,
    FirstPurchase,
    FixedPoints,
    HasLabel,
    PaidBy,
    PerStep,
    RuleDefinition,
)
from loyalty.services.labels import drop_label, write_label
from omnichannel.models import OrderLine, Place
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.test_batches import send
from tests.loyalty.test_offers import publish
from tests.loyalty.test_orders import orders_key
from tests.slowly import others_at_it

pytestmark = pytest.mark.django_db

FIFTY = FixedPoints(points=50)


def bonus(answer: dict[str, Any]) -> int:
    """Points beside the basic ones."""
    return sum(each["points"] for each in answer["settlement"]["earned"] if each["rule"] != "base")


def test_the_first_purchase_is_first_once(shop: Shop) -> None:
    publish(shop, "hello", RuleDefinition(effect=FIFTY, conditions=[FirstPurchase()]))
    member = shop.enrol()
    assert bonus(shop.quote(basket(100, member=member)).json()) == 50
    assert [bonus(shop.commit(basket(100, member=member)).json()) for _ in range(2)] == [50, 0]


def test_the_first_purchase_of_a_batch_is_the_earliest_of_each_member(shop: Shop) -> None:
    publish(shop, "hello", RuleDefinition(effect=FIFTY, conditions=[FirstPurchase()]))
    old, new = shop.enrol(), shop.enrol()
    shop.commit(basket(100, member=old))
    now = datetime.now(UTC)
    bodies = [
        basket(100, member=member, placed_at=(now - timedelta(minutes=ago)).isoformat())
        for member, ago in ((new, 1), (old, 2), (new, 3))
    ]
    assert [bonus(line["answer"]) for line in send(shop, bodies)] == [0, 0, 50]


@pytest.mark.django_db(transaction=True)
def test_two_first_purchases_at_once_are_first_once(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    publish(shop, "hello", RuleDefinition(effect=FIFTY, conditions=[FirstPurchase()]))
    member = shop.enrol()
    shop.quote(basket(100, member=member))
    other: list[Any] = []
    with others_at_it([lambda: other.append(shop.commit(basket(100, member=member)))]):
        mine = shop.commit(basket(200, member=member))
    assert sorted(bonus(answer.json()) for answer in [mine, *other]) == [0, 50]


def test_a_birthday_is_read_from_the_member(shop: Shop) -> None:
    publish(shop, "cake", RuleDefinition(effect=FIFTY, conditions=[Birthday(days_before=1)]))
    member = shop.enrol()
    bought = datetime(2026, 6, 9, 16, tzinfo=UTC)
    body = basket(100, member=member, placed_at=bought.isoformat())
    assert bonus(shop.quote(body).json()) == 0
    member.birth_month, member.birth_day = 6, 10
    member.save()
    assert bonus(shop.quote(body).json()) == 50
    assert bonus(send(shop, [body])[0]["answer"]) == 50


def test_a_label_counts_from_the_moment_it_is_written_down(shop: Shop) -> None:
    publish(shop, "vips", RuleDefinition(effect=FIFTY, conditions=[HasLabel(labels=["vip", "gone"])]))
    member, other = shop.enrol(), shop.enrol()
    where = {"programme_id": shop.programme.pk, "code": "vip"}
    assert bonus(shop.quote(basket(100, member=member)).json()) == 0
    write_label(**where, name="VIPs", carriers=[member.pk])
    assert bonus(shop.commit(basket(100, member=member)).json()) == 50
    assert bonus(send(shop, [basket(100, member=member)])[0]["answer"]) == 50
    assert bonus(shop.quote(basket(100, member=other)).json()) == 0
    drop_label(**where)
    assert bonus(shop.quote(basket(100, member=member)).json()) == 0
    assert not Label.objects.exists()


def test_a_stored_rule_that_is_none_any_more_takes_no_checkout_down(shop: Shop) -> None:
    """It was let in by an earlier release."""
    publish(shop, "whole", RuleDefinition(effect=FIFTY))
    odd = {"type": "recurs", "rrule": "FREQ=YEARLY;BYMONTH=1,13", "first_on": "2026-01-01"}
    version = RuleVersion.objects.get(rule__code="whole")
    version.pk, version.definition = None, version.definition | {"conditions": [odd]}
    version.rule = Rule.objects.create(programme=shop.programme, code="odd", name="Odd")
    version.save(force_insert=True)
    committed = shop.commit(basket(100, member=shop.enrol()))
    assert bonus(committed.json()) == 50
    ref = committed.json()["order"]["ref"]
    headers = {"Authorization": f"Bearer {shop.key}"}
    assert shop.client.get(f"/api/v1/orders/{ref}/why", headers=headers).status_code == 200


def test_labels_move_by_difference(shop: Shop) -> None:
    first, second, third = (shop.enrol().pk for _ in range(3))
    where = {"programme_id": shop.programme.pk, "code": "vip", "name": "VIPs"}
    write_label(**where, carriers=[first, second])
    kept = MemberLabel.objects.get(member_id=second).pk
    write_label(**where, carriers=[second, third])
    assert MemberLabel.objects.get(member_id=second).pk == kept
    assert set(MemberLabel.objects.values_list("member_id", flat=True)) == {second, third}
    write_label(**where, carriers=[first], only=[first, third])
    assert set(MemberLabel.objects.values_list("member_id", flat=True)) == {first, second}


def test_a_rule_for_the_web_shop_leaves_the_store_alone(shop: Shop) -> None:
    publish(shop, "web", RuleDefinition(effect=FIFTY, conditions=[ChannelIs(channel="web_shop")]))
    Place.objects.create(programme=shop.programme, code="WEB", name="Web shop", kind="web_shop")
    shop.key = orders_key(programme_id=shop.programme.pk)
    member = shop.enrol()
    places = (shop.place.code, "WEB")
    told = [shop.post("orders", basket(100, member=member, place=code)).json() for code in places]
    batch = send(shop, [basket(100, member=member, place=code) for code in places])
    assert [bonus(answer) for answer in told] == [0, 50]
    assert [bonus(line["answer"]) for line in batch] == [0, 50]


def test_a_rule_asks_how_it_is_paid(shop: Shop) -> None:
    publish(shop, "card", RuleDefinition(effect=FIFTY, conditions=[PaidBy(kinds=["house_card"])]))
    member = shop.enrol()
    paid = [[{"kind": kind, "amount_minor": 100}] for kind in ("cash", "house_card")]
    answers = [shop.commit(basket(100, member=member, payments=payments)).json() for payments in paid]
    assert [bonus(answer) for answer in answers] == [0, 50]


def test_shipping_is_kept_as_such_and_earns_where_a_rule_says_so(shop: Shop) -> None:
    effect = PerStep(points=1, step_minor=100)
    publish(shop, "all", RuleDefinition(effect=effect, basis=Basis(with_shipping=True)))
    body = basket(1_000, 500, member=shop.enrol())
    body["lines"][1]["kind"] = "shipping"
    earned = shop.commit(body).json()["settlement"]["earned"]
    assert {each["rule"]: (each["points"], each["lines"]) for each in earned} == {
        "base": (100, [0]),
        "all": (15, [0, 1]),
    }
    assert list(OrderLine.objects.order_by("position").values_list("kind", flat=True)) == [
        "goods",
        "shipping",
    ]


def test_what_only_some_rules_ask_for_costs_the_others_nothing(
    shop: Shop, django_assert_num_queries: Any
) -> None:
    member = shop.enrol()
    shop.commit(basket(100, member=member))
    publish(shop, "vips", RuleDefinition(effect=FIFTY, conditions=[HasLabel(labels=["vip"])]))
    write_label(programme_id=shop.programme.pk, code="vip", name="VIPs", carriers=[member.pk])
    assert bonus(shop.quote(basket(100, member=member)).json()) == 50
    with django_assert_num_queries(2):
        assert bonus(shop.commit(basket(100, member=member)).json()) == 50
