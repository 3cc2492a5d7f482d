"""kill -9 of everything, one after the other, in the middle of a stream of commits: nothing lost, nothing doubled."""

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.stack.ports import free_port
from config.stack.processes import Known, members_of_group
from tests.stack.serving import Serving, serving, wait_until
from tests.stories.tills import PATIENCE_S, assert_booked_once, selling

BETWEEN_MURDERS_S = 4.0


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not below pytest's own, which every pytest closes to others: PostgreSQL comes back as another user."""
    with tempfile.TemporaryDirectory(prefix="regulars-") as made:
        yield Path(made) / "shop"


def test_never_lost_never_doubled_whoever_is_killed(folder: Path) -> None:
    with serving(folder, free_port()) as stack:
        stack.wait_until_ready()
        with selling(stack) as tills:
            for victim in ("web", "worker", "valkey", "relay", "postgres"):
                time.sleep(BETWEEN_MURDERS_S)
                sold = len(tills.acknowledged)
                _kill(stack, victim)
                assert wait_until(lambda sold=sold: len(tills.acknowledged) > sold, within_s=PATIENCE_S), (
                    victim
                )
            time.sleep(BETWEEN_MURDERS_S)
        assert_booked_once(stack, tills)


def _kill(stack: Serving, victim: str) -> None:
    """SIGKILL to a child; of the web server only to one of its workers, in the middle of its requests."""
    child = stack.children()[victim]
    workers = [one for one in members_of_group(child) if one.pid != child.pid]
    target: Known = workers[0] if victim == "web" and workers else child
    os.kill(target.pid, signal.SIGKILL)
