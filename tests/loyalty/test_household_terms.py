"""What no news tells of a household: terms that are switched, and tiers that are held longer by now."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from config.outbox.models import Event
from loyalty.models import ProgrammeTerms, TierStanding
from loyalty.services.tier_reviews import review_tiers, tell_of_ends
from members.models import Member
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.rewards import app_of
from tests.loyalty.test_coming_terms import A_MOMENT, IN_JUNE, scheduled
from tests.loyalty.test_holds import hold
from tests.loyalty.test_household_tiers import GOLD, give, given, hear, now, pair, tiers
from tests.loyalty.test_pools import spend

__all__ = ["pair"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def shop(open_shop: Callable[..., Shop], clock: Any) -> Shop:
    return open_shop(households_share_tier=True)


def test_terms_that_are_switched_are_followed_by_the_next_tick(
    pair: tuple[Member, Member], clock: Any, django_assert_num_queries: Any
) -> None:
    review_tiers(now=now())
    for shares, stands in ((False, "basic"), (True, "gold")):
        clock.shift(timedelta(minutes=10))
        ProgrammeTerms.objects.update(households_share_tier=shares)
        assert review_tiers(now=now()) == 0
        assert tiers(*pair) == ["gold", stands]
    ticks = review_tiers(now=now()), given()
    assert ticks == (0, 1)
    with django_assert_num_queries(3):
        review_tiers(now=now())


def last_day_of(one: Member) -> Any:
    return TierStanding.objects.get(member=one).until_at


def test_nobody_goes_down_with_a_tier_that_was_reached_again_on_its_last_day(
    shop: Shop, pair: tuple[Member, Member], clock: Any
) -> None:
    ada, ben = pair
    ends = last_day_of(ben)
    clock.move_to(ends - timedelta(hours=1))
    shop.commit(basket(GOLD, member=ada))
    clock.move_to(ends - timedelta(minutes=1))
    tell_of_ends(now=now())
    clock.move_to(ends)
    assert tiers(ada, ben) == ["gold", "gold"]
    tell_of_ends(now=now())
    assert not Event.objects.filter(name="loyalty.tier_left").exists()


@pytest.mark.parametrize("days", [30, 7])
def test_nobody_is_warned_of_an_end_that_was_put_off(
    shop: Shop, pair: tuple[Member, Member], clock: Any, days: int
) -> None:
    ada, ben = pair
    warned_at = last_day_of(ben) - timedelta(days=days)
    clock.move_to(warned_at - timedelta(hours=1))
    tell_of_ends(now=now())
    warned = Event.objects.filter(name="loyalty.tier_falling")
    before = warned.count()
    shop.commit(basket(GOLD, member=ada))
    for minutes in (-1, 1):
        clock.move_to(warned_at + timedelta(minutes=minutes))
        tell_of_ends(now=now())
    assert warned.count() == before


def test_the_wallet_says_that_it_is_the_households(pair: tuple[Member, Member]) -> None:
    _, ben = pair
    kept = [app_of(one).get("/api/v1/me/wallet").json()["tier"]["keep"] for one in pair]
    assert [(one["is_given"], one["is_by_household"]) for one in kept] == [(False, False), (False, True)]
    assert kept[1]["words"] == (
        "Until 9 May 2027 you keep Gold by your household; 499.00 USD more to reach it yourself"
    )
    give(ben, "gold", days=900)
    hear()
    keep = app_of(ben).get("/api/v1/me/wallet").json()["tier"]["keep"]
    assert (keep["is_given"], keep["is_by_household"]) == (True, False)
    lines = app_of(ben).get("/api/v1/me/timeline").json()["results"]
    assert {"Gold came by the household", "Was given Gold"} <= {line["words"] for line in lines}


def test_points_are_shared_by_the_terms_of_the_moment_whenever_the_clock_ticks(
    shop: Shop, pair: tuple[Member, Member], clock: Any
) -> None:
    _, ben = pair
    scheduled(shop, households_share=False)
    clock.move_to(IN_JUNE - A_MOMENT)
    assert spend(shop, ben, 110).status_code == 201
    clock.move_to(IN_JUNE)
    assert spend(shop, ben, 110).status_code == 409
    assert hold(shop, ben, 100).status_code == 409
    wallet = app_of(ben).get("/api/v1/me/wallet").json()
    assert (wallet["household"], wallet["spendable"]) == (None, 0)
