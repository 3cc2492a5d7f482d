"""The ready line is a promise: no child that still starts is behind it, and none that died."""

import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from config.stack.ports import free_port
from config.stack.processes import Known, wait_until_gone
from tests.stack.serving import READY_WITHIN_S, Serving, opened_folder, serving, wait_until


@pytest.fixture(scope="module")
def home() -> Path:
    return opened_folder()


def _wait_until_all_are_started(stack: Serving) -> None:
    assert wait_until(lambda: "beat" in stack.children(), within_s=READY_WITHIN_S), "\n".join(stack.said)


def _has_said_ready(stack: Serving, name: str, pid: int) -> bool:
    file = stack.home.ready_file(name)
    return file.is_file() and file.read_text() == str(pid)


def _is_idle(process: psutil.Process) -> bool:
    """Whether it waits for something, not for its turn: it sleeps, and used no processor time for a while."""
    return process.cpu_percent(interval=1) == 0 and process.status() == psutil.STATUS_SLEEPING


def _assert_it_ended(stack: Serving, why: str, everyone: list[Known]) -> None:
    assert stack.process.wait(READY_WITHIN_S) == 1
    stack.finish()
    said = "\n".join(stack.said)
    assert '"ready"' not in said
    assert why in said
    assert f"The whole log: {stack.home.folder}" in said
    assert wait_until_gone(everyone, timeout_s=1)


def test_nobody_is_told_to_come_while_a_child_still_starts(home: Path) -> None:
    with serving(home, free_port()) as stack:
        _wait_until_all_are_started(stack)
        children = {name: stack.children()[name].pid for name in ("relay", "worker", "beat")}
        for pid in children.values():
            os.kill(pid, signal.SIGSTOP)
        assert wait_until(stack.answers, within_s=60)
        for name, pid in children.items():
            time.sleep(1)
            assert not stack.is_ready(), f"{name} had not started yet"
            os.kill(pid, signal.SIGCONT)
            assert wait_until(lambda name=name, pid=pid: _has_said_ready(stack, name, pid), within_s=60)

        stack.wait_until_ready()


def test_all_wait_for_the_tables_with_their_imports_done(home: Path) -> None:
    with serving(home, free_port()) as stack:
        _wait_until_all_are_started(stack)
        prepare = stack.children()["prepare"].pid
        os.kill(prepare, signal.SIGSTOP)
        waiting = {
            name: psutil.Process(stack.children()[name].pid) for name in ("web", "relay", "worker", "beat")
        }
        for name, process in waiting.items():
            assert wait_until(lambda process=process: _is_idle(process), within_s=60), name
            assert sum(process.cpu_times()[:2]) > 0.5, f"{name} imports only once the tables are there"
        assert not stack.answers()
        assert not any(
            _has_said_ready(stack, name, waiting[name].pid) for name in ("relay", "worker", "beat")
        )

        os.kill(prepare, signal.SIGCONT)

        stack.wait_until_ready()


@pytest.mark.parametrize("name", ["web", "valkey"])
def test_a_child_that_dies_while_the_tables_are_made_ends_the_start(home: Path, name: str) -> None:
    with serving(home, free_port()) as stack:
        _wait_until_all_are_started(stack)
        everyone = stack.everyone()
        os.kill(stack.children()[name].pid, signal.SIGKILL)

        _assert_it_ended(stack, f"{name} ended while it started (exit -9)", everyone)


def test_a_child_that_dies_while_another_still_starts_ends_the_start(home: Path) -> None:
    with serving(home, free_port()) as stack:
        _wait_until_all_are_started(stack)
        os.kill(stack.children()["beat"].pid, signal.SIGSTOP)
        assert wait_until(stack.answers, within_s=60)
        everyone = stack.everyone()
        os.kill(stack.children()["worker"].pid, signal.SIGKILL)

        _assert_it_ended(stack, "worker ended while it started (exit -9)", everyone)


def test_nobody_goes_on_where_the_tables_could_not_be_made(home: Path) -> None:
    with serving(home, free_port()) as stack:
        _wait_until_all_are_started(stack)
        everyone = stack.everyone()
        os.kill(stack.children()["prepare"].pid, signal.SIGKILL)

        _assert_it_ended(stack, "Preparing the database failed", everyone)


def test_what_a_child_said_at_its_end_is_shown(home: Path) -> None:
    with serving(home, free_port(), SECRET_KEY="not-secret-at-all") as stack:
        assert stack.process.wait(READY_WITHIN_S) == 1
        stack.finish()

    said = "\n".join(stack.said)
    assert '"ready"' not in said
    assert "Set SECRET_KEY to about 50 random characters" in said
