"""The part of `make lint` that needs a database: models and migrations agree, and migrations are safe to deploy.

Starts the embedded PostgreSQL of the tests for a moment, unless `DATABASE_URL` names one.
"""

import os
import sys
import tempfile
from pathlib import Path

import django
from django.core.management import call_command
from django_migration_linter import MigrationLinter

OUR_APPS = ["ground", "outbox", "staff", "members", "omnichannel", "loyalty", "campaigns"]


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    if "DATABASE_URL" in os.environ:
        check()
        return
    from config.stack.postgres import FOR_TESTS, Postgres  # noqa: PLC0415 - only where no server is named

    with tempfile.TemporaryDirectory() as folder:
        server = Postgres(Path(folder), FOR_TESTS)
        server.prepare()
        server.start()
        try:
            server.make_role_and_database()
            os.environ["DATABASE_URL"] = server.url()
            check()
        finally:
            server.stop()


def check() -> None:
    """Print what is wrong and end with a code other than 0, or end quietly."""
    django.setup()
    call_command("check", fail_level="WARNING")
    call_command("check", tags=["sharding"], fail_level="WARNING")
    call_command("makemigrations", check=True, dry_run=True)
    safe = MigrationLinter(include_apps=OUR_APPS, no_cache=True, quiet=["ok", "ignore"])
    safe.lint_all_migrations()
    if safe.has_errors:
        sys.exit(1)


if __name__ == "__main__":
    main()
