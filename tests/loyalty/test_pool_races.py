"""One household's points at many tills at once: not one too many, nobody stuck."""

from datetime import UTC, datetime

import pytest

from loyalty.models import Entry, Wallet
from loyalty.services.verification import verify_ledger
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.families import family
from tests.loyalty.test_races_of_processes import Race, Request, race
from tests.loyalty.test_returns import buy

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
