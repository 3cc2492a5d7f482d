"""kill -9 of everything, one after the other, in the middle of a stream of commits: nothing lost, nothing doubled."""

import os
import signal
import time

from config.stack.ports import free_port
from config.stack.processes import Known, members_of_group
from tests.stack.serving import Serving, opened_folder, serving, wait_until
from tests.stories.tills import PATIENCE_S, assert_booked_once, selling

BETWEEN_MURDERS_S = 4.0


def test_never_lost_never_doubled_whoever_is_killed() -> None:
    with serving(opened_folder(), free_port()) as stack:
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
