"""Python processes beside a test, on the test's own database."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.db import connection

PROJECT = Path(__file__).resolve().parent.parent


class Processes:
    """Starts them, and ends at last whatever still runs."""

    def __init__(self) -> None:
        self._started: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Python with these arguments; what it says can be read."""
        url = urlsplit(os.environ["DATABASE_URL"])
        ours = urlunsplit(url._replace(path="/" + str(connection.settings_dict["NAME"])))
        environment = {**os.environ, "DATABASE_URL": ours, "DJANGO_SETTINGS_MODULE": "config.settings"}
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True
        )
        self._started.append(process)
        return process

    def end(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.communicate()
