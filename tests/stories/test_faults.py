"""kill -9 of everything, one after the other, in the middle of a stream of commits: nothing lost, nothing doubled."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from config.stack.ports import free_port
from config.stack.processes import Known, members_of_group
from tests.house.floorplan import PROJECT
from tests.stack.serving import Serving, serving, wait_until

TILLS = 4
PATIENCE_S = 90.0
BETWEEN_MURDERS_S = 4.0


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


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not below pytest's own, which every pytest closes to others: PostgreSQL comes back as another user."""
    with tempfile.TemporaryDirectory(prefix="regulars-") as made:
        yield Path(made) / "shop"


def test_never_lost_never_doubled_whoever_is_killed(folder: Path) -> None:
    with serving(folder, free_port()) as stack:
        stack.wait_until_ready()
        shop = _beside(stack, "open")
        tills = Tills(f"http://127.0.0.1:{stack.port}", shop["key"], shop["members"])
        cashiers = [threading.Thread(target=tills.sell, args=(till,)) for till in range(TILLS)]
        for cashier in cashiers:
            cashier.start()
        for victim in ("web", "worker", "valkey", "relay", "postgres"):
            time.sleep(BETWEEN_MURDERS_S)
            sold = len(tills.acknowledged)
            _kill(stack, victim)
            assert wait_until(lambda sold=sold: len(tills.acknowledged) > sold, within_s=PATIENCE_S), victim
        time.sleep(BETWEEN_MURDERS_S)
        tills.is_closing.set()
        for cashier in cashiers:
            cashier.join()
        assert tills.unheard == [], "\n".join(stack.said)
        assert wait_until(lambda: _beside(stack, "tell")["waiting"] == 0, within_s=PATIENCE_S)
        books = _beside(stack, "tell")
    assert books["numbers"] == sorted(tills.acknowledged)
    assert books["known_to_campaigns"] == len(tills.acknowledged)
    assert books["differences"] == 0


def _kill(stack: Serving, victim: str) -> None:
    """SIGKILL to a child; of the web server only to one of its workers, in the middle of its requests."""
    child = stack.children()[victim]
    workers = [one for one in members_of_group(child) if one.pid != child.pid]
    target: Known = workers[0] if victim == "web" and workers else child
    os.kill(target.pid, signal.SIGKILL)


def _beside(stack: Serving, what: str) -> dict[str, Any]:
    """Ask a process beside the stack, which finds the servers as every `manage.py` does."""
    servers = {"DATABASE_URL", "BROKER_URL", "CACHE_URL"}
    environment = {name: value for name, value in os.environ.items() if name not in servers}
    environment |= {"REGULARS_HOME": str(stack.home.folder), "DJANGO_SETTINGS_MODULE": "config.settings"}
    told = subprocess.run(
        [sys.executable, "-m", "tests.stories.fault_shop", what],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr[-3000:]
    return dict(json.loads(told.stdout))
