"""`manage.py import_orders`: take over a retailer's files. `docs/import.md` describes them."""

import csv
import sys
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TextIO

from django.core.management import BaseCommand, CommandError

from config.ground import clock
from config.ground.refusals import Refusal
from config.ground.spreadsheets import no_formula
from loyalty.rules.feed_formats import NAMES
from loyalty.services.import_report import Report, Tally
from loyalty.services.importing import NothingToRead, import_feeds

BAR_WIDTH = 30


class Command(BaseCommand):
    """Understands the arguments, calls the import once, and says what became of it."""

    requires_system_checks = []  # it serves no URL, and a third of a small import would be checking them
    help = "Take over orders, products, stores and members from CSV or NDJSON files, plain or gzipped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="known by its header")
        parser.add_argument("--programme", required=True, help="code of the programme that gets the orders")
        parser.add_argument("--format", choices=NAMES, default="", help="instead of recognising each file")
        parser.add_argument("--products", type=Path, action="append", default=[], metavar="FILE")
        parser.add_argument("--stores", type=Path, action="append", default=[], metavar="FILE")
        parser.add_argument(
            "--shift-to", type=_day, metavar="DATE", help="move the orders by whole weeks to end by this day"
        )
        parser.add_argument(
            "--hands", type=int, default=2, metavar="N", help="so many book at once (%(default)s)"
        )
        parser.add_argument(
            "--errors",
            type=Path,
            default=Path("import-errors.csv"),
            metavar="FILE",
            help="where rows go that were not taken (%(default)s)",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        started = time.monotonic()
        bar = ProgressBar(sys.stderr)
        with ErrorFile(options["errors"]) as errors:
            report = Report(refusals=errors, watch=bar.show)
            try:
                import_feeds(
                    [*options["stores"], *options["products"], *options["files"]],
                    programme_code=options["programme"],
                    format_name=options["format"],
                    shift_to=options["shift_to"],
                    hands=options["hands"],
                    report=report,
                    clock=clock.now,
                )
            except NothingToRead:
                raise CommandError(f"None of the files could be read; see {errors.path}.") from None
            except Refusal as refusal:
                raise CommandError(refusal.detail) from refusal
            finally:
                bar.clear()
        report.tally.seconds = time.monotonic() - started
        self.stdout.write(summary(report.tally))
        if errors.count:
            self.stdout.write(
                f"{errors.count} rows were not taken; each is in {errors.path} with its reason."
            )


def _day(text: str) -> date:
    """`today` is the last whole day: yesterday's shop is closed, today's is still open."""
    return clock.now().date() - timedelta(days=1) if text == "today" else date.fromisoformat(text)


def summary(tally: Tally) -> str:
    """What became of an import, a line for each kind of thing that there was."""
    lines = [
        (tally.orders_booked, "orders booked for members"),
        (tally.orders_anonymous, "anonymous orders kept, to be claimed by receipt"),
        (tally.orders_known, "orders known before"),
        (tally.orders_refused, "orders refused"),
        (tally.returns_booked, "returns put to their purchases"),
        (tally.returns_partly, "of them in part; no purchase explains the rest"),
        (tally.returns_unexplained, "returns of goods that the member did not buy here; kept as slips"),
        (tally.returns_anonymous, "returns by nobody; kept as slips"),
        (tally.returns_known, "returns known before"),
        (tally.rows_left_out, "rows left out that are no sale of goods"),
        (tally.rows_refused, "rows refused"),
        (tally.members_new, "members enrolled"),
        (tally.places_new, "stores opened"),
        (tally.products_new, "products new"),
        (tally.products_changed, "products changed"),
    ]
    told = [f"{count:>12,} {words}" for count, words in lines if count]
    points = [f"{tally.points_earned:>12,} points earned", f"{tally.points_taken:>12,} points taken back"]
    return "\n".join([*told, *points, f"{tally.seconds:>12,.1f} seconds"])


class ProgressBar:
    """A line on a terminal that is drawn over and over; nothing where there is no terminal."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._is_seen = out.isatty()

    def show(self, what: str, done: int, total: int) -> None:
        if self._is_seen:
            share = min(done / total, 1.0) if total else 1.0
            bar = "#" * round(share * BAR_WIDTH)
            self._out.write(f"\r\x1b[K{what:<32} [{bar:<{BAR_WIDTH}}] {share:4.0%}")
            self._out.flush()

    def clear(self) -> None:
        if self._is_seen:
            self._out.write("\r\x1b[K")
            self._out.flush()


class ErrorFile:
    """A CSV file of rows that were not taken; made when the first one comes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._file: TextIO | None = None

    def __enter__(self) -> "ErrorFile":
        return self

    def __exit__(self, *_fault: object) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, file: str, row: int, reason: str, raw: Sequence[str]) -> None:
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8", newline="")
            csv.writer(self._file).writerow(["file", "row", "reason", "raw"])
        self.count += 1
        csv.writer(self._file).writerow([file, row, reason, no_formula("|".join(raw))])
