"""The servers of a test run: an embedded PostgreSQL whose tables are made once for all workers, and a Valkey.

Making the tables takes longer than most tests. So a migrated database is kept, by a fingerprint of everything that
shapes it; a run copies the files, and each worker has PostgreSQL copy the database.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg

from config.stack.locks import AlreadyHeld, FolderLock
from config.stack.postgres import FOR_TESTS, ROLE, SUPERUSER, Postgres, version
from config.stack.valkey import Valkey

PROJECT = Path(__file__).resolve().parent.parent
TEMPLATE = "regulars_template"
CACHES_KEPT = 3


class RunFolder:
    """A folder for one run. The kernel releases its lock when the run ends, however it ends."""

    def __init__(self, tests_home: Path) -> None:
        tests_home.mkdir(parents=True, exist_ok=True)
        self.tests_home = tests_home
        self.path = Path(tempfile.mkdtemp(prefix="run-", dir=tests_home))
        self._lock = FolderLock(self.path)
        self._lock.acquire()

    def throw_away(self) -> None:
        """Remove everything the run left."""
        _remove(self.path)
        self._lock.release()


def remove_leftovers(tests_home: Path) -> None:
    """Clear what runs left that were killed, and caches that are no longer used."""
    for folder in tests_home.glob("run-*"):
        lock = FolderLock(folder)
        try:
            lock.acquire()
        except AlreadyHeld:
            continue
        Postgres(folder / "postgres", FOR_TESTS).end_stale()
        _remove(folder)
        lock.release()
    by_age = sorted(tests_home.glob("migrated-*"), key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in by_age[CACHES_KEPT:]:
        shutil.rmtree(folder, ignore_errors=True)


def _remove(folder: Path) -> None:
    shutil.rmtree(Postgres(folder / "postgres", FOR_TESTS).sockets, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def start_postgres(run: RunFolder) -> Postgres:
    """A server that has the database `TEMPLATE` with all tables, unless the migrations do not run."""
    server = Postgres(run.path / "postgres", FOR_TESTS)
    migrated = run.tests_home / f"migrated-{_fingerprint()}"
    if migrated.is_dir():
        server.prepare(copy_of=migrated)
        server.start()
        return server
    server.prepare()
    server.start()
    server.make_role_and_database()
    server.make_role_and_database(TEMPLATE)
    if _migrate(server.url(TEMPLATE)):
        server.stop()
        _keep(server.data, migrated)
        server.start()
    else:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {TEMPLATE}")
    return server


def start_migrated(folder: Path, tests_home: Path) -> Postgres:
    """A server of its own that has all tables in the database a shop uses, if this run has made them."""
    server = Postgres(folder, FOR_TESTS)
    migrated = tests_home / f"migrated-{_fingerprint()}"
    server.prepare(copy_of=migrated if migrated.is_dir() else None)
    server.start()
    server.make_role_and_database()
    if has_template(server):
        with psycopg.connect(server.url("postgres", role=SUPERUSER), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {ROLE}")
            connection.execute(f"ALTER DATABASE {TEMPLATE} RENAME TO {ROLE}")
    return server


def has_template(server: Postgres) -> bool:
    """Whether workers can copy their database instead of making the tables themselves."""
    with psycopg.connect(server.url()) as connection:
        return (
            connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone()
            is not None
        )


def start_valkey(run: RunFolder) -> Valkey:
    """A server without data."""
    server = Valkey(run.path / "valkey")
    server.start()
    return server


def _migrate(url: str) -> bool:
    """Whether it went well; if not, the tests' own databases will say what is wrong."""
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    environment = {**os.environ, "DATABASE_URL": url}
    return (
        subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, check=False).returncode
        == 0
    )


def _keep(data: Path, cache: Path) -> None:
    """Copy the files of a stopped server, whole or not at all."""
    with tempfile.TemporaryDirectory(dir=cache.parent) as half:
        copy = Path(half) / "data"
        subprocess.run(["cp", "-a", data, copy], check=True)
        if not cache.exists():
            copy.rename(cache)


def _fingerprint() -> str:
    """Changes with everything that shapes a migrated database."""
    digest = hashlib.sha256(version().encode())
    for path in sorted(_shaping_files()):
        digest.update(str(path.relative_to(PROJECT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _shaping_files() -> Iterator[Path]:
    yield PROJECT / "requirements.txt"
    yield PROJECT / "config" / "settings.py"
    for floor in ("config", "members", "omnichannel", "loyalty", "campaigns"):
        for path in (PROJECT / floor).rglob("*"):
            inside = {*path.parts} & {"migrations", "models"} or path.name in {
                "models.py",
                "apps.py",
                "migrating.py",
            }
            if inside and path.suffix in {".py", ".sql"}:
                yield path
