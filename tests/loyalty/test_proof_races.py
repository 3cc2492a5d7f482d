"""NEVER 15 and 3 at eight tills at once: a name is good for so many points in all, and what has a name counts once."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from loyalty.models import Entry, Hold, Wallet
from loyalty.services.verification import verify_ledger
from members.models import Member
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.rewards import gift
from tests.loyalty.test_races_of_processes import TILLS, Race, Request, race

__all__ = ["race"]

pytestmark = pytest.mark.django_db(transaction=True)

KNOWN = {"member": {"phone": "+12125550142"}}


def member_of(shop: Shop) -> Member:
    """Known by a phone number, with 2,000 points."""
    member = shop.enrol("+12125550142")
    shop.commit(basket(20_000, member=member))
    return member


def test_never_15_eight_tills_at_once_let_no_more_go_on_a_name(
    open_shop: Callable[..., Shop], race: Race
) -> None:
    shop = open_shop(proof_above=100)
    member, mug = member_of(shop), gift(shop, 100)
    ways: list[Callable[[], Request]] = [
        lambda: ("checkout/commit", basket(90, spend_points=100) | KNOWN),
        lambda: ("holds", {**KNOWN, "points": 100}),
        lambda: ("checkout/commit", basket(90, spend_points=100) | KNOWN),
        lambda: ("redemptions", {**KNOWN, "reward": mug.code}),
    ]
    answers = race(shop, [[ways[till % 4]()] for till in range(TILLS)], all_reach=member)
    assert Counter(status == 201 for status, _ in answers) == {True: 1, False: TILLS - 1}
    assert {body["code"] for status, body in answers if status != 201} <= {"proof_needed", "wallet_busy"}
    wallet = Wallet.objects.get(member=member)
    spent = -sum(Entry.objects.filter(kind="spend").values_list("points", flat=True))
    assert wallet.held + spent == 100
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_never_3_a_hold_that_eight_tills_tell_under_one_reference_counts_once(
    open_shop: Callable[..., Shop], race: Race
) -> None:
    shop = open_shop()
    member = member_of(shop)
    told: dict[str, Any] = {**KNOWN, "points": 300, "reference": "basket-77"}
    answers = race(shop, [[("holds", told)] for _ in range(TILLS)], all_reach=member)
    assert Counter(status for status, _ in answers) == {201: 1, 200: TILLS - 1}
    assert {body["hold"]["ref"] for _, body in answers} == {Hold.objects.get().ref}
    assert Wallet.objects.get(member=member).held == 300
