"""Races of eight real processes, each a till with a connection of its own."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from loyalty.models import Entry, Hold, Wallet
from loyalty.queries.wallets import get_wallet
from loyalty.services.verification import verify_ledger
from members.models import Member
from tests.loyalty.conftest import Shop, basket
from tests.members.factories import bearer_of
from tests.processes import Processes
from tests.slowly import wait_for_waiting

pytestmark = pytest.mark.django_db(transaction=True)

TILLS = 8
Request = tuple[str, dict[str, Any]]
Told = list[tuple[int, dict[str, Any]]]
Race = Callable[..., Told]


class Tills:
    """Tills that were started at once, each a process."""

    def __init__(
        self, processes: Processes, folder: Path, sales: Sequence[tuple[str, Sequence[Request]]]
    ) -> None:
        """:param sales: the key and the requests of each till."""
        self._files = [folder / f"till-{number}.json" for number in range(len(sales))]
        for file, (key, requests) in zip(self._files, sales, strict=True):
            file.write_text(json.dumps({"key": key, "requests": requests}))
        self._process = processes.start("-m", "tests.loyalty.till_process", *self._files)

    def are_selling(self) -> bool:
        return self._process.poll() is None

    def told(self) -> Told:
        """What all of them were answered, till after till."""
        assert self._process.wait(timeout=240) == 0
        answers = [json.loads(file.with_suffix(".told").read_text()) for file in self._files]
        return [(status, body) for of_till in answers for status, body in of_till]


@pytest.fixture
def race(processes: Processes, tmp_path: Path) -> Race:
    """Let each till send its requests, all tills at once; answers what they were answered.

    `all_reach`: the tills go on when all of them wait for this member's wallet. `keys`: theirs, if not the shop's.
    """

    def run(
        shop: Shop,
        tills: Sequence[Sequence[Request]],
        *,
        all_reach: Member | None = None,
        keys: Sequence[str] = (),
    ) -> Told:
        keys = keys or [shop.key] * len(tills)
        with transaction.atomic():
            if all_reach is not None:
                Wallet.objects.select_for_update().get(member=all_reach)
            started = Tills(processes, tmp_path, list(zip(keys, tills, strict=True)))
            if all_reach is not None:
                wait_for_waiting(len(tills), patience_s=120)
        return started.told()

    return run


def test_eight_tills_hold_and_spend_no_more_than_there_is(open_shop: Callable[..., Shop], race: Race) -> None:
    shop = open_shop()
    member = shop.enrol()
    shop.commit(basket(10_000, member=member))
    own = {"member": {"ref": member.ref}}
    tills: list[list[Request]] = [
        [
            ("holds", {**own, "points": 30})
            if turn % 2
            else ("checkout/commit", basket(90, spend_points=30) | own)
            for turn in range(10)
        ]
        for _ in range(TILLS)
    ]
    answers = race(shop, tills)
    won = sum(status == 201 for status, _ in answers)
    assert won == 1_000 // 30
    assert {body["code"] for status, body in answers if status != 201} == {"insufficient_points"}
    wallet = Wallet.objects.get(member=member)
    spent = -sum(Entry.objects.filter(kind="spend").values_list("points", flat=True))
    assert (wallet.spendable, wallet.held + spent) == (1_000 - 30 * won, 30 * won)
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_eight_tills_settle_each_hold_once(open_shop: Callable[..., Shop], race: Race) -> None:
    shop = open_shop()
    member = shop.enrol()
    shop.commit(basket(10_000, member=member))
    own = {"member": {"ref": member.ref}}
    refs = [
        shop.post("holds", {**own, "points": 100}, **{"Idempotency-Key": f"held-{number}"}).json()["hold"][
            "ref"
        ]
        for number in range(10)
    ]
    ways: list[Callable[[str], Request]] = [
        lambda ref: (f"holds/{ref}/capture", {"points": 60}),
        lambda ref: (f"holds/{ref}/capture", {"points": 40}),
        lambda ref: (f"holds/{ref}/release", {}),
        lambda ref: ("checkout/commit", basket(90, spend_points=80, hold=ref) | own),
    ]
    answers = race(shop, [[ways[till % 4](ref) for ref in refs] for till in range(TILLS)])
    assert Counter(status for status, _ in answers).keys() <= {200, 201, 409}
    holds = list(Hold.objects.all())
    assert {hold.state for hold in holds} <= {"captured", "released"}
    spends = Counter(
        -entry.points for entry in Entry.objects.filter(kind="spend") if entry.cause.startswith("capture:")
    )
    bought = {entry.order_ref for entry in Entry.objects.filter(kind="spend").exclude(order_ref="")}
    assert spends == Counter(
        hold.captured_points for hold in holds if hold.captured_points and not hold.order_ref
    )
    assert {hold.order_ref for hold in holds if hold.order_ref} <= bought
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_eight_tills_buy_hold_and_return_and_the_ledger_agrees(
    open_shop: Callable[..., Shop], race: Race
) -> None:
    shop = open_shop(when_spent="debt")
    member = shop.enrol()
    own = {"member": {"ref": member.ref}}
    orders = [shop.commit(basket(1_000, member=member)).json()["order"]["ref"] for _ in range(20)]
    tills: list[list[Request]] = [
        [
            step
            for turn in range(5)
            for step in (
                ("checkout/commit", basket(500) | own),
                ("holds", {**own, "points": 150}),
                (f"orders/{orders[(till * 5 + turn) % 20]}/cancel", {"return_number": f"B-{till % 4}"}),
            )
        ]
        for till in range(TILLS)
    ]
    answers = race(shop, tills)
    codes = {body["code"] for status, body in answers if status not in (200, 201)}
    assert codes <= {"insufficient_points", "nothing_left_to_return"}
    assert verify_ledger(now=datetime.now(UTC)) == []
    wallet = Wallet.objects.get(member=member)
    assert wallet.balance == (20 * 100 + TILLS * 5 * 50) - 20 * 100


def test_eight_phones_give_points_back_and_forth_and_none_is_lost_or_made(
    open_shop: Callable[..., Shop], race: Race
) -> None:
    shop = open_shop(transfer_points_a_day=None)
    members = [shop.enrol() for _ in range(2)]
    for member in members:
        shop.commit(basket(10_000, member=member))
    keys = [bearer_of(member, now=datetime.now(UTC)).removeprefix("Bearer ") for member in members]
    phones: list[list[Request]] = [
        [("me/transfers", {"to": {"ref": members[1 - phone % 2].ref}, "points": 170})] * 3
        for phone in range(TILLS)
    ]

    answers = race(shop, phones, keys=[keys[phone % 2] for phone in range(TILLS)])

    assert {status for status, _ in answers} <= {201, 409}
    assert sum(Wallet.objects.values_list("balance", flat=True)) == 2_000
    given = Counter(Entry.objects.filter(kind="transfer_out").values_list("wallet_id", flat=True))
    assert sum(given.values()) == sum(status == 201 for status, _ in answers)
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_eight_tills_that_hand_the_same_goods_over_are_answered_alike(
    open_shop: Callable[..., Shop], race: Race
) -> None:
    shop = open_shop()
    member = shop.enrol()
    bought = shop.commit(basket(1_000, member=member, fulfilment={"kind": "collect"})).json()
    path = f"orders/{bought['order']['ref']}/collected"

    answers = race(shop, [[(path, {})]] * TILLS, all_reach=member)

    assert {status for status, _ in answers} == {200}
    assert len({body["collected_at"] for _, body in answers}) == 1
    assert {body["wallet"]["balance"] for _, body in answers} == {100}
    assert get_wallet(member.pk, shop.programme.pk, now=datetime.now(UTC)).spendable == 100
    assert verify_ledger(now=datetime.now(UTC)) == []
