"""Starting children that cannot outlive us, and ending processes that we know to be ours.

A process is known by its pid *and* the moment it started, because pids are used again.
"""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_PR_SET_PDEATHSIG = 1
_SERVICE_USER = "regulars"


@dataclass(frozen=True)
class Known:
    """A process by pid and start (seconds since 1970, as the system tells it)."""

    pid: int
    started_at: float

    @classmethod
    def of(cls, pid: int) -> "Known | None":
        """What runs under this pid now, or None."""
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.Error:
            return None

    def is_running(self) -> bool:
        """Whether that very process still runs; one that only waits to be collected does not."""
        try:
            process = psutil.Process(self.pid)
            is_same = abs(process.create_time() - self.started_at) < 1
            return bool(is_same and process.status() != psutil.STATUS_ZOMBIE)
        except psutil.Error:
            return False


def die_with_parent(death_signal: signal.Signals = signal.SIGTERM, *, parent_pid: int) -> None:
    """Ask the kernel to send this process a signal when its parent is gone. Linux only; elsewhere nothing happens.

    :param parent_pid: who the parent should be; if it has gone already, this process ends here.
    """
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != parent_pid:
        os._exit(0)


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: str | None = None,
    death_signal: signal.Signals = signal.SIGTERM,
    stdin: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own, so that Ctrl-C reaches us alone and we decide the order.

    Output is appended to `log`. The child goes with the *thread* that started it: call this from one that stays.

    :param user: system user to run as; only root can ask for one.
    :param death_signal: what the kernel sends it when we are gone.
    :param stdin: open file that it reads from; nothing by default.
    """
    parent_pid = os.getpid()
    identity = pwd.getpwnam(user) if user else None
    with log.open("ab") as out:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=stdin,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            start_new_session=True,
            user=identity.pw_uid if identity else None,
            group=identity.pw_gid if identity else None,
            extra_groups=[] if identity else None,
            preexec_fn=lambda: die_with_parent(death_signal, parent_pid=parent_pid),  # noqa: PLW1509 - no threads here
        )


def service_user() -> str | None:
    """The system user that servers run as when we are root, made if it is missing; None when we are not root.

    PostgreSQL refuses to run as root.
    """
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(_SERVICE_USER)
    except KeyError:
        if shutil.which("useradd") is None:
            return "nobody"
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _SERVICE_USER]
        subprocess.run(command, check=True, capture_output=True)
    return _SERVICE_USER


def open_the_way(path: Path) -> list[Path]:
    """Let other users pass through (not list) the folders above `path`, as a server under its own user must.

    Only needed as root. Answers with the folders that were changed.
    """
    changed = []
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)
            changed.append(folder)
    return changed


def wait_until_gone(processes: Iterable[Known], *, timeout_s: float) -> bool:
    """Wait until none of these runs any more; False if one is still there after `timeout_s`."""
    until = time.monotonic() + timeout_s
    waiting = list(processes)
    while waiting := [process for process in waiting if process.is_running()]:
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def end(process: Known, *, first: signal.Signals = signal.SIGTERM, timeout_s: float = 10) -> None:
    """End a process that is ours: politely, then after `timeout_s` by force. Gone already is fine."""
    for number in (first, signal.SIGKILL):
        if not process.is_running():
            return
        try:
            os.kill(process.pid, number)
        except ProcessLookupError:
            return
        wait_until_gone([process], timeout_s=timeout_s)


def members_of_group(leader: Known) -> list[Known]:
    """Every process still in the group that `leader` opened, itself included, also when the leader has gone."""
    current = Known.of(leader.pid)
    if current is not None and abs(current.started_at - leader.started_at) >= 1:
        return []  # the pid belongs to somebody else by now, and so does the group of that name
    members = []
    for process in psutil.process_iter():
        try:
            is_member = os.getpgid(process.pid) == leader.pid
            if is_member and process.create_time() >= leader.started_at - 1:
                members.append(Known(process.pid, process.create_time()))
        except (psutil.Error, ProcessLookupError, PermissionError):
            continue
    return [member for member in members if member.is_running()]


def in_folder(folder: Path) -> list[Known]:
    """Every process whose working folder this is."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(folder):
                found.append(Known(process.pid, process.create_time()))
        except (psutil.Error, OSError):
            continue
    return found


def end_group(leader: Known, *, first: signal.Signals = signal.SIGTERM, timeout_s: float = 10) -> None:
    """End the leader politely, then whatever is left of its group by force."""
    end(leader, first=first, timeout_s=timeout_s)
    for member in members_of_group(leader):
        end(member, first=signal.SIGKILL, timeout_s=5)
