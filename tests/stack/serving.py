"""A stack of `make serve` as a real process, for tests that kill parts of it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from config.stack.home import Home
from config.stack.processes import Known, members_of_group
from tests.house.floorplan import PROJECT
from tests.servers import start_migrated

READY_WITHIN_S = 120


def new_folder() -> Path:
    """A folder that goes with this run.

    Not one of pytest's: they are closed again for other users whenever another run of pytest starts, and under root the
    servers are another user.
    """
    return Path(tempfile.mkdtemp(dir=os.environ["REGULARS_TEST_FOLDER"]))


def opened_folder() -> Path:
    """The folder of a shop whose tables are made already, so that its start does not wait for them."""
    folder = new_folder()
    start_migrated(folder / "postgres", Path(os.environ["REGULARS_TEST_FOLDER"]).parent).stop()
    return folder


class Serving:
    """One run of the runner; its words are read as they come.

    :param settings: environment variables of this run.
    """

    def __init__(self, folder: Path, port: int, **settings: str) -> None:
        self.home = Home(folder)
        self.port = port
        self.said: list[str] = []
        servers = {"DATABASE_URL", "BROKER_URL", "CACHE_URL"}
        self.environment = {name: value for name, value in os.environ.items() if name not in servers}
        self.environment |= {
            "REGULARS_HOME": str(folder),
            "REGULARS_PORT": str(port),
            "REGULARS_DEMO": "0",
            **settings,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "config.stack", "serve"],
            cwd=PROJECT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def ask_beside(self, module: str, *words: str) -> dict[str, Any]:
        """What a module says, in JSON, run in a process beside the stack that finds the servers as `manage.py` does."""
        told = subprocess.run(
            [sys.executable, "-m", module, *words],
            cwd=PROJECT,
            env={**self.environment, "DJANGO_SETTINGS_MODULE": "config.settings"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert told.returncode == 0, told.stderr[-3000:]
        return dict(json.loads(told.stdout))

    def _listen(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as words:
            for line in words:
                self.said.append(line.rstrip())

    def wait_until_ready(self) -> dict[str, Any]:
        """The ready line."""
        wait_until(lambda: self.is_ready() or self.process.poll() is not None, within_s=READY_WITHIN_S)
        assert self.is_ready(), "\n".join(self.said)
        return dict(json.loads(next(line for line in self.said if line.startswith("{"))))

    def is_ready(self) -> bool:
        return any(line.startswith('{"ready": true') for line in self.said)

    def answers(self) -> bool:
        """Whether the web server and all it leans on are well."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def children(self) -> dict[str, Known]:
        """Who runs now, by name."""
        return self.home.recorded_children()

    def everyone(self) -> list[Known]:
        """The children and all that they started, the sessions of PostgreSQL excepted."""
        return [member for child in self.children().values() for member in members_of_group(child)]

    def finish(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ask it to stop and wait for its end; answers with the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(60)
        self._listener.join(10)
        return code


@contextmanager
def serving(folder: Path, port: int, **settings: str) -> Iterator[Serving]:
    """Start a stack; whatever happens, it is gone afterwards."""
    stack = Serving(folder, port, **settings)
    try:
        yield stack
    finally:
        stack.finish(signal.SIGTERM)


def wait_until(is_so: Callable[[], bool], *, within_s: float) -> bool:
    """Look again and again; False if it did not come true in time."""
    until = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True
