"""A program of the local stack that imports ahead: while the tables are still made, and before it forks its workers.

On two cores a start is imports. What is forked afterwards shares them: no worker imports for itself, not at its start
and not where it takes the place of one that died. Who reloads code by SIGHUP runs the program itself: what is forked
from here has what was imported when it began.
"""

import gc
import os
import runpy
import sys
from collections.abc import Callable
from importlib import import_module

import django

STANDARD_INPUT = 0


def main() -> None:
    """`python -m config.stack.ahead MODULE OPTIONS`: all as `python -m MODULE OPTIONS`, once standard input has ended.

    Without any it begins at once.

    :raises KeyError: of modules that are not in `IMPORTS`.
    """
    sys.argv = sys.argv[1:]
    IMPORTS[sys.argv[0]]()
    gc.freeze()  # nothing of it is garbage: collections in the workers pass it by, and its pages stay shared
    while os.read(STANDARD_INPUT, 1):
        pass
    runpy.run_module(sys.argv[0], run_name="__main__")


def _application() -> None:
    """What Granian serves: its last word, as `module:name`."""
    import_module("granian.server")
    import_module(sys.argv[-1].partition(":")[0])


def _tasks() -> None:
    """What Celery runs, and its commands."""
    import_module("config.celery").app.loader.import_default_modules()
    import_module("celery.bin.celery")


def _command() -> None:
    """One of our own commands: the first word of `manage.py`."""
    django.setup()
    import_module(f"config.outbox.management.commands.{sys.argv[1]}")


IMPORTS: dict[str, Callable[[], None]] = {"granian": _application, "celery": _tasks, "manage": _command}

if __name__ == "__main__":
    main()
