"""The parts of the local stack, as the runner sees them: something to launch, watch, stop and launch again."""

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from config.stack.processes import Known, end_group

PROJECT = Path(__file__).resolve().parent.parent.parent
RESTARTS_ALLOWED = 5
RESTART_WINDOW_S = 60.0
FIRST_PAUSE_S = 0.5

Proof = Callable[[int], bool]
"""Whether the process of this pid has shown by now that it works."""


def lives(_pid: int) -> bool:
    """Enough for a child whose launch waits until it works."""
    return True


def wrote_its_pid(file: Path) -> Proof:
    """Proof by `config.ground.readiness`: what an earlier process wrote does not count."""
    return lambda pid: file.is_file() and file.read_text() == str(pid)


def answers_at(port: int, path: str) -> Proof:
    """Proof by a 200 from a door of ours on loopback; asked directly, whatever proxy the environment names."""

    def proof(_pid: int) -> bool:
        door = HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            door.request("GET", path)
            return door.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            door.close()

    return proof


class Gate:
    """Where children wait, having imported, until the tables are made: `stdin`, at which a word lies from then on.

    A word and not the end of it: it ends also where a killed runner left it.
    """

    def __init__(self) -> None:
        self.stdin, self._inside = os.pipe()

    def open(self) -> None:
        """Let all go on, who waits and who is started later."""
        os.write(self._inside, b".")


@dataclass
class Service:
    """One child of the runner.

    :param launch: starts the process, returns it, and raises if it does not come up.
    :param proof: when it may count as ready; that can be a while after `launch`.
    :param stop_signal: the polite word; after `stop_timeout_s` comes the rude one, for its whole group.
    """

    name: str
    launch: Callable[[], subprocess.Popen[bytes]]
    log: Path
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout_s: float = 10
    proof: Proof = lives
    process: subprocess.Popen[bytes] | None = None
    known: Known | None = None
    launched_at: deque[float] = field(default_factory=lambda: deque(maxlen=RESTARTS_ALLOWED))
    log_began_at: int = 0

    def start(self) -> None:
        """Launch it and remember who it is."""
        self.launched_at.append(time.monotonic())
        self.log_began_at = self.log.stat().st_size if self.log.is_file() else 0
        self.process = self.launch()
        self.known = Known.of(self.process.pid)

    def is_proven(self) -> bool:
        """Whether the process that runs now has shown that it works."""
        return self.process is not None and self.proof(self.process.pid)

    def has_died(self) -> bool:
        """Whether it was started and is there no more."""
        return self.process is not None and self.process.poll() is not None

    def exit_code(self) -> int | None:
        """How it ended; a negative number is a signal. None while it runs or before it was started."""
        return self.process.poll() if self.process is not None else None

    def is_hopeless(self) -> bool:
        """Whether it died so often in a short time that starting it again makes no sense."""
        is_full = len(self.launched_at) == RESTARTS_ALLOWED
        return is_full and time.monotonic() - self.launched_at[0] < RESTART_WINDOW_S

    def pause_s(self) -> float:
        """How long to wait before the next start: longer each time while it keeps dying."""
        recent = sum(1 for moment in self.launched_at if time.monotonic() - moment < RESTART_WINDOW_S)
        return float(FIRST_PAUSE_S * 2 ** max(recent - 1, 0))

    def ask_to_stop(self) -> None:
        """Send the polite word and do not wait, so that several can stop at once."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(self.stop_signal)

    def finish(self) -> None:
        """Wait for the end, and end by force what is left of its group (workers that outlived their parent)."""
        if self.process is None:
            return
        try:
            self.process.wait(self.stop_timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.known is not None:
            end_group(self.known, first=signal.SIGKILL, timeout_s=5)
        self.process = self.known = None

    def end_of_log(self, lines: int = 12) -> str:
        """The last lines it wrote since it was launched, and where all of them are."""
        written = b""
        if self.log.is_file():
            with self.log.open("rb") as log:
                log.seek(self.log_began_at)
                written = log.read()
        last = written.decode(errors="replace").splitlines()[-lines:]
        return "\n".join([*(last or ["(it wrote nothing)"]), f"The whole log: {self.log}"])


def ahead(module: str, *options: str) -> list[str]:
    """`python -m MODULE OPTIONS` that imports at once, and begins when standard input has a word for it."""
    return [sys.executable, "-m", "config.stack.ahead", module, *options]


def web_command(port: int, application: str = "config.wsgi:application") -> list[str]:
    """One process a core, two threads each; a worker that dies is replaced."""
    address = ("--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port))
    workers = ("--workers", str(os.cpu_count() or 1), "--blocking-threads", "2", "--no-ws")
    return ahead(
        "granian", *address, *workers, "--respawn-failed-workers", "--workers-kill-timeout", "5", application
    )


def worker_command() -> list[str]:
    """Celery's worker, without the chatter between workers that one machine has no use for."""
    processes = ("--concurrency", str(os.cpu_count() or 1), "--without-gossip", "--without-mingle")
    return ahead("celery", "-A", "config", "worker", *processes, "--loglevel", "INFO")


def beat_command() -> list[str]:
    """Celery's ticker; what it ticks stands in the settings and in the admin.

    While it writes these to its tables it survives SIGTERM, and it has nothing to finish: end it by SIGKILL.
    """
    return ahead("celery", "-A", "config", "beat", "--pidfile", "", "--loglevel", "INFO")


def relay_command() -> list[str]:
    """The outbox relay, which carries news from floor to floor."""
    return ahead("manage", "relay")
