"""The ready line is a promise: no child that still starts is behind it, and none that died."""

import os
import signal
import time
from pathlib import Path

import pytest

from config.stack.ports import free_port
from config.stack.processes import wait_until_gone
from tests.stack.serving import READY_WITHIN_S, Serving, opened_folder, serving, wait_until


@pytest.fixture(scope="module")
def home() -> Path:
    return opened_folder()


def _wait_until_all_are_started(stack: Serving) -> None:
    assert wait_until(lambda: "beat" in stack.children(), within_s=READY_WITHIN_S), "\n".join(stack.said)


def _has_said_ready(stack: Serving, name: str, pid: int) -> bool:
    file = stack.home.ready_file(name)
    return file.is_file() and file.read_text() == str(pid)


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


@pytest.mark.parametrize("name", ["web", "worker", "valkey"])
def test_a_child_that_dies_while_it_starts_ends_the_start(home: Path, name: str) -> None:
    with serving(home, free_port()) as stack:
        _wait_until_all_are_started(stack)
        everyone = stack.everyone()
        os.kill(stack.children()[name].pid, signal.SIGKILL)

        assert stack.process.wait(READY_WITHIN_S) == 1
        stack.finish()

    said = "\n".join(stack.said)
    assert '"ready"' not in said
    assert f"{name} ended while it started (exit -9)" in said
    assert f"The whole log: {stack.home.folder}" in said
    assert wait_until_gone(everyone, timeout_s=1)


def test_what_a_child_said_at_its_end_is_shown(home: Path) -> None:
    with serving(home, free_port(), SECRET_KEY="not-secret-at-all") as stack:
        assert stack.process.wait(READY_WITHIN_S) == 1
        stack.finish()

    said = "\n".join(stack.said)
    assert '"ready"' not in said
    assert "Set SECRET_KEY to about 50 random characters" in said
