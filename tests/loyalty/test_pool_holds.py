"""Points of others that a hold sets aside: they stay where they are, and nobody else spends them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from loyalty.models import Hold, Lot, PooledLot, Wallet
from members.models import LimitPeriod, Member, PlaceEnd
from members.services.households import leave_household
from tests.loyalty.conftest import Shop
from tests.loyalty.families import family, limit
from tests.loyalty.test_holds import hold, tell
from tests.loyalty.test_pools import balances, now, spend
from tests.loyalty.test_returns import bring_back, buy
from tests.loyalty.test_transfers import give

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    """Points live for thirty days, and members may give them away."""
    return open_shop(expiry_days=30, transfer_points_a_day=None)


@pytest.fixture
def pair(shop: Shop) -> tuple[Member, Member]:
    """Ada with 500 points that run out first, and Ben with 100, in one household."""
    ada, ben = shop.enrol(), shop.enrol()
    with time_machine.travel(now() - timedelta(days=5), tick=False):
        buy(shop, ada, 5_000)
    buy(shop, ben, 1_000)
    family(ada, ben)
    return ada, ben


def spendable(member: Member) -> int:
    return Wallet.objects.get(member=member).spendable


def test_a_gift_while_a_hold_lives_takes_nothing_of_the_others(
    shop: Shop, pair: tuple[Member, Member]
) -> None:
    ada, ben = pair
    stranger = shop.enrol()
    held = hold(shop, ben, 400).json()["hold"]["ref"]
    buy(shop, ben, 2_000)
    assert give(ben, {"ref": stranger.ref}, 201).status_code == 409
    assert give(ben, {"ref": stranger.ref}, 200).status_code == 201
    tell(shop, f"holds/{held}/release", {})
    assert balances(ada, ben, stranger) == [500, 100, 200]
    assert spendable(ada) == 500


def test_a_purchase_of_ones_own_while_a_hold_lives_takes_nothing_of_the_others(
    shop: Shop, pair: tuple[Member, Member]
) -> None:
    ada, ben = pair
    held = hold(shop, ben, 400).json()["hold"]["ref"]
    buy(shop, ben, 2_000)
    assert spend(shop, ben, 200).status_code == 201
    tell(shop, f"holds/{held}/release", {})
    assert balances(ada, ben) == [500, 100]


def test_what_one_hold_draws_leaves_what_another_sets_aside(shop: Shop, pair: tuple[Member, Member]) -> None:
    ada, ben = pair
    with time_machine.travel(now() - timedelta(days=9), tick=False):
        buy(shop, ben, 1_000)
    first = hold(shop, ben, 150).json()["hold"]["ref"]
    second = hold(shop, ben, 200).json()["hold"]["ref"]
    assert (spendable(ada), spendable(ben)) == (350, 0)
    assert tell(shop, f"holds/{second}/capture", {}).status_code == 200
    assert balances(ada, ben) == [350, 150]
    assert not PooledLot.objects.filter(lot__remaining__gt=0).exists()
    tell(shop, f"holds/{first}/release", {})
    assert (spendable(ada), spendable(ben)) == (350, 150)


def test_what_a_lapsed_hold_set_aside_is_free_without_any_job(
    shop: Shop, pair: tuple[Member, Member]
) -> None:
    ada, ben = pair
    hold(shop, ben, 300, seconds=60)
    hold(shop, ben, 200, seconds=7 * 86_400)
    assert spend(shop, ada, 110).status_code == 409
    with time_machine.travel(now() + timedelta(minutes=2), tick=False):
        assert spend(shop, ada, 300).status_code == 201
        assert balances(ada, ben) == [200, 100]
    with time_machine.travel(now() + timedelta(days=9), tick=False):
        assert spend(shop, ada, 200).status_code == 201
        assert balances(ada, ben) == [0, 100]


def test_a_hold_keeps_what_it_set_aside_when_the_giver_leaves_and_the_limit_is_lowered(
    shop: Shop, pair: tuple[Member, Member]
) -> None:
    ada, ben = pair
    held = hold(shop, ben, 400).json()["hold"]["ref"]
    limit(ada, ben, 0)
    leave_household(ada.pk, because=PlaceEnd.LEFT, actor="test", now=now())
    assert spendable(ada) == 200
    assert tell(shop, f"holds/{held}/capture", {"points": 350}).status_code == 200
    assert balances(ada, ben) == [250, 0]
    assert spendable(ada) == 250


def test_a_hold_counts_by_the_limit_while_it_lives(shop: Shop, pair: tuple[Member, Member]) -> None:
    ada, ben = pair
    limit(ada, ben, 50)
    refused = hold(shop, ben, 160)
    assert refused.status_code == 409
    held = hold(shop, ben, 140).json()["hold"]["ref"]
    assert spend(shop, ben, 20).status_code == 409
    assert spend(shop, ben, 10).status_code == 201
    tell(shop, f"holds/{held}/release", {})
    assert spend(shop, ben, 140).status_code == 201
    assert spend(shop, ben, 10).status_code == 409
    assert balances(ada, ben) == [450, 0]


def test_what_comes_back_later_counts_for_the_period_it_was_drawn_in(
    shop: Shop, pair: tuple[Member, Member]
) -> None:
    ada, ben = pair
    with time_machine.travel(datetime(2027, 5, 31, 16, tzinfo=UTC), tick=False) as clock:
        buy(shop, ada, 5_000)
        limit(ada, ben, 50, LimitPeriod.MONTH)
        first = spend(shop, ben, 50).json()["order"]["ref"]
        clock.shift(timedelta(days=1))
        second = spend(shop, ben, 50).json()["order"]["ref"]
        bring_back(shop, first, None)
        assert spend(shop, ben, 10).status_code == 409
        bring_back(shop, second, None)
        assert spend(shop, ben, 50).status_code == 201
        assert balances(ada, ben)[0] == 950


def test_a_hold_ends_no_later_than_the_points_of_others_that_it_sets_aside(
    shop: Shop, pair: tuple[Member, Member]
) -> None:
    ada, ben = pair
    with time_machine.travel(now() + timedelta(days=24), tick=False):
        held = hold(shop, ben, 150, seconds=7 * 86_400).json()["hold"]
        runs_out = Lot.objects.get(member=ada).expires_at
        assert datetime.fromisoformat(held["expires_at"]) == runs_out


def test_staff_take_nothing_of_what_is_set_aside_for_another(shop: Shop, pair: tuple[Member, Member]) -> None:
    ada, ben = pair
    held = hold(shop, ben, 400).json()["hold"]["ref"]
    assert hold(shop, ada, 201).status_code == 409
    assert give(ada, {"ref": ben.ref}, 201).status_code == 409
    assert tell(shop, f"holds/{held}/capture", {}).status_code == 200
    assert balances(ada, ben) == [200, 0]


def test_a_capture_by_a_clock_that_went_back_is_refused_and_nothing_is_done(
    shop: Shop, pair: tuple[Member, Member]
) -> None:
    ada, ben = pair
    held = hold(shop, ben, 600).json()["hold"]["ref"]
    with time_machine.travel(Lot.objects.get(member=ben).available_from - timedelta(seconds=1), tick=False):
        refused = tell(shop, f"holds/{held}/capture", {})
        assert (refused.status_code, refused.json().get("code")) == (409, "wallet_busy"), refused.content
    assert Hold.objects.get().state == "held"
    assert tell(shop, f"holds/{held}/capture", {}).status_code == 200
    assert balances(ada, ben) == [0, 0]
