"""How the runner deals with children that die: again after a pause, and not for ever."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from config.stack import runner as runner_module, services
from config.stack.locks import AlreadyHeld, FolderLock
from config.stack.processes import Known, end_group, members_of_group, spawn
from config.stack.runner import CannotGoOn, Runner
from config.stack.services import Service


def _service(tmp_path: Path, program: str) -> Service:
    log = tmp_path / "child.log"

    def launch() -> subprocess.Popen[bytes]:
        return spawn([sys.executable, "-c", program], log=log)

    return Service("child", launch, log)


def test_a_child_that_dies_again_and_again_stops_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "FIRST_PAUSE_S", 0.01)
    runner = Runner(tmp_path, 1, with_demo=False)
    runner.home.open()
    runner.watch_over(_service(tmp_path, "print('no configuration'); raise SystemExit(3)"))

    with pytest.raises(CannotGoOn, match=r"child died \(exit 3\), 5 times") as told:
        runner.watch()

    assert "no configuration" in str(told.value)


def test_a_child_that_never_becomes_ready_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "READY_WITHIN_S", 1)
    runner = Runner(tmp_path, 1, with_demo=False)
    runner.home.open()
    (tmp_path / "child.log").write_text("said by an earlier one\n")
    service = _service(tmp_path, "import time; print('waiting for Godot', flush=True); time.sleep(60)")
    service.proof = services.wrote_its_pid(runner.home.ready_file("child"))
    runner.home.ready_file("child").write_text("1")
    runner.watch_over(service)
    try:
        with pytest.raises(CannotGoOn, match="child runs, but did not become ready within 1 s") as told:
            runner.wait_until_proven()
    finally:
        service.ask_to_stop()
        service.finish()

    assert "waiting for Godot" in str(told.value)
    assert "an earlier one" not in str(told.value)


def test_pauses_grow_while_a_child_keeps_dying(tmp_path: Path) -> None:
    service = _service(tmp_path, "pass")
    pauses = []
    for _ in range(4):
        service.launched_at.append(time.monotonic())
        pauses.append(service.pause_s())

    assert pauses == [0.5, 1.0, 2.0, 4.0]


def test_a_stubborn_child_is_ended_by_force(tmp_path: Path) -> None:
    service = _service(
        tmp_path,
        "import signal, time; signal.signal(15, signal.SIG_IGN); print('x', flush=True); time.sleep(60)",
    )
    service.stop_timeout_s = 0.2
    service.start()
    known = service.known
    assert known is not None
    while not service.log.read_text():
        time.sleep(0.02)

    service.ask_to_stop()
    service.finish()

    assert not known.is_running()


def test_workers_of_a_dead_leader_are_found_and_ended(tmp_path: Path) -> None:
    program = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])"
    leader = spawn([sys.executable, "-c", f"{program}; time.sleep(0.5)"], log=tmp_path / "log")
    known = Known.of(leader.pid)
    assert known is not None
    leader.wait()

    left = members_of_group(known)
    end_group(known)

    assert len(left) == 1
    assert not left[0].is_running()


def test_a_pid_that_was_given_to_another_process_is_not_ours(tmp_path: Path) -> None:
    process = spawn([sys.executable, "-c", "import time; time.sleep(60)"], log=tmp_path / "log")
    known = Known.of(process.pid)
    assert known is not None
    stranger = Known(process.pid, known.started_at - 100)
    try:
        end_group(stranger)

        assert not stranger.is_running()
        assert known.is_running()
    finally:
        process.kill()
        process.wait()


def test_a_folder_has_one_holder_who_is_named(tmp_path: Path) -> None:
    first, second = FolderLock(tmp_path), FolderLock(tmp_path)
    first.acquire(url="http://here")

    with pytest.raises(AlreadyHeld) as told:
        second.acquire()
    first.release()
    second.acquire()
    second.release()

    assert told.value.holder["url"] == "http://here"
