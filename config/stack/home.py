"""The folder of a local stack: what it remembers from start to start, and what it must not tell others."""

import json
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from config.stack.processes import Known

LOG_KEPT_BYTES = 20_000_000


class Home:
    """`REGULARS_HOME`.

    - `stack.env`: where the servers are and the secret, for every `manage.py` run beside the stack
    - `stack.json`: who runs now, by pid and start time; removed by an orderly stop
    - `demo.json`: the account, keys and member that the ready line names, and the demo's other accounts
    - `ready/`: the pids of relay, worker and beat, written by themselves once they work
    - `logs/`, `postgres/`, `valkey/`, `outbox/`, `static/`
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.logs = self.folder / "logs"

    def open(self) -> None:
        """Make what is missing and put logs that have grown too long aside."""
        for folder in (self.logs, self.folder / "ready"):
            folder.mkdir(parents=True, exist_ok=True)
        for log in self.logs.glob("*.log"):
            if log.stat().st_size > LOG_KEPT_BYTES:
                log.replace(log.with_suffix(".log.1"))

    def ready_file(self, name: str) -> Path:
        """Where this child says that it works."""
        return self.folder / "ready" / name

    def secret(self) -> str:
        """This stack's own secret, made once: sessions and cards stay valid from start to start."""
        return self._made_once("secret", size=48)

    def card_key(self) -> str:
        """By what this stack certifies devices: tills that know it verify cards from start to start."""
        return self._made_once("card-key", size=32)

    def _made_once(self, name: str, *, size: int) -> str:
        file = self.folder / name
        if not file.is_file():
            _write_private(file, secrets.token_urlsafe(size))
        return file.read_text()

    def tell_others(self, facts: Mapping[str, str]) -> None:
        """Write `stack.env`, which the settings read where the environment says nothing."""
        _write_private(
            self.folder / "stack.env", "".join(f"{name}={value}\n" for name, value in facts.items())
        )

    def record_children(self, children: Iterable[tuple[str, Known]]) -> None:
        """Write down who runs, so that the next start can find what a killed runner left."""
        record = {name: {"pid": known.pid, "started_at": known.started_at} for name, known in children}
        _write_private(self.folder / "stack.json", json.dumps(record))

    def recorded_children(self) -> dict[str, Known]:
        """Who ran when the last runner was killed; empty after an orderly stop."""
        record = _read_object(self.folder / "stack.json")
        return {
            name: Known(pid=int(process["pid"]), started_at=float(process["started_at"]))
            for name, process in record.items()
        }

    def forget_children(self) -> None:
        """Nobody runs any more."""
        (self.folder / "stack.json").unlink(missing_ok=True)

    def remembered(self) -> dict[str, Any]:
        """What `demo.json` says; empty before the first start."""
        return _read_object(self.folder / "demo.json")

    def remember(self, facts: Mapping[str, Any]) -> None:
        """Add to `demo.json`."""
        _write_private(self.folder / "demo.json", json.dumps({**self.remembered(), **facts}, indent=1))


def _read_object(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write_private(file: Path, text: str) -> None:
    """Whole or not at all, and for the owner's eyes only."""
    half = file.with_name(f".{file.name}.{os.getpid()}")
    handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as out:
        out.write(text)
    half.replace(file)
