"""The ready line is a promise: no child that still starts is behind it, and none that died."""

import os
import signal
import time
import urllib.request
from pathlib import Path

import psutil
import pytest

from config.stack.ports import free_port
from config.stack.processes import Known, spawn, wait_until_gone
from config.stack.services import relay_command
from tests.house.floorplan import PROJECT
from tests.stack.serving import READY_WITHIN_S, Serving, opened_folder, serving, wait_until

FIRST_WORDS = {
    "web": "Starting granian",
    "relay": "The relay starts.",
    "worker": "celery@",
    "beat": "celery beat",
}


@pytest.fixture(scope="module")
def home() -> Path:
    return opened_folder()


def _wait_until_all_are_started(stack: Serving) -> None:
    assert wait_until(lambda: "beat" in stack.children(), within_s=READY_WITHIN_S), "\n".join(stack.said)


def _has_said_ready(stack: Serving, name: str, pid: int) -> bool:
    file = stack.home.ready_file(name)
    return file.is_file() and file.read_text() == str(pid)


def _hold_preparing(stack: Serving) -> psutil.Process:
    """Stop what makes the tables where it is, until it is told to resume; all others are started then."""
    assert wait_until(lambda: "prepare" in stack.children(), within_s=READY_WITHIN_S), "\n".join(stack.said)
    prepare = psutil.Process(stack.children()["prepare"].pid)
    prepare.suspend()
    _wait_until_all_are_started(stack)
    return prepare


def _is_asked_to_stop(process: psutil.Process) -> bool:
    """Whether SIGTERM waits for this stopped process to go on."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    pending = int(status.partition("ShdPnd:")[2].split()[0], 16)
    return bool(pending >> (signal.SIGTERM - 1) & 1)


def _wait_until_all_wait(stack: Serving) -> dict[str, psutil.Process]:
    """They sleep, which is more than waiting for their turn, and use no processor time for a while."""
    waiting = {name: psutil.Process(stack.children()[name].pid) for name in FIRST_WORDS}
    for name, process in waiting.items():
        assert wait_until(
            lambda process=process: (
                process.cpu_percent(interval=1) == 0 and process.status() == psutil.STATUS_SLEEPING
            ),
            within_s=60,
        ), name
    return waiting


def _who_began(stack: Serving) -> set[str]:
    """Who says so in its log, where this is the folder's first start."""
    logs = {name: (stack.home.logs / f"{name}.log").read_text() for name in FIRST_WORDS}
    return {name for name, words in FIRST_WORDS.items() if words in logs[name]}


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


def test_all_import_at_once_and_begin_when_the_tables_are_there() -> None:
    with serving(opened_folder(), free_port()) as stack:
        prepare = _hold_preparing(stack)
        for name, process in _wait_until_all_wait(stack).items():
            assert sum(process.cpu_times()[:2]) > 0.3, f"{name} imports only once the tables are there"
        assert not stack.answers()
        assert not _who_began(stack)

        prepare.resume()

        stack.wait_until_ready()
        assert _who_began(stack) == set(FIRST_WORDS)
        style = "staff/admin.css"
        with urllib.request.urlopen(f"http://127.0.0.1:{stack.port}/static/{style}", timeout=5) as answer:
            made_with_the_tables = answer.read()
        assert made_with_the_tables == (PROJECT / "config/staff/static" / style).read_bytes()


@pytest.mark.parametrize("name", ["web", "valkey"])
def test_a_child_that_dies_while_the_tables_are_made_ends_the_start(home: Path, name: str) -> None:
    with serving(home, free_port()) as stack:
        prepare = _hold_preparing(stack)
        everyone = stack.everyone()
        os.kill(stack.children()[name].pid, signal.SIGKILL)
        assert wait_until(lambda: _is_asked_to_stop(prepare), within_s=READY_WITHIN_S)
        prepare.resume()

        _assert_it_ended(stack, f"{name} ended while it started (exit -9)", everyone)


def test_a_child_that_dies_while_another_still_starts_ends_the_start(home: Path) -> None:
    with serving(home, free_port()) as stack:
        _wait_until_all_are_started(stack)
        os.kill(stack.children()["beat"].pid, signal.SIGSTOP)
        assert wait_until(stack.answers, within_s=60)
        everyone = stack.everyone()
        os.kill(stack.children()["worker"].pid, signal.SIGKILL)

        _assert_it_ended(stack, "worker ended while it started (exit -9)", everyone)


def test_nobody_begins_where_the_tables_could_not_be_made() -> None:
    with serving(opened_folder(), free_port()) as stack:
        prepare = _hold_preparing(stack)
        _wait_until_all_wait(stack)
        everyone = stack.everyone()
        prepare.kill()

        _assert_it_ended(stack, "Preparing the database failed", everyone)

        assert not _who_began(stack)


def test_who_waits_ends_where_nobody_is_left_to_say_the_word(tmp_path: Path) -> None:
    gate, inside = os.pipe()
    log = tmp_path / "relay.log"
    child = spawn(relay_command(), log=log, cwd=PROJECT, stdin=gate)
    os.close(gate)

    os.close(inside)

    assert child.wait(60) == 1
    assert log.read_text() == "Who started this has gone.\n"


def test_what_a_child_said_at_its_end_is_shown(home: Path) -> None:
    with serving(home, free_port(), SECRET_KEY="not-secret-at-all") as stack:
        assert stack.process.wait(READY_WITHIN_S) == 1
        stack.finish()

    said = "\n".join(stack.said)
    assert '"ready"' not in said
    assert "Set SECRET_KEY to about 50 random characters" in said
