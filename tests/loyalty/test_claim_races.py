"""A purchase is claimed at some tills while its goods come back at others, all of them processes of their own."""

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from loyalty.models import Entry
from loyalty.services.verification import verify_ledger
from omnichannel.models import Order, OrderReturn, UnclaimedOrder
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.test_races_of_processes import TILLS, Race, Request, race

__all__ = ["race"]

pytestmark = pytest.mark.django_db(transaction=True)

PURCHASES = 8


def test_what_comes_back_is_nobodys_or_the_members_and_its_points_go_with_it(
    open_shop: Callable[..., Shop], race: Race
) -> None:
    shop = open_shop()
    member = shop.enrol()
    refs = {
        f"R-{number}": shop.commit(basket(1_000, 500, receipt_number=f"R-{number}")).json()["order"]["ref"]
        for number in range(PURCHASES)
    }
    claims: list[Request] = [
        ("orders/claim", {"member": {"ref": member.ref}, "receipt_number": number}) for number in refs
    ]
    returns: list[Request] = [
        (f"orders/{ref}/returns", {"return_number": "B-1", "lines": [{"line": 0, "quantity": 1}]})
        for ref in refs.values()
    ]
    tills = [
        (returns if till % 2 else claims)[till:] + (returns if till % 2 else claims)[:till]
        for till in range(TILLS)
    ]
    answers = race(shop, tills)
    outcomes: defaultdict[str, list[int]] = defaultdict(list)
    for till, of_till in enumerate(tills):
        for (path, _), (status, body) in zip(of_till, answers[till * PURCHASES :], strict=False):
            outcomes["claim" if path == "orders/claim" else "return"].append(status)
            assert status in (200, 201) or body["code"] == "purchase_came_back"
    assert set(outcomes["return"]) <= {200, 201}
    assert outcomes["return"].count(201) == PURCHASES

    claimed = Order.objects.filter(ref__in=refs.values())
    nobodys = UnclaimedOrder.objects.filter(ref__in=refs.values())
    assert claimed.count() + nobodys.count() == PURCHASES
    assert outcomes["claim"].count(201) == claimed.count()
    assert OrderReturn.objects.count() == claimed.count()
    assert [len(one.returns) for one in nobodys] == [1] * nobodys.count()
    assert sum(Entry.objects.values_list("points", flat=True)) == 50 * claimed.count()
    assert verify_ledger(now=datetime.now(UTC)) == []
