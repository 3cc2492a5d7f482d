"""What the demo shop writes down for whoever starts it: keys and passwords exist nowhere else."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Notes:
    """A JSON object in a file that only its owner can read; written whole or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, Any]:
        """What was noted; empty if nothing was."""
        if not self.path.is_file():
            return {}
        noted = json.loads(self.path.read_text())
        return noted if isinstance(noted, dict) else {}

    def add(self, facts: Mapping[str, Any]) -> None:
        """Note more, beside what is there."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        half = self.path.with_name(f".{self.path.name}.half")
        handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as out:
            json.dump({**self.read(), **facts}, out, indent=1)
        half.replace(self.path)
