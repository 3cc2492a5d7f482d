"""`make doctor`: says in plain words what is wrong with a set-up, and what to do."""

import importlib.metadata
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from config.stack.locks import AlreadyHeld, FolderLock
from config.stack.ports import is_free
from config.stack.services import PROJECT

LOWEST_PYTHON = (3, 11)
DISK_NEEDED_MB = 1_000
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9_.-]+)(\[[^\]]*\])?==(?P<version>[^;\s]+)(;\s*(?P<marker>.+))?$")


def examine(home: Path, port: int) -> int:
    """Print what is wrong, one paragraph a finding; 0 if nothing is."""
    complaints = [*_about_python(), *_about_packages(), *_about_folder(home), *_about_running(home, port)]
    for complaint in complaints:
        print(f"- {complaint}")
    if not complaints:
        print("Nothing is wrong that I can see. `make serve` should work.")
    return 1 if complaints else 0


def _about_python() -> Iterator[str]:
    if sys.version_info[:2] < LOWEST_PYTHON:
        running = ".".join(map(str, sys.version_info[:2]))
        yield f"This is Python {running}; Regulars needs 3.11 or newer. Try: make serve PYTHON=python3.13"
    if not sys.platform.startswith(("linux", "darwin")):
        yield f"The embedded servers do not exist for {sys.platform}. Set DATABASE_URL and BROKER_URL."


def _about_packages() -> Iterator[str]:
    """Compare what is installed with the pins; lines for another Python version are left out."""
    wrong = []
    for line in (PROJECT / "requirements.txt").read_text().splitlines():
        pin = _PIN.match(line.strip())
        if pin is None or not _is_for_this_python(pin["marker"]):
            continue
        try:
            found = importlib.metadata.version(pin["name"])
        except importlib.metadata.PackageNotFoundError:
            found = "missing"
        if found != pin["version"]:
            wrong.append(f"{pin['name']} {pin['version']} ({found})")
    if wrong:
        yield (
            f"These packages are not as requirements.txt wants them: {', '.join(wrong)}. "
            f"Run: {sys.executable} -m pip install -r requirements.txt"
        )


def _is_for_this_python(marker: str | None) -> bool:
    if marker is None:
        return True
    told = re.fullmatch(r"python_version (<|>=) \"3\.(\d+)\"", marker.strip())
    if told is None:
        return True
    is_older = sys.version_info[:2] < (3, int(told[2]))
    return is_older if told[1] == "<" else not is_older


def _about_folder(home: Path) -> Iterator[str]:
    place = next(folder for folder in (home, *home.resolve().parents) if folder.exists())
    if not os.access(place, os.W_OK):
        yield f"{place} cannot be written to. Give it to yourself, or set REGULARS_HOME to a folder that is yours."
    for folder in {place, Path(tempfile.gettempdir())}:
        free_mb = shutil.disk_usage(folder).free // 1_000_000
        if free_mb < DISK_NEEDED_MB:
            yield f"Only {free_mb} MB are free on the disk of {folder}; {DISK_NEEDED_MB} MB are needed."
    yield from _about_cluster(home / "postgres" / "data")


def _about_cluster(data: Path) -> Iterator[str]:
    try:
        from config.stack.postgres import major_of, version  # noqa: PLC0415 - its packages may be what is missing

        made_by, ours = major_of(data), version()
    except ImportError:
        return  # said above, with the packages
    except PermissionError:
        yield f"{data} cannot be read by you. It belongs to the user who ran `make serve` first."
        return
    except OSError as reason:
        yield f"The embedded PostgreSQL does not run on this machine: {reason}"
        return
    if made_by is not None and made_by != ours.split(".")[0]:
        yield (
            f"The data in {data} was made by PostgreSQL {made_by}; this is {ours}. Move the folder away for an empty "
            f"shop, or carry the data over with pg_dump of version {made_by} (docs/operator.md)."
        )


def _about_running(home: Path, port: int) -> Iterator[str]:
    if home.is_dir():
        lock = FolderLock(home)
        try:
            lock.acquire()
        except AlreadyHeld as held:
            yield (
                f"A stack is running in {home}: process {held.holder.get('pid', '?')}, {held.holder.get('url', '?')}. "
                "That is fine unless you wanted to start another."
            )
            return
        except PermissionError:
            yield f"{lock.path} belongs to somebody else. Set REGULARS_HOME to a folder that is yours."
            return
        lock.release()
        if (home / "stack.json").is_file():
            yield f"The last run in {home} was killed. Nothing to do: `make serve` ends what is left of it."
    if not is_free(port):
        yield f"Port {port} is taken by another program. Choose another: REGULARS_PORT={port + 1} make serve"
