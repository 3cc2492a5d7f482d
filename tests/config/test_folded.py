"""Databases that were made before the migrations were folded."""

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from config.ground.folded import ENDS, SOME_OF_BEFORE

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("one_of_before", sorted(SOME_OF_BEFORE))
def test_a_database_that_did_not_come_to_the_end_is_refused(one_of_before: tuple[str, str]) -> None:
    applied = MigrationRecorder(connection)
    for name in {one_of_before, *ENDS}:
        if name[0] != "campaigns":
            applied.record_applied(*name)

    with pytest.raises(
        SystemCheckError, match=r"has not come to campaigns\.0002_what_happened_is_found_by_its_moment"
    ):
        call_command("migrate", verbosity=0, skip_checks=False)


def test_a_database_that_came_to_the_end_goes_on() -> None:
    applied = MigrationRecorder(connection)
    for name in SOME_OF_BEFORE | ENDS:
        applied.record_applied(*name)

    call_command("migrate", verbosity=0, skip_checks=False)

    assert applied.applied_migrations().keys() >= SOME_OF_BEFORE
