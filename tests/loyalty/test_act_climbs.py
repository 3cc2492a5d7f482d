"""Points of acts count towards the ladder's points as those of purchases do: on their day, once, and at once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from loyalty.models import BenefitGrant, TierDay, TierStanding
from loyalty.rules.ladders import Demand, LadderDefinition
from loyalty.services.verification import verify_ledger
from tests.loyalty.acting import do, event, rule_about, tell
from tests.loyalty.conftest import Shop, basket

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 2, 17, tzinfo=UTC)
BY_POINTS = LadderDefinition(
    steps=[Demand(tier="basic"), Demand(tier="silver", points=100), Demand(tier="gold", points=500)]
)


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    with time_machine.travel(START, tick=False):
        return open_shop(ladder=BY_POINTS)


@pytest.mark.parametrize(("points", "held"), [(99, []), (100, ["silver"]), (500, ["silver", "gold"])])
def test_an_act_reaches_a_step_at_once(shop: Shop, points: int, held: list[str]) -> None:
    with time_machine.travel(START, tick=False):
        member = shop.enrol()
        rule_about(shop, points=points)
        do(shop, member)

        standings = TierStanding.objects.filter(member=member).order_by("tier__rank")
        assert list(standings.values_list("tier__code", flat=True)) == held
        assert [each.from_at for each in standings] == [START] * len(held)
        assert verify_ledger(now=START) == []


def test_what_is_told_twice_counts_once(shop: Shop) -> None:
    with time_machine.travel(START, tick=False):
        member = shop.enrol()
        rule_about(shop, points=60)
        told = event(member)
        tell(shop, told)
        tell(shop, told, told)

        day = TierDay.objects.get(member=member)
        assert (day.points, day.visits, day.qualifying_minor) == (60, 0, 0)
        assert not TierStanding.objects.filter(member=member).exists()
        assert verify_ledger(now=START) == []


def test_acts_of_one_batch_add_up_and_a_step_brings_its_benefits_once(shop: Shop) -> None:
    with time_machine.travel(START, tick=False):
        member = shop.enrol()
        rule_about(shop, points=60)
        tell(shop, event(member), event(member), event(member))

        standing = TierStanding.objects.get(member=member)
        assert standing.tier.code == "silver"
        granted = BenefitGrant.objects.filter(member=member).values_list("benefit_id", flat=True)
        assert sorted(granted) == sorted(standing.tier.benefits.values_list("id", flat=True))
        assert TierDay.objects.get(member=member).points == 180
        assert verify_ledger(now=START) == []


def test_acts_and_purchases_add_up_in_either_order(shop: Shop) -> None:
    with time_machine.travel(START, tick=False):
        first, second = shop.enrol(), shop.enrol()
        rule_about(shop, points=50)
        do(shop, first)
        shop.commit(basket(500, member=first))
        shop.commit(basket(500, member=second))
        do(shop, second)

        for member in (first, second):
            day = TierDay.objects.get(member=member)
            assert (day.points, day.visits, day.qualifying_minor) == (100, 1, 500)
            assert TierStanding.objects.get(member=member).tier.code == "silver"
        assert verify_ledger(now=START) == []


def test_an_act_told_late_counts_on_its_day_and_lifts_from_now(shop: Shop) -> None:
    with time_machine.travel(START, tick=False):
        member = shop.enrol()
        rule_about(shop, points=60)
        do(shop, member)
        do(shop, member, at=START - timedelta(days=3))

        days = TierDay.objects.filter(member=member).order_by("spent_on")
        assert [(str(day.spent_on), day.points) for day in days] == [("2026-02-27", 60), ("2026-03-02", 60)]
        assert TierStanding.objects.get(member=member).from_at == START
        assert verify_ledger(now=START) == []
