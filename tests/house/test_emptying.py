"""What a test with real transactions leaves must be gone before the next one."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Timer

import psycopg
import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import TransactionTestCase

from config.ground.models import JobRun
from tests import emptying

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        "REGULARS_TEST_SERVER_IS_OURS" not in os.environ, reason="DATABASE_URL names a server"
    ),
]


@pytest.fixture
def writing() -> Iterator[BaseDatabaseWrapper]:
    """Somebody who has written a row and not committed it yet."""
    other = connection.copy()
    other.inc_thread_sharing()
    other.set_autocommit(False)
    with other.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ground_jobrun (name, state, started_at, done, detail) VALUES ('x', 'running', now(), 0, '')"
        )
    yield other
    other.close()


def test_what_somebody_is_about_to_commit_is_waited_for(writing: BaseDatabaseWrapper) -> None:
    JobRun.objects.create(name="y", state="running", started_at=datetime.now(UTC))
    late = Timer(0.5, writing.commit)
    late.start()

    TransactionTestCase()._fixture_teardown()

    late.join()
    assert not JobRun.objects.exists()


def test_who_never_commits_is_told_of_and_not_waited_for_for_ever(
    writing: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emptying, "PATIENCE", "100ms")

    with pytest.raises(psycopg.errors.LockNotAvailable):
        TransactionTestCase()._fixture_teardown()

    writing.rollback()
