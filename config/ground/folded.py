"""Migrations were folded into few before the first release. A database of before can go on from their end alone."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder

ENDS = {
    ("members", "0016_staged_rows_are_found_by_their_person"),
    ("omnichannel", "0010_answers_are_counted_by_their_cause"),
    ("loyalty", "0039_what_households_drew_is_found_by_member"),
    ("campaigns", "0002_what_happened_is_found_by_its_moment"),
}
"""The last migrations that were folded."""

SOME_OF_BEFORE = {
    ("omnichannel", "0003_orders_are_recorded_in_one_statement"),
    ("loyalty", "0003_what_changes_worth_moves_the_stamp"),
}
"""One of each time that migrations were folded: a database with any of them was made before."""


@register(Tags.database)
def check_folded(*, databases: Sequence[str] | None, **_kwargs: Any) -> list[CheckMessage]:
    """Whether a database that began before the folding came to its end; `migrate` asks before it does anything."""
    return [fault for alias in databases or () for fault in _faults_of(alias)]


def _faults_of(alias: str) -> list[CheckMessage]:
    applied = MigrationRecorder(connections[alias]).applied_migrations()
    missing = ENDS - applied.keys()
    if not missing or SOME_OF_BEFORE.isdisjoint(applied):
        return []
    names = ", ".join(sorted(".".join(end) for end in missing))
    return [
        Error(
            f"The database was made before the migrations were folded, and has not come to {names}.",
            hint="Migrate it with the last state of the code that has these, or begin with an empty database.",
            id="ground.E001",
        )
    ]
