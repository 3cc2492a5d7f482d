"""One household's points at many tills at once: not one too many, nobody stuck."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, transaction

from loyalty.models import Entry, PooledLot, Wallet
from loyalty.services.verification import verify_ledger
from members.models import Member
from members.services.households import leave_household
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.families import family, join
from tests.loyalty.rewards import gift, redeem_by_app
from tests.loyalty.test_races_of_processes import Race, Request, race
from tests.loyalty.test_returns import buy
from tests.slowly import wait_for_waiting

__all__ = ["race"]

pytestmark = pytest.mark.django_db(transaction=True)
TURNS = 12


def test_two_tills_drain_a_household_to_the_last_point(shop: Shop, race: Race) -> None:
    people = [shop.enrol() for _ in range(3)]
    buy(shop, people[0], 3_000)
    buy(shop, people[1], 2_000)
    family(*people)
    turns: list[Request] = [
        ("checkout/commit", basket(5, spend_points=50) | {"member": {"ref": people[(turn + 2) % 3].ref}})
        for turn in range(TURNS)
    ]
    tills = [
        turns,
        [(path, body | {"receipt_number": f"T-{number}"}) for number, (path, body) in enumerate(turns)],
    ]
    answers = race(shop, tills, all_reach=people[0])
    assert sorted(status for status, _ in answers) == [201] * 10 + [409] * (2 * TURNS - 10)
    assert {body["code"] for status, body in answers if status != 201} == {"insufficient_points"}
    assert [wallet.balance for wallet in Wallet.objects.all()] == [0, 0, 0]
    assert sum(Entry.objects.filter(kind="spend").values_list("points", flat=True)) == -500
    assert verify_ledger(now=datetime.now(UTC)) == []


def while_it_waits(of: Member, act: Any, meanwhile: Any) -> Any:
    """What an act answers that waits for this member's wallet, while something else happens and is committed."""

    def acting() -> Any:
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as hand:
        with transaction.atomic():
            Wallet.objects.select_for_update().get(member=of)
            told = hand.submit(acting)
            wait_for_waiting()
            with ThreadPoolExecutor(1) as other:
                other.submit(lambda: (meanwhile(), connection.close())).result(60)
        return told.result(60)


@pytest.fixture
def three(shop: Shop) -> tuple[Member, Member, Member]:
    """Ada with 500 points, Ben with 100 in her household, and Cleo with 500 in none."""
    ada, ben, cleo = shop.enrol(), shop.enrol(), shop.enrol()
    for one, minor in ((cleo, 5_000), (ada, 5_000), (ben, 1_000)):
        buy(shop, one, minor)
    family(ada, ben)
    return ada, ben, cleo


def test_who_joins_while_a_draw_waits_is_not_drawn_on(
    shop: Shop, three: tuple[Member, Member, Member]
) -> None:
    ada, ben, cleo = three
    body = basket(30, member=ben, spend_points=300)
    answer = while_it_waits(ada, lambda: shop.commit(body), lambda: join(ada, cleo))
    assert answer.status_code == 201
    assert [one.from_member for one in PooledLot.objects.all()] == [ada]
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_who_leaves_while_a_reward_waits_gives_nothing_and_it_is_refused_in_words(
    shop: Shop, three: tuple[Member, Member, Member]
) -> None:
    ada, ben, _ = three
    mug = gift(shop, 300)
    now = datetime.now(UTC)
    answer = while_it_waits(
        ada, lambda: redeem_by_app(ben, mug), lambda: leave_household(ada.pk, actor="test", now=now)
    )
    assert (answer.status_code, answer.json()["missing_points"]) == (409, 200)
    assert not Entry.objects.filter(kind__startswith="pool").exists()
    assert verify_ledger(now=datetime.now(UTC)) == []
