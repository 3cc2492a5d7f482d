"""Granian for the local stack: it forks its workers, and the application is imported once, before it does.

Otherwise each worker imports it for itself: seconds at a start, and again where one that died is replaced. Who reloads
code by SIGHUP runs `granian` itself: workers that are forked from here have what was imported when it began.
"""

import gc
import runpy
import sys
from importlib import import_module


def main() -> None:
    """`python -m config.stack.web OPTIONS MODULE:APPLICATION`, all as `granian` takes them."""
    import_module(sys.argv[-1].partition(":")[0])
    gc.freeze()  # nothing of it is garbage: collections in the workers pass it by, and its pages stay shared
    runpy.run_module("granian", run_name="__main__")


if __name__ == "__main__":
    main()
