"""`python -m config.stack serve|doctor`."""

import argparse
import os
import signal
import sys
from pathlib import Path

from config.stack import doctor
from config.stack.processes import die_with_parent
from config.stack.runner import CannotGoOn, Runner
from config.stack.services import PROJECT


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m config.stack", description=__doc__)
    parser.add_argument("command", choices=["serve", "doctor"])
    parser.add_argument(
        "--with-parent", action="store_true", help="stop when the process that started us is gone"
    )
    arguments = parser.parse_args()
    home = Path(os.environ.get("REGULARS_HOME") or PROJECT / ".regulars")
    port = os.environ.get("REGULARS_PORT") or "8000"
    if not port.isdigit() or not 0 < int(port) < 65536:
        print(f"REGULARS_PORT={port} is not a port number (1 to 65535).", file=sys.stderr)
        return 2
    if arguments.command == "doctor":
        return doctor.examine(home, int(port))
    if arguments.with_parent:
        die_with_parent(signal.SIGTERM, parent_pid=os.getppid())
    try:
        Runner(home, int(port), with_demo=os.environ.get("REGULARS_DEMO", "1") != "0").run()
    except CannotGoOn as reason:
        print(f"{reason}\n`make doctor` looks for the cause.", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
