"""Every test runs on a real PostgreSQL, as a plain role, and on a real Valkey.

With `DATABASE_URL` (or `BROKER_URL` and `CACHE_URL`) set, on those servers; otherwise on embedded ones that are started
for this run and thrown away after it. One server per run, one database per worker of pytest-xdist.
"""

import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest
from django.conf import settings

from config.settings import database_from
from config.stack.locks import AlreadyHeld, FolderLock
from config.stack.postgres import FOR_TESTS, Postgres
from config.stack.valkey import Valkey

ALLOW_TRUNCATE = "-c regulars.allow_truncate=on"
"""Our no-TRUNCATE triggers honour this, so that tests with real transactions can clean up after themselves."""

TESTS_HOME = Path(settings.HOME) / "test"


def pytest_configure(config: pytest.Config) -> None:
    is_xdist_worker = hasattr(config, "workerinput")
    if not is_xdist_worker:
        signal.signal(signal.SIGTERM, _stop_in_order)
        _start_servers(config)
    _use_servers()


def _stop_in_order(_number: int, _frame: object) -> None:
    pytest.exit("ended by SIGTERM", returncode=143)


def _use_servers() -> None:
    """Point Django at the servers. Settings were read before this file, so they are changed in place."""
    database = settings.DATABASES["default"]
    wanted = database_from(os.environ["DATABASE_URL"])
    database.update({name: wanted[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")})
    database["OPTIONS"]["options"] = ALLOW_TRUNCATE
    settings.BROKER_URL = settings.CELERY_BROKER_URL = os.environ["BROKER_URL"]
    settings.CACHE_URL = os.environ["CACHE_URL"]
    settings.MESSAGE_FOLDER = Path(os.environ["REGULARS_TEST_FOLDER"]) / "outbox"


def _start_servers(config: pytest.Config) -> None:
    """Start what the environment does not name, and tell the workers by the environment."""
    TESTS_HOME.mkdir(parents=True, exist_ok=True)
    _remove_leftovers()
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=TESTS_HOME))
    lock = FolderLock(folder)
    lock.acquire()
    config.add_cleanup(lambda: _throw_away(folder, lock))
    os.environ["REGULARS_TEST_FOLDER"] = str(folder)
    if "DATABASE_URL" not in os.environ:
        postgres = Postgres(folder / "postgres", FOR_TESTS)
        config.add_cleanup(postgres.stop)
        postgres.prepare(cache_folder=TESTS_HOME)
        postgres.start()
        postgres.make_role_and_database()
        os.environ["DATABASE_URL"] = postgres.url()
    if "BROKER_URL" not in os.environ:
        valkey = Valkey(folder / "valkey")
        config.add_cleanup(valkey.stop)
        valkey.start()
        os.environ["BROKER_URL"] = valkey.url(0)
        os.environ["CACHE_URL"] = valkey.url(1)


def _throw_away(folder: Path, lock: FolderLock) -> None:
    shutil.rmtree(Postgres(folder / "postgres", FOR_TESTS).sockets, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
    lock.release()


def _remove_leftovers() -> None:
    """Clear what runs left that were killed: the kernel has released their locks."""
    for folder in TESTS_HOME.glob("run-*"):
        lock = FolderLock(folder)
        try:
            lock.acquire()
        except AlreadyHeld:
            continue
        Postgres(folder / "postgres", FOR_TESTS).end_stale()
        _throw_away(folder, lock)
