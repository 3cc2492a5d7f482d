"""Everything through PgBouncer in transaction mode: each transaction may meet another session of PostgreSQL."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.stack.ports import free_port
from config.stack.postgres import ROLE, Postgres
from config.stack.processes import spawn
from tests.servers import start_migrated
from tests.stack.serving import new_folder, serving, wait_until
from tests.stories.tills import PATIENCE_S, assert_booked_once, selling

PGBOUNCER = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin")
PORT = 6432
PURCHASES = 300

pytestmark = pytest.mark.skipif(
    PGBOUNCER is None, reason="no PgBouncer is installed: apt-get install pgbouncer"
)


@pytest.fixture
def pooled_url() -> Iterator[str]:
    """Where a PgBouncer listens that shares four sessions and takes another one for each transaction."""
    server = start_migrated(new_folder(), Path(os.environ["REGULARS_TEST_FOLDER"]).parent)
    pooler = spawn(
        [PGBOUNCER or "", _configuration(server)], log=server.folder / "pgbouncer.log", user=server.user
    )
    url = server.url().replace(f"port={server.port}", f"port={PORT}")
    assert wait_until((server.sockets / f".s.PGSQL.{PORT}").exists, within_s=10)
    yield url
    pooler.send_signal(signal.SIGTERM)
    pooler.wait(10)
    server.stop()


def _configuration(server: Postgres) -> Path:
    users = server.folder / "users.txt"
    users.write_text(f'"{ROLE}" ""\n')
    file = server.folder / "pgbouncer.ini"
    file.write_text(
        f"[databases]\n{ROLE} = host={server.sockets} port={server.port} dbname={ROLE}\n"
        f"[pgbouncer]\npool_mode = transaction\ndefault_pool_size = 4\nserver_round_robin = 1\n"
        f"listen_port = {PORT}\nunix_socket_dir = {server.sockets}\nauth_type = trust\nauth_file = {users}\n"
    )
    return file


def test_a_shop_sells_through_a_pooler_that_shares_its_sessions(pooled_url: str) -> None:
    with serving(new_folder(), free_port(), DATABASE_URL=pooled_url, BEHIND_PGBOUNCER="1") as stack:
        stack.wait_until_ready()
        with selling(stack) as tills:
            assert wait_until(lambda: len(tills.acknowledged) >= PURCHASES, within_s=PATIENCE_S)
        assert_booked_once(stack, tills)
