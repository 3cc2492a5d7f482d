"""`manage.py import_members`: take over a file of members as the page *Imports* does, from the console."""

import time
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import msgspec
from django.conf import settings
from django.core.management import BaseCommand, CommandError

from config.ground import clock
from config.ground.refusals import Refusal
from members.models import ImportState, MemberImport, RowState
from members.models.imports import AT_WORK
from members.queries.imports import get_import, list_all_rows
from members.rules.import_fields import DateOrder, Known, Likely
from members.rules.import_rows import words_of
from members.services.import_reading import preview_words
from members.services.import_work import work_on
from members.services.imports import apply_import, mapping_of, name_columns, undo_import, upload

ACTOR = "console"
WORK_S, PAUSE_S = 20.0, 0.1
"""How long it works before it looks again what time it is, and how long it waits for who else is at it."""


class Command(BaseCommand):
    """Understands the arguments, takes the steps, and says what became of them."""

    help = "Import members from CSV, XLSX or NDJSON. Without --apply it only says what it would come to."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, nargs="?")
        parser.add_argument("--column", action="append", default=[], metavar="HEADING=FIELD")
        parser.add_argument("--dates", choices=get_args(DateOrder), default="ymd")
        parser.add_argument(
            "--region", default=settings.DEFAULT_REGION, help="of phones without a country code"
        )
        parser.add_argument("--source", default="", help="system that customer numbers come from, e.g. crm")
        parser.add_argument("--consent-text", default="", help="words that were consented to")
        parser.add_argument("--known", choices=get_args(Known), default="leave")
        parser.add_argument("--likely", choices=get_args(Likely), default="leave_out")
        parser.add_argument("--apply", action="store_true", help="write it, too")
        parser.add_argument("--undo", metavar="IMP_REF", help="take an import back")

    def handle(self, *_args: Any, **told: Any) -> None:
        try:
            if told["undo"]:
                self._undo(told["undo"])
            elif told["file"] is None:
                raise CommandError("Name a file, or an import to undo.")
            else:
                self._import(told)
        except Refusal as refused:
            raise CommandError(refused.detail or refused.title) from refused

    def _import(self, told: dict[str, Any]) -> None:
        path: Path = told["file"]
        now = clock.now()
        try:
            with path.open("rb") as content:
                size = path.stat().st_size
                batch = upload(path.name, content, size=size, region=told["region"], actor=ACTOR, now=now)
        except OSError as fault:
            raise CommandError(str(fault)) from fault
        columns = list(mapping_of(batch).columns)
        for one in told["column"]:
            heading, _, field = one.rpartition("=")
            if heading not in batch.shape[3]:
                raise CommandError(f"There is no column {heading!r}.")
            columns[batch.shape[3].index(heading)] = field
        mapping = msgspec.structs.replace(
            mapping_of(batch),
            columns=tuple(columns),
            date_order=told["dates"],
            region=told["region"],
            external_source=told["source"],
            consent_text=told["consent_text"],
            known=told["known"],
            likely=told["likely"],
        )
        name_columns(batch.pk, mapping, now=now)
        batch = self._worked_on(batch)
        words = preview_words(mapping)
        self._say(batch.foreseen, words)
        for one in list_all_rows(batch.pk, [RowState.REFUSED]):
            self.stderr.write(f"row {one.row}: {' '.join(words_of(problem) for problem in one.problems)}")
        if told["apply"]:
            apply_import(batch.pk, actor=ACTOR, now=clock.now())
            batch = self._worked_on(batch)
            self._say(batch.counts, {})
        self.stdout.write(f"{batch.ref} is {batch.get_state_display()}")

    def _undo(self, ref: str) -> None:
        batch = undo_import(get_import(ref).pk, actor=ACTOR, now=clock.now())
        batch = self._worked_on(batch)
        self._say(batch.undone_counts, {})
        self.stdout.write(f"{batch.ref} is {batch.get_state_display()}")

    def _worked_on(self, batch: MemberImport) -> MemberImport:
        """Work until it is done, or a worker of the house has done it. An undoing that waits for news is left to it."""
        while True:
            before = batch.undone_counts
            work_on(now=clock.now(), may_go_on=_for_a_while())
            batch.refresh_from_db()
            if batch.problem:
                raise CommandError(batch.problem)
            is_waiting = batch.state == ImportState.UNDOING and batch.undone_counts == before
            if batch.state not in AT_WORK or is_waiting:
                return batch
            time.sleep(PAUSE_S)

    def _say(self, counts: dict[str, int], words: dict[str, str]) -> None:
        for state, rows in sorted(counts.items()):
            self.stdout.write(f"{rows:>12,}  {words.get(state, state)}")


def _for_a_while() -> Callable[[], bool]:
    end = time.monotonic() + WORK_S
    return lambda: time.monotonic() < end
