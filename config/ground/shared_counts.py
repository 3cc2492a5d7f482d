"""Where worker processes keep their counts together, so that a scrape of any one of them tells all of it.

prometheus-client decides at import whether counts live in the process or in files, so `share_counts` comes first,
before anything imports it. Nothing here does.
"""

import os
from pathlib import Path

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def share_counts(folder: Path) -> None:
    """Keep this process's counts in `folder`, unless the environment names one already.

    Files of an earlier server are removed when none of its processes lives any more. While one lives they stay: a sum
    that shrank would look like a restart to Prometheus, and be counted twice.
    """
    folder = Path(os.environ.setdefault(FOLDER_VARIABLE, str(folder)))
    folder.mkdir(parents=True, exist_ok=True)
    files = list(folder.glob("*.db"))
    if not any(_is_alive(_pid_of(file)) for file in files):
        for file in files:
            file.unlink(missing_ok=True)


def _pid_of(file: Path) -> int:
    digits = file.stem.rpartition("_")[2]
    return int(digits) if digits.isdecimal() else 0


def _is_alive(pid: int) -> bool:
    if pid == 0 or pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
