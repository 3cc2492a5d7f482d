"""A return handles few lots, however many the wallet has, and decides as if it saw them all."""

from datetime import UTC, datetime

import pytest
from django.db import transaction

from loyalty.models import Lot, ProgrammeTerms
from loyalty.queries.returns import lock_purchase
from members.models import Member
from tests.loyalty.conftest import Shop
from tests.loyalty.test_holds import hold
from tests.loyalty.test_returns import assert_proven, bring_back, buy, spendable

pytestmark = pytest.mark.django_db

MANY = 30


@pytest.fixture
def member(shop: Shop) -> Member:
    return shop.enrol()


@pytest.fixture
def spent_ref(shop: Shop, member: Member) -> str:
    """A purchase of 100 points, all of them spent since, by a member who has 30 lots of 10 points more."""
    ref = buy(shop, member, 1_000)
    buy(shop, member, 10, spend_points=100)
    for _ in range(MANY):
        buy(shop, member, 100)
    return ref


def test_a_return_reads_the_lots_that_it_may_take_from(shop: Shop, member: Member, spent_ref: str) -> None:
    now = datetime.now(UTC)
    with transaction.atomic():
        facts = lock_purchase(
            spent_ref, programme_id=None, place_id=shop.place.pk, number="", as_of=now, now=now
        )
    assert facts is not None
    assert Lot.objects.filter(member_id=member.pk, remaining__gt=0).count() == MANY
    assert len(facts.bought.lots) == 10
    answer = bring_back(shop, spent_ref, {0: 1}).json()
    assert answer["undone"]["points_taken_back"] == 100
    assert spendable(shop, member) == MANY * 10 - 100
    assert_proven()


@pytest.mark.parametrize(("held", "owed"), [(0, 0), (200, 0), (201, 1), (270, 70), (300, 100)])
def test_points_held_in_lots_out_of_reach_are_held_all_the_same(
    shop: Shop, member: Member, spent_ref: str, held: int, owed: int
) -> None:
    if held:
        hold(shop, member, held)
    undone = bring_back(shop, spent_ref, {0: 1}).json()["undone"]
    assert [undone[f"points_{what}"] for what in ("taken_back", "owed", "missing")] == [100, owed, 0]
    assert_proven()


def test_points_that_mature_yet_are_taken_before_any_are_owed(shop: Shop, member: Member) -> None:
    """Of 100 that could be spent all are held; of 300 that mature yet, 100 do."""
    ref = buy(shop, member, 1_000)
    buy(shop, member, 10, spend_points=100)
    for _ in range(10):
        buy(shop, member, 100)
    hold(shop, member, 100)
    ProgrammeTerms.objects.filter(programme=shop.programme).update(when_spent="debt", maturity_days=14)
    for _ in range(MANY):
        buy(shop, member, 100)
    undone = bring_back(shop, ref, {0: 1}).json()["undone"]
    assert (undone["points_taken_back"], undone["points_owed"]) == (100, 0)
    assert_proven()
