"""Telling whoever started this process that it is past its start-up."""

import os
from functools import cache
from pathlib import Path

from django.conf import settings


@cache
def say_ready() -> None:
    """Write our pid to `READY_FILE`, whole or not at all; nothing where none is named. Once in a process.

    The pid tells our word from that of an earlier process which wrote to the same file.
    """
    if not settings.READY_FILE:
        return
    file = Path(settings.READY_FILE)
    half = file.with_name(f".{file.name}.{os.getpid()}")
    half.write_text(str(os.getpid()))
    half.replace(file)
