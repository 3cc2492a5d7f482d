"""`manage.py check_duplicates`: look through all members for who may be one person, or measure how well that works."""

import csv
import gzip
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.ground import clock
from members.queries.duplicates import MOST_ALIKE, current_weights
from members.rules.likeness_quality import quality_of
from members.rules.likeness_weights import DEFAULT
from members.rules.portraits import Portrait, portrait
from members.services.duplicates import check_all_members, learn_from_decisions

COLUMNS = {
    "given_name": ("given_name", "first_name"),
    "family_name": ("family_name", "surname"),
    "other_names": ("display_name", "full_name"),
    "postcode": ("postcode", "postcode_fake"),
    "town": ("town", "suburb", "birth_place"),
    "house": ("house", "street_number"),
}
"""Field of a portrait -> columns in which it stands, the first that there is."""

BIRTHS = ("birth_date", "date_of_birth", "dob")
STREETS = ("street", "address_1", "address_2")
NUMBERS = ("soc_sec_id",)
IDS = ("external",)
NOT_OF_MEMBERS: dict[str, Any] = {"postcode": "", "town": "", "streets": (), "house": "", "numbers": ()}
"""What members do not tell, and records of other houses do."""
HEAD = "| records | pairs | found | precision | recall | F1 |\n|---|---|---:|---:|---:|---:|"


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "records",
            nargs="*",
            type=Path,
            help="CSV files, gzipped or not, with record_id, names, birth date, address; beside each NAME_records.csv"
            " stands NAME_truth.csv with record_id and entity_id. None: the members themselves are looked through.",
        )
        parser.add_argument(
            "--own-weights", action="store_true", help="Measure with what was learnt here from decisions."
        )
        parser.add_argument(
            "--as-members",
            action="store_true",
            help="Measure without addresses and numbers of documents, which members do not tell.",
        )
        parser.add_argument(
            "--learn", action="store_true", help="First learn weights from what colleagues have decided."
        )

    def handle(
        self,
        *_args: Any,
        records: list[Path],
        own_weights: bool,
        as_members: bool,
        learn: bool,
        **_options: Any,
    ) -> None:
        if learn:
            learnt = learn_from_decisions(actor="command", now=clock.now())
            by = (
                f"from {learnt.learnt_from:,} decided pairs"
                if learnt
                else "nothing, for nothing is decided yet"
            )
            self.stdout.write(f"Learnt {by}.")
        if not records:
            began = time.monotonic()
            likely = check_all_members(now=clock.now())
            self.stdout.write(f"{likely:,} pairs may be one person; {time.monotonic() - began:.0f} s.")
            return
        weights = current_weights() if own_weights else DEFAULT
        self.stdout.write(HEAD)
        for path in records:
            truth = {row["record_id"]: row["entity_id"] for row in _rows(_truth_of(path))}
            rows = list(_rows(path))
            told = quality_of(
                [_portrait(row, NOT_OF_MEMBERS if as_members else {}) for row in rows],
                [truth[row["record_id"]] for row in rows],
                weights,
                most_alike=MOST_ALIKE,
            )
            for kind, one in told.items():
                name = path.name.partition("_records")[0]
                found = f"{one.right + one.wrong:,} of {one.all_there_are:,}"
                self.stdout.write(
                    f"| {name} | {kind} | {found} | {one.precision:.4f} | {one.recall:.4f} | {one.f1:.4f} |"
                )


def _truth_of(records: Path) -> Path:
    if "_records" not in records.name:
        raise CommandError(f"{records.name}: name it NAME_records.csv, and put NAME_truth.csv beside it.")
    return records.with_name(records.name.replace("_records", "_truth"))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    """
    :raises CommandError: if there is no such file.
    """
    if not path.exists():
        raise CommandError(f"There is no file {path}.")
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
    yield from csv.DictReader(text.splitlines())


def _portrait(row: dict[str, str], left_out: Mapping[str, Any]) -> Portrait:
    told: dict[str, Any] = {
        field: next((row[name] for name in names if name in row), "") for field, names in COLUMNS.items()
    }
    told |= {
        "birth": next((row[name].replace("-", "") for name in BIRTHS if name in row), ""),
        "streets": [row[name] for name in STREETS if row.get(name)],
        "ids": [f"{name}:{row[name]}" for name in IDS if row.get(name)],
        "numbers": [f"{name}:{row[name]}" for name in NUMBERS if row.get(name)],
        "phones": [row["phone"]] if row.get("phone") else [],
        "emails": [row["email"]] if row.get("email") else [],
    }
    return portrait(**{**told, **left_out})
