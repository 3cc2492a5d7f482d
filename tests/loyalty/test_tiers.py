"""Tiers when purchases are told late or in any order."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
import time_machine
from django.utils import timezone

from config.outbox.models import Event
from loyalty.models import Benefit, BenefitGrant
from tests.loyalty.conftest import Shop, basket

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_never_16_no_order_of_telling_costs_a_tier(
    open_shop: Callable[..., Shop], order: tuple[int, ...]
) -> None:
    shop = open_shop()
    member = shop.enrol()
    days_ago = [40, 20, 3]
    for which in order:
        placed_at = timezone.now() - timedelta(days=days_ago[which])
        told = shop.commit(basket(17_000, member=member, placed_at=placed_at.isoformat()))
        assert told.status_code == 201
    tier = told.json()["wallet"]["tier"]
    assert (tier["code"], tier["next"]) == ("gold", None)
    assert BenefitGrant.objects.filter(member=member).count() == 1
    reached = Event.objects.filter(name="loyalty.tier_reached", member_id=member.pk)
    assert [event.payload["tier_code"] for event in reached.order_by("id")] == ["silver", "gold"]


def test_a_purchase_of_long_ago_told_now_does_not_lift_anybody(shop: Shop) -> None:
    member = shop.enrol()
    placed_at = timezone.now() - timedelta(days=366)
    tier = shop.commit(basket(90_000, member=member, placed_at=placed_at.isoformat())).json()["wallet"][
        "tier"
    ]
    assert (tier["code"], tier["next"]["missing_minor"]) == ("basic", 10_000)


def test_a_benefit_lasts_its_own_days_from_reaching_the_tier(shop: Shop) -> None:
    Benefit.objects.filter(tier__programme=shop.programme).update(valid_days=30)
    member = shop.enrol()
    placed_at = datetime(2026, 3, 2, 15, tzinfo=UTC)
    with time_machine.travel(placed_at, tick=False):
        shop.commit(basket(50_000, member=member, placed_at=placed_at.isoformat()))
    grant = BenefitGrant.objects.get(member=member)
    assert grant.granted_at == placed_at
    assert grant.valid_until == datetime(2026, 4, 1, 4, tzinfo=UTC), "midnight in New York, 30 days on"
