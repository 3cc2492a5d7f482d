"""`make serve` as a whole, with real processes: it starts, it watches, it stops, and it cleans up after a murder.

The tests share one data folder, as the starts of one shop do.
"""

import os
import signal
import socket
import stat
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from config.stack.ports import free_port, is_free
from config.stack.processes import wait_until_gone
from tests.stack.serving import Serving, new_folder, opened_folder, serving, wait_until

NAMES = {"postgres", "valkey", "relay", "worker", "beat", "web"}


@pytest.fixture(scope="module")
def home() -> Path:
    return opened_folder()


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.mark.parametrize(
    ("number", "make_home"),
    [(signal.SIGINT, new_folder), (signal.SIGTERM, opened_folder)],
    ids=["new-and-interrupted", "opened-and-terminated"],
)
def test_it_says_when_it_is_ready_and_a_signal_stops_all(
    make_home: Callable[[], Path], port: int, number: signal.Signals
) -> None:
    home = make_home()
    with serving(home, port) as stack:
        ready = stack.wait_until_ready()
        everyone = stack.everyone()

        assert ready["url"] == f"http://127.0.0.1:{port}"
        assert ready["admin"] == f"http://127.0.0.1:{port}/admin/"
        assert ready["admin_user"]
        assert ready["admin_password"]
        assert set(ready) == {"ready", "url", "admin", "admin_user", "admin_password"}
        assert set(stack.children()) == NAMES
        assert wait_until(stack.answers, within_s=30), "\n".join(stack.said)
        with urllib.request.urlopen(ready["admin"], timeout=10) as admin:  # noqa: S310 - loopback
            assert admin.status == 200

        code = stack.finish(number)

    assert code == 0
    assert wait_until_gone(everyone, timeout_s=1)
    assert is_free(port)
    assert not (home / "stack.json").exists()
    assert not (home / "postgres" / "data" / "postmaster.pid").exists()


def test_a_second_start_is_refused_and_told_who_is_running(home: Path, port: int) -> None:
    with serving(home, port) as first:
        first.wait_until_ready()
        with serving(home, free_port()) as second:
            code = second.process.wait(60)
            second.finish()
            said = "\n".join(second.said)

        assert code == 1
        assert f"process {first.process.pid}, http://127.0.0.1:{port}" in said
        assert wait_until(first.answers, within_s=30), "\n".join(first.said)


def test_every_child_that_is_killed_is_started_again(home: Path, port: int) -> None:
    with serving(home, port) as stack:
        stack.wait_until_ready()
        for name in sorted(NAMES):
            killed = stack.children()[name]

            os.kill(killed.pid, signal.SIGKILL)

            assert wait_until(
                lambda name=name, killed=killed: _is_replaced(stack, name, killed.pid), within_s=30
            )
        assert wait_until(stack.answers, within_s=30), "\n".join(stack.said)


def _is_replaced(stack: Serving, name: str, pid: int) -> bool:
    return name in stack.children() and stack.children()[name].pid != pid


def test_a_web_worker_that_is_killed_is_replaced(home: Path, port: int) -> None:
    with serving(home, port) as stack:
        stack.wait_until_ready()
        web = stack.children()["web"]
        workers = [
            each for each in stack.everyone() if os.getpgid(each.pid) == web.pid and each.pid != web.pid
        ]

        for worker in workers:
            os.kill(worker.pid, signal.SIGKILL)

        assert wait_until(stack.answers, within_s=30)


def test_a_start_after_a_murder_finds_a_clean_house(home: Path, port: int) -> None:
    with serving(home, port) as killed:
        killed.wait_until_ready()
        everyone = killed.everyone()
        killed.process.kill()
        killed.process.wait()
        assert (home / "stack.json").exists()

        with serving(home, port) as stack:
            stack.wait_until_ready()

            assert wait_until_gone(everyone, timeout_s=1)
            assert wait_until(stack.answers, within_s=30), "\n".join(stack.said)


def test_children_do_not_outlive_a_runner_that_is_killed(home: Path, port: int) -> None:
    with serving(home, port) as stack:
        stack.wait_until_ready()
        everyone = stack.everyone()

        stack.process.kill()
        stack.process.wait()

        assert wait_until_gone(everyone, timeout_s=30)


def test_a_port_that_is_taken_is_named(home: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with serving(home, port) as stack:
            assert stack.process.wait(60) == 1
            assert wait_until(lambda: f"Port {port} is taken" in "\n".join(stack.said), within_s=5)


def test_what_others_must_not_read_is_for_the_owner_alone(home: Path, port: int) -> None:
    with serving(home, port) as stack:
        stack.wait_until_ready()

        for name in ("stack.env", "stack.json", "secret", "card-key", "demo.json", "valkey/valkey.conf"):
            assert stat.S_IMODE((home / name).stat().st_mode) == 0o600, name
