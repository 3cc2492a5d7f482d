"""What a shared tier brings: for all what can be used as often as one likes; what is counted is for who climbed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from loyalty.models import Benefit, BenefitGrant, Tier
from loyalty.rules.ladders import LadderDefinition
from members.models import Member
from members.services.households import leave_household
from tests.loyalty.conftest import LADDER, Shop, basket
from tests.loyalty.families import join
from tests.loyalty.test_given_benefits import buy, cancel
from tests.loyalty.test_household_tiers import GOLD, give, hear, now, pair, take, tiers

__all__ = ["pair"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def shop(open_shop: Callable[..., Shop], clock: Any) -> Shop:
    """Gold brings a tasting, once, and free shipping as often as one likes; what comes back takes steps back."""
    terms = {"households_share_tier": True}
    shop: Shop = open_shop(ladder=LadderDefinition(steps=LADDER.steps, on_return="take"), **terms)
    gold = Tier.objects.get(code="gold")
    Benefit.objects.create(tier=gold, code="shipping", kind="free_shipping", title="Free shipping", uses=None)
    return shop


def has(one: Member) -> list[str]:
    """The benefits that somebody has now, each as often as they have it."""
    rows = BenefitGrant.objects.filter(member=one, valid_until__gt=now())
    return sorted(rows.values_list("benefit__code", flat=True))


def come_and_go(head: Member, one: Member, clock: Any) -> None:
    join(head, one)
    hear()
    clock.shift(timedelta(days=1))
    leave_household(one.pk, actor="test", now=now())
    hear()


def test_who_stands_there_by_the_household_has_what_is_not_counted(pair: tuple[Member, Member]) -> None:
    ada, ben = pair
    assert has(ada) == ["shipping", "tasting"]
    assert tiers(ben) == ["gold"]
    assert has(ben) == ["shipping"]


def test_however_many_come_and_go_a_gift_is_given_to_nobody_but_who_climbed(
    shop: Shop, pair: tuple[Member, Member], clock: Any
) -> None:
    ada, ben = pair
    guests = [shop.enrol() for _ in range(3)]
    for guest in guests:
        come_and_go(ada, guest, clock)
    assert list(BenefitGrant.objects.filter(benefit__code="tasting").values_list("member", flat=True)) == [
        ada.pk
    ]
    assert [has(guest) for guest in guests] == [[], [], []]
    assert has(ben) == ["shipping"]


def test_what_was_used_ends_with_leaving_and_comes_again_once(
    pair: tuple[Member, Member], clock: Any
) -> None:
    ada, ben = pair
    BenefitGrant.objects.filter(member=ben).update(used_at=now())
    clock.shift(timedelta(days=1))
    leave_household(ben.pk, actor="test", now=now())
    hear()
    assert has(ben) == []
    come_and_go(ada, ben, clock)
    join(ada, ben)
    hear()
    assert has(ben) == ["shipping"]


def test_who_climbs_where_the_household_stood_already_has_all_of_it(
    shop: Shop, pair: tuple[Member, Member]
) -> None:
    _, ben = pair
    shop.commit(basket(GOLD, member=ben))
    hear()
    assert has(ben) == ["shipping", "tasting"]
    leave_household(ben.pk, actor="test", now=now())
    hear()
    assert has(ben) == ["shipping", "tasting"]


def test_a_gift_of_a_colleague_brings_what_the_household_does_not(
    pair: tuple[Member, Member], clock: Any
) -> None:
    _, ben = pair
    give(ben, "gold", days=30)
    hear()
    assert has(ben) == ["shipping", "tasting"]
    clock.shift(timedelta(days=1))
    take(ben)
    hear()
    assert tiers(ben) == ["gold"]
    assert has(ben) == ["shipping"]


def test_nobody_buys_a_gift_and_brings_the_goods_back_while_the_household_keeps_the_tier(
    shop: Shop, pair: tuple[Member, Member], clock: Any
) -> None:
    ada, ben = pair
    give(ada, "gold", days=900)
    hear()
    bought = buy(shop, ben, GOLD)
    hear()
    assert has(ben) == ["shipping", "tasting"]
    clock.shift(timedelta(days=1))
    cancel(shop, bought)
    hear()
    assert tiers(ben) == ["gold"]
    assert has(ben) == ["shipping"]
