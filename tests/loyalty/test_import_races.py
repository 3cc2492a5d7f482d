"""An import and tills that tell the very same purchases at the same time, by threads on real PostgreSQL."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from loyalty.models import Entry
from loyalty.services import import_orders
from loyalty.services.import_report import Report, Tally
from loyalty.services.importing import import_feeds
from loyalty.services.verification import verify_ledger
from members.models import Member
from omnichannel.models import ApiKey, Order, UnclaimedOrder
from tests.loyalty.conftest import Shop
from tests.loyalty.test_importing import Refused
from tests.loyalty.test_orders import orders_key
from tests.slowly import others_at_it

pytestmark = pytest.mark.django_db(transaction=True)

PLACED_AT = "2025-03-01T10:00:00Z"


def purchase(number: int, member: Member | None = None) -> dict[str, Any]:
    """A purchase of 7.00, as a web shop tells it."""
    line = {"sku": "TEA", "quantity": 1, "unit_price_minor": 700}
    told = {"order_number": f"W{number}", "placed_at": PLACED_AT, "lines": [line]}
    return told | ({"member": {"phone": phone_of(member)}} if member else {})


def phone_of(member: Member | None) -> str:
    return member.identities.get(kind="phone").value if member else ""


class Web:
    """A shop's web side: tells purchases over the API, and hands the same ones in as a file."""

    def __init__(self, shop: Shop, folder: Path) -> None:
        self.shop = shop
        self.folder = folder
        self.key = orders_key(place_id=shop.place.pk)
        ApiKey.objects.update(last_used_on=datetime.now(UTC).date())  # nobody waits to note the first use

    def tell(self, body: dict[str, Any]) -> int:
        """Until it is taken; the status."""
        for _ in range(20):
            status = self._post(body)
            if status != 409:
                break
        return status

    def _post(self, body: dict[str, Any]) -> int:
        answer = Client().post(
            "/api/v1/orders",
            body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.key}"},
        )
        return answer.status_code

    def hand_in(
        self, told: Sequence[tuple[int, Member | None]], *, hands: int = 1
    ) -> tuple[Tally, list[str]]:
        """Import the purchases of these numbers; what became of them, and the reasons of those refused."""
        rows = "".join(
            f"{self.shop.place.code},W{number},{PLACED_AT},{phone_of(member)},TEA,1,7.00\n"
            for number, member in told
        )
        path = self.folder / "orders.csv"
        path.write_text(f"place,number,placed_at,member_phone,sku,quantity,unit_price\n{rows}")
        refused = Refused()
        report = Report(refusals=refused, watch=lambda *_: None)
        import_feeds(
            [path],
            programme_code=self.shop.programme.code,
            hands=hands,
            report=report,
            clock=lambda: datetime.now(UTC),
        )
        return report.tally, [reason for _, _, reason in refused.rows]


@pytest.fixture
def web(open_shop: Callable[..., Shop], tmp_path: Path) -> Web:
    return Web(open_shop(), tmp_path)


def test_an_import_outlasts_tills_that_come_between_at_every_try(web: Web) -> None:
    """More often than it tries: what the tills told is known then, the rest is booked."""
    member = web.shop.enrol()
    told = [(number, None if number <= 12 else member) for number in range(1, 21)]
    tills = [partial(web.tell, purchase(number)) for number in range(12, 0, -1)]

    with others_at_it(tills):
        tally, refused = web.hand_in(told)

    assert refused == []
    assert tally.orders_known + tally.orders_anonymous == 12
    assert (UnclaimedOrder.objects.count(), Order.objects.count(), tally.orders_booked) == (12, 8, 8)
    assert [web.tell(purchase(*each)) for each in told] == [200] * 20
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_an_order_that_others_are_at_at_every_try_is_named_and_no_other(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Members' orders are written first, so the till that tells number 2 ends the first try, number 1 the second."""
    monkeypatch.setattr(import_orders, "TRIES", 1)
    member = web.shop.enrol()
    told = [(1, None), (2, member), (3, member)]
    tills = [[partial(web.tell, purchase(number))] for number in (1, 2)]

    with others_at_it(*tills):
        tally, refused = web.hand_in(told)

    assert [reason.partition(":")[0] for reason in refused] == ["wallet_busy", "receipt_content_differs"]
    assert (tally.orders_refused, tally.orders_booked) == (2, 1)
    again, _ = web.hand_in(told)
    assert (again.orders_known, again.orders_refused) == (2, 1)


def test_an_import_and_tills_of_the_same_members_count_each_purchase_once(web: Web) -> None:
    members = [web.shop.enrol() for _ in range(2)]
    told = [(number, members[number % 2]) for number in range(1, 91)]

    def till(which: int) -> list[int]:
        try:
            return [web.tell(purchase(*each)) for each in told[: which * 8 : -3]]
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as tills:
        selling = tills.map(till, range(3))
        tally, refused = web.hand_in(told, hands=2)
    statuses = {status for each in selling for status in each}

    assert statuses <= {200, 201}
    assert tally.orders_booked + tally.orders_known + tally.orders_refused == 90
    assert len(refused) == tally.orders_refused
    again, _ = web.hand_in(told)
    assert Order.objects.count() == 90
    assert (again.orders_known, again.orders_refused) == (90 - again.orders_booked, 0)
    assert sum(Entry.objects.values_list("points", flat=True)) == 90 * 70
    assert verify_ledger(now=datetime.now(UTC)) == []
