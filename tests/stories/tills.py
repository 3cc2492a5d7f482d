"""Tills that sell through the doors of a running stack, and a look into its books from beside it."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.stack.serving import Serving, wait_until

TILLS = 4
PATIENCE_S = 90.0
FAULT_SHOP = "tests.stories.fault_shop"


@dataclass
class Tills:
    """Cashiers who sell without a pause, and send a purchase again until they are answered."""

    url: str
    key: str
    members: list[str]
    acknowledged: list[str] = field(default_factory=list)
    unheard: list[str] = field(default_factory=list)
    is_closing: threading.Event = field(default_factory=threading.Event)

    def sell(self, till: int) -> None:
        """Until the shop closes. The last purchase too is sent until it is answered."""
        number = 0
        while not self.is_closing.is_set():
            number += 1
            self._commit(f"T{till}-{number}", self.members[(till + number) % len(self.members)])

    def _commit(self, receipt: str, member: str) -> None:
        body = {
            "receipt_number": receipt,
            "member": {"ref": member},
            "lines": [{"sku": "TEA", "quantity": 1, "unit_price_minor": 450}],
        }
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            if self._is_booked(body, receipt):
                self.acknowledged.append(receipt)
                return
            time.sleep(0.2)
        self.unheard.append(receipt)

    def _is_booked(self, body: dict[str, Any], key: str) -> bool:
        headers = {
            "Authorization": f"Bearer {self.key}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        }
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{self.url}/api/v1/checkout/commit", json.dumps(body).encode(), headers
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback
                return bool(answer.status in (200, 201))
        except (OSError, urllib.error.HTTPError):
            return False


@contextmanager
def selling(stack: Serving) -> Iterator[Tills]:
    """Open a shop in an empty stack and sell at all its tills until the end of the block."""
    shop = stack.ask_beside(FAULT_SHOP, "open")
    tills = Tills(f"http://127.0.0.1:{stack.port}", shop["key"], shop["members"])
    cashiers = [threading.Thread(target=tills.sell, args=(till,)) for till in range(TILLS)]
    for cashier in cashiers:
        cashier.start()
    try:
        yield tills
    finally:
        tills.is_closing.set()
        for cashier in cashiers:
            cashier.join()


def assert_booked_once(stack: Serving, tills: Tills) -> None:
    """Every purchase was answered, is in the books once, and the subscribers know of it; the ledger adds up."""
    assert tills.unheard == [], "\n".join(stack.said)
    assert wait_until(lambda: stack.ask_beside(FAULT_SHOP, "tell")["waiting"] == 0, within_s=PATIENCE_S)
    books = stack.ask_beside(FAULT_SHOP, "tell")
    assert books["numbers"] == sorted(tills.acknowledged)
    assert books["known_to_campaigns"] == len(tills.acknowledged)
    assert books["differences"] == 0
