"""The embedded servers: they start, keep what they acknowledged, and go with their parent."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from config.stack.postgres import FOR_A_SHOP, FOR_TESTS, OtherMajorVersion, Postgres
from config.stack.processes import Known, wait_until_gone
from config.stack.valkey import Valkey
from tests.house.floorplan import PROJECT
from tests.stack.serving import new_folder


@pytest.fixture
def folder() -> Path:
    return new_folder()


@pytest.fixture
def postgres(folder: Path) -> Iterator[Postgres]:
    server = Postgres(folder, FOR_A_SHOP)
    server.prepare()
    server.start()
    server.make_role_and_database()
    yield server
    server.stop()


def test_the_application_is_no_superuser_and_owns_its_database(postgres: Postgres) -> None:
    with psycopg.connect(postgres.url()) as connection:
        role = connection.execute(
            "SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        owner = connection.execute(
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
        ).fetchone()

    assert role == (False, True)
    assert owner == ("regulars",)


def test_what_was_acknowledged_survives_a_killed_server(postgres: Postgres) -> None:
    with psycopg.connect(postgres.url()) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (1)")
    assert postgres.process is not None

    postgres.process.kill()
    postgres.process.wait()
    postgres.start()

    with psycopg.connect(postgres.url()) as connection:
        assert connection.execute("SELECT n FROM kept").fetchall() == [(1,)]


def test_nothing_that_a_shop_acknowledges_waits_in_memory(postgres: Postgres) -> None:
    with psycopg.connect(postgres.url()) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert connection.execute(f"SHOW {setting}").fetchone() == ("on",)


def test_data_of_another_major_version_is_refused_and_left_alone(postgres: Postgres) -> None:
    postgres.stop()
    marker = postgres.data / "PG_VERSION"
    marker.write_text("16\n")

    with pytest.raises(OtherMajorVersion, match="made by PostgreSQL 16"):
        postgres.prepare()

    assert marker.read_text() == "16\n"


def test_lock_files_of_a_dead_server_do_not_stop_a_start(postgres: Postgres) -> None:
    postgres.stop()
    (postgres.data / "postmaster.pid").write_text(f"{os.getpid()}\n{postgres.data}\n0\n5432\n\n\n\n\n")

    postgres.start()

    psycopg.connect(postgres.url()).close()


def test_a_server_goes_with_a_parent_that_is_killed(folder: Path) -> None:
    program = (
        "import sys, pathlib\n"
        "from config.stack.postgres import FOR_TESTS, Postgres\n"
        f"server = Postgres(pathlib.Path({str(folder)!r}), FOR_TESTS)\n"
        "server.prepare()\n"
        "server.start()\n"
        "print(server.process.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        server = Known.of(int(parent.stdout.readline()))
        assert server is not None

        parent.send_signal(signal.SIGKILL)
        parent.wait()

        assert wait_until_gone([server], timeout_s=20)


def test_a_long_folder_name_gets_its_socket_elsewhere(tmp_path: Path) -> None:
    folder = tmp_path / ("a-very-long-name-" * 6)

    server = Postgres(folder, FOR_TESTS)

    assert len(str(server.sockets)) < 90
    assert folder not in server.sockets.parents


def test_valkey_answers_those_who_know_the_password(tmp_path: Path) -> None:
    server = Valkey(tmp_path)
    server.start()
    try:
        with redis.Redis.from_url(server.url(1)) as known, redis.Redis(port=server.port) as stranger:
            assert known.ping()
            with pytest.raises(redis.AuthenticationError):
                stranger.ping()
        assert server.process is not None
        command = psutil.Process(server.process.pid).cmdline()
        assert server.url(0).split(":")[2].split("@")[0] not in " ".join(command)
    finally:
        server.stop()
