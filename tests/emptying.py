"""Emptying the tables after a test with real transactions.

Django truncates all of them, and tells every app anew what models there are. That makes and removes some 1,200 files,
a second and more on a busy machine, two hundred times. What a test wrote is few rows: they are deleted, past all
triggers, by the superuser of the tests' own server.
"""

import os

import psycopg
from django.db import connection
from django.test import TransactionTestCase
from psycopg import sql
from psycopg.conninfo import make_conninfo

from config.stack.postgres import SUPERUSER

KEPT = ["django_content_type", "auth_permission", "django_migrations"]
"""They tell what models and rights there are, which is the same for all tests."""

FEW_BYTES = 16 * 1024 * 1024

PATIENCE = "60s"
"""With a thread or a process that still writes: as TRUNCATE does, or its rows would stand in the next test."""

USED = """
    SELECT relname, pg_relation_size(oid) FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> ALL (%s) AND pg_relation_size(oid) > 0
"""


def empty_by_deleting() -> None:
    """Have tests do so from now on; where `DATABASE_URL` names a server, Django truncates."""
    if "REGULARS_TEST_SERVER_IS_OURS" in os.environ:
        TransactionTestCase._fixture_teardown = _empty  # type: ignore[method-assign]


def _empty(_case: TransactionTestCase) -> None:
    database = connection.get_connection_params()["dbname"]
    ours = make_conninfo(os.environ["DATABASE_URL"], dbname=database, user=SUPERUSER)
    with psycopg.connect(ours) as superuser:
        used = dict(superuser.execute(USED, [KEPT]).fetchall())
        if not used:
            return
        names = [sql.Identifier(name) for name in used]
        all_of_them = sql.SQL(", ").join(names)
        superuser.execute("SET session_replication_role = replica")
        superuser.execute(sql.SQL("SET lock_timeout = {}").format(PATIENCE))
        superuser.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(all_of_them))
        if sum(used.values()) > FEW_BYTES:
            superuser.execute(sql.SQL("TRUNCATE {} CASCADE").format(all_of_them))
        else:
            superuser.execute(sql.SQL("; ").join(sql.SQL("DELETE FROM {}").format(name) for name in names))
