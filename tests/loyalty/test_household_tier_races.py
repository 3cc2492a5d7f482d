"""A household whose tiers are levelled by two at once, while somebody leaves: each tier once, and nobody stuck."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from config.outbox.delivery import deliver_due
from config.outbox.events import Delivered
from loyalty.models import TierStanding, Wallet
from loyalty.models.tiers import BY_HOUSEHOLD
from loyalty.services.household_tiers import level_household_tiers
from loyalty.services.verification import verify_ledger
from loyalty.subscribers import share_tiers
from members.events import HouseholdJoined
from members.services.households import leave_household
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.families import family
from tests.loyalty.test_household_tiers import tiers
from tests.slowly import wait_for_waiting

pytestmark = pytest.mark.django_db(transaction=True)


def now() -> datetime:
    return datetime.now(UTC)


def test_levelled_by_four_at_once_everybody_is_given_a_tier_once(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(households_share_tier=True)
    ada, ben, cleo = people = [shop.enrol() for _ in range(3)]
    shop.commit(basket(50_000, member=ada))
    household = family(*people)
    assert run(lambda: level_household_tiers([household.pk], now=now()), times=4) <= 2 * 4
    held = TierStanding.objects.filter(given_by__startswith=BY_HOUSEHOLD, until_at__gt=now())
    assert sorted(held.values_list("member_id", flat=True)) == [ben.pk, cleo.pk]
    assert tiers(*people) == ["gold"] * 3

    leave_household(ada.pk, actor="test", now=now())
    run(lambda: level_household_tiers([household.pk], now=now()), times=4)
    while deliver_due(now=now()):
        pass
    assert not held.filter(until_at__gt=now()).exists()
    assert tiers(ada, ben, cleo) == ["gold", "basic", "basic"]
    assert verify_ledger(now=now()) == []


def test_news_of_two_households_lock_wallets_in_the_order_in_which_everybody_does(
    open_shop: Callable[..., Shop],
) -> None:
    shop = open_shop(households_share_tier=True)
    ada, ben, cleo, dora = people = [shop.enrol() for _ in range(4)]
    for one in people:
        shop.commit(basket(50_000 if one in (ada, cleo) else 100, member=one))
    news = [
        Delivered(number, HouseholdJoined(household_ref=home.ref), None, now(), now())
        for number, home in enumerate([family(cleo, dora), family(ada, ben)])
    ]

    def hear() -> None:
        with closing(connection), transaction.atomic():
            share_tiers(news, now=now())

    with ThreadPoolExecutor(1) as hand:
        with transaction.atomic():
            Wallet.objects.select_for_update().get(member=ada)
            heard = hand.submit(hear)
            wait_for_waiting()
            Wallet.objects.select_for_update().get(member=dora)
        heard.result(30)
    assert tiers(*people) == ["gold"] * 4


def run(act: Callable[[], int], *, times: int) -> int:
    """What an act answers in all, done by so many at once."""

    def acting() -> int:
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as hands:
        return sum(one.result(30) for one in [hands.submit(acting) for _ in range(times)])
