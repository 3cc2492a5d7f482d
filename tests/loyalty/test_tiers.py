"""Tiers when purchases are told late or in any order."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, permutations
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given, strategies as st

from config.outbox.models import Event
from loyalty.models import Benefit, BenefitGrant, TierStanding
from loyalty.rules.lots import midnight_after
from loyalty.rules.tiers import Enrolled, Ladder, Measures, Standing, Step, standings_after
from members.models import Member
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.test_batches import send

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("spent_minor", "code"), [(0, "basic"), (9_999, "basic"), (10_000, "silver"), (10_001, "silver")]
)
def test_never_10_a_threshold_is_tested_below_at_above_and_at_zero(
    shop: Shop, spent_minor: int, code: str
) -> None:
    told = shop.commit(basket(spent_minor, member=shop.enrol())).json()
    assert told["wallet"]["tier"]["code"] == code


def test_never_10_spending_points_neither_costs_a_tier_nor_earns_one(shop: Shop) -> None:
    member = shop.enrol()
    shop.commit(basket(10_000, member=member))
    tier = shop.commit(basket(1_000, member=member, spend_points=1_000)).json()["wallet"]["tier"]
    assert (tier["code"], tier["next"]["missing_minor"]) == ("silver", 50_000 - 10_000 - 900)


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


def standings_of(member: Member) -> list[tuple[str, datetime, datetime]]:
    found = TierStanding.objects.filter(member=member).order_by("tier__rank", "from_at")
    return list(found.values_list("tier__code", "from_at", "until_at"))


@pytest.mark.parametrize("is_batch", [False, True])
def test_a_tier_reached_earlier_by_a_late_purchase_is_held_until_the_later_standing_begins(
    shop: Shop, is_batch: bool
) -> None:
    member, now = shop.enrol(), timezone.now()
    first, late = now - timedelta(days=3), now - timedelta(days=20)
    for placed_at in (first, late):
        body = basket(10_000, member=member, placed_at=placed_at.isoformat())
        answer = send(shop, [body])[0]["status"] if is_batch else shop.commit(body).status_code
        assert answer == 201
    assert standings_of(member) == [
        ("silver", late, first),
        ("silver", first, midnight_after(first, WINDOW_DAYS, NEW_YORK)),
    ]


@pytest.mark.parametrize("order", list(permutations([400, 300, 20, 3])))
def test_standings_never_overlap_whatever_the_order_of_telling(shop: Shop, order: tuple[int, ...]) -> None:
    member = shop.enrol()
    for days_ago in order:
        placed_at = timezone.now() - timedelta(days=days_ago)
        shop.commit(basket(10_000, member=member, placed_at=placed_at.isoformat()))
    silver = [standing for standing in standings_of(member) if standing[0] == "silver"]
    assert silver
    assert all(before[2] <= after[1] for before, after in pairwise(silver))


def test_the_database_refuses_standings_of_a_tier_that_overlap(shop: Shop) -> None:
    member = shop.enrol()
    shop.commit(basket(10_000, member=member))
    held = TierStanding.objects.get(member=member)
    held.pk, held.from_at = None, held.from_at + timedelta(days=1)
    with pytest.raises(IntegrityError, match="standings_of_a_tier_never_overlap"), transaction.atomic():
        held.save()
    held.from_at, held.until_at = held.until_at + timedelta(days=364), held.until_at + timedelta(days=365)
    held.save()
    assert TierStanding.objects.filter(member=member).count() == 2


NEW_YORK = ZoneInfo("America/New_York")
WINDOW_DAYS = 365
LADDER = Ladder(
    steps=tuple(
        Step(id=number, code=str(number), name="", threshold_minor=threshold)
        for number, threshold in enumerate([None, 10, 50])
    )
)
ENROLLED = Enrolled(NEW_YORK, date(2021, 1, 1))


@given(
    st.lists(
        st.tuples(st.integers(0, 1_500 * 24), st.sampled_from([5, 10, 50])),
        min_size=1,
        max_size=8,
        unique=True,
    )
)
def test_a_tier_reached_is_held_for_a_year_without_overlaps(reached: list[tuple[int, int]]) -> None:
    """Whatever the order: all that each purchase brought by itself is held, each moment once."""
    kept: dict[tuple[int, datetime], Standing] = {}
    for hour, window_minor in reached:
        at = datetime(2022, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
        measures = Measures(minor=window_minor)
        for each in standings_after(LADDER, list(kept.values()), measures, at=at, member=ENROLLED):
            kept[each.tier_id, each.from_at] = each
    for tier in (1, 2):
        own = sorted((each for each in kept.values() if each.tier_id == tier), key=lambda each: each.from_at)
        assert all(before.until_at <= after.from_at for before, after in pairwise(own))
        for hour, window_minor in reached:
            at = datetime(2022, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
            if window_minor >= (LADDER.steps[tier].threshold_minor or 0):
                year = midnight_after(at, WINDOW_DAYS, NEW_YORK) - at
                for moment in (at, at + year / 2, at + year - timedelta(microseconds=1)):
                    assert any(each.from_at <= moment < each.until_at for each in own)
