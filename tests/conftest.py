"""Every test runs on a real PostgreSQL, as a plain role.

With `DATABASE_URL` set, on that server; otherwise on an embedded one that is started for this run and thrown away
after it. One server per run, one database per worker of pytest-xdist.
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

ALLOW_TRUNCATE = "-c regulars.allow_truncate=on"
"""Our no-TRUNCATE triggers honour this, so that tests with real transactions can clean up after themselves."""


def pytest_configure(config: pytest.Config) -> None:
    is_xdist_worker = hasattr(config, "workerinput")
    if not is_xdist_worker:
        signal.signal(signal.SIGTERM, _stop_in_order)
        if "DATABASE_URL" not in os.environ:
            _start_server(config)
    _use_server(os.environ["DATABASE_URL"])


def _stop_in_order(_number: int, _frame: object) -> None:
    pytest.exit("ended by SIGTERM", returncode=143)


def _use_server(url: str) -> None:
    """Point Django at the server. Settings were read before this file, so they are changed in place."""
    database = settings.DATABASES["default"]
    wanted = database_from(url)
    database.update({name: wanted[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")})
    database["OPTIONS"]["options"] = ALLOW_TRUNCATE


def _start_server(config: pytest.Config) -> None:
    tests_home = Path(settings.HOME) / "test"
    _remove_leftovers(tests_home)
    tests_home.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=tests_home))
    lock = FolderLock(folder)
    lock.acquire()
    server = Postgres(folder, FOR_TESTS)
    config.add_cleanup(lambda: _throw_away(server, lock))
    server.prepare(cache_folder=tests_home)
    server.start()
    server.make_role_and_database()
    os.environ["DATABASE_URL"] = server.url()


def _throw_away(server: Postgres, lock: FolderLock) -> None:
    server.stop()
    os.environ.pop("DATABASE_URL", None)
    shutil.rmtree(server.sockets, ignore_errors=True)
    shutil.rmtree(server.folder, ignore_errors=True)
    lock.release()


def _remove_leftovers(tests_home: Path) -> None:
    """Clear what runs left that were killed: the kernel has released their locks."""
    for folder in tests_home.glob("run-*"):
        lock = FolderLock(folder)
        try:
            lock.acquire()
        except AlreadyHeld:
            continue
        server = Postgres(folder, FOR_TESTS)
        server.end_stale()
        _throw_away(server, lock)
