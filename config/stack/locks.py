"""A lock on a folder that the kernel lets go of by itself when its holder dies, however it dies."""

import fcntl
import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any


class AlreadyHeld(Exception):  # noqa: N818 - a state of the world
    """Somebody else holds the lock; `holder` is what it wrote about itself (maybe nothing)."""

    def __init__(self, path: Path, holder: dict[str, Any]) -> None:
        super().__init__(f"{path} is held by process {holder.get('pid', 'unknown')}")
        self.path = path
        self.holder = holder


class FolderLock:
    """An exclusive lock on `folder/lock`, held until `release` or the end of the process."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "lock"
        self._handle: int | None = None

    def acquire(self, **about: Any) -> None:
        """Take the lock and write who we are.

        :param about: what the next comer should be told, beside our pid.
        :raises AlreadyHeld: if another process has it.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise AlreadyHeld(self.path, read_holder(self.path)) from None
        self._handle = handle
        os.ftruncate(handle, 0)
        os.write(handle, json.dumps({"pid": os.getpid(), **about}).encode())

    def release(self) -> None:
        """Let go. The file stays: removing it would let two holders in."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def __enter__(self) -> "FolderLock":
        self.acquire()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.release()


def read_holder(path: Path) -> dict[str, Any]:
    """What the holder wrote into the lock file; empty if there is nothing readable."""
    try:
        holder = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return holder if isinstance(holder, dict) else {}
