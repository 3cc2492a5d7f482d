"""A program of the local stack that imports ahead: while the tables are still made, and before it forks its workers.

On two cores a start is imports. What is forked afterwards shares them: no worker imports for itself, not at its start
and not where it takes the place of one that died. Who reloads code by SIGHUP runs the program itself: what is forked
from here has what was imported when it began.
"""

import gc
import runpy
import select
import sys
from collections.abc import Callable
from importlib import import_module

import django

STANDARD_INPUT = 0


def main() -> None:
    """`python -m config.stack.ahead MODULE OPTIONS`: MODULE with its OPTIONS, once standard input has a word for it.

    The word is left there for others. `/dev/null` has one at once.

    :raises SystemExit: standard input ended without a word.
    """
    sys.argv = sys.argv[1:]
    program = sys.argv[0]
    IMPORTS[program]()
    _wait_for_a_word()
    if program == "granian":
        import_module(_application())  # it lists the static files, which are made with the tables
    gc.freeze()  # nothing of it is garbage: collections in the workers pass it by, and its pages stay shared
    runpy.run_module(program, run_name="__main__")


def _wait_for_a_word() -> None:
    waiting = select.poll()
    waiting.register(STANDARD_INPUT, select.POLLIN)
    [(_, seen)] = waiting.poll()
    if not seen & select.POLLIN:
        sys.exit("Who started this has gone.")


def _application() -> str:
    """The module of what Granian is to serve, which it takes as its last word, `module:name`."""
    return sys.argv[-1].partition(":")[0]


def _doors() -> None:
    """Granian, and all doors and pages where it is ours that it serves."""
    import_module("granian.server")
    if _application() == "config.wsgi":
        import_module("config.serving")


def _tasks() -> None:
    """What Celery runs, and its own commands."""
    import_module("config.celery").app.loader.import_default_modules()
    import_module("celery.bin.celery")


def _command() -> None:
    """One of the outbox's commands: the first word of `manage.py`."""
    django.setup()
    import_module(f"config.outbox.management.commands.{sys.argv[1]}")


IMPORTS: dict[str, Callable[[], None]] = {"granian": _doors, "celery": _tasks, "manage": _command}

if __name__ == "__main__":
    main()
