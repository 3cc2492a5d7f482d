"""The servers of a run: one PostgreSQL, run as for a shop, and web servers beside each other on it."""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from config.stack.ports import free_port, is_free
from config.stack.postgres import FOR_A_SHOP, Postgres
from config.stack.processes import Known, end_group, spawn
from config.stack.services import web_command

PROJECT = Path(__file__).resolve().parent.parent
READY_WITHIN_S = 30.0


@contextmanager
def database() -> Iterator[Postgres]:
    """An embedded PostgreSQL in a folder of its own, thrown away afterwards. Commits are synced."""
    base = PROJECT / ".regulars" / "bench"
    base.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=base))
    server = Postgres(folder, {**FOR_A_SHOP, "shared_buffers": "1GB"})
    try:
        server.prepare()
        server.start()
        server.make_role_and_database()
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.sockets, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def web(application: str, url: str) -> Iterator[int]:
    """A web server as the shop runs it. Yields its port."""
    port = free_port()
    environment = {**os.environ, "DATABASE_URL": url, "DATABASE_POOL": "1", "LOG_LEVEL": "WARNING"}
    log = PROJECT / ".regulars" / "bench" / f"web-{port}.log"
    process = spawn(web_command(port, application), log=log, env=environment, cwd=PROJECT)
    known = Known.of(process.pid)
    try:
        until = time.monotonic() + READY_WITHIN_S
        while is_free(port):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the web server did not come up: {log.read_text()[-2000:]}")
            time.sleep(0.1)
        yield port
    finally:
        if known is not None:
            end_group(known)
        process.wait()
        log.unlink(missing_ok=True)


def shape() -> str:
    """The machine in words."""
    memory = psutil.virtual_memory().total / 2**30
    version = sys.version.split()[0]
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {version}, client and servers on the same machine"
    )
