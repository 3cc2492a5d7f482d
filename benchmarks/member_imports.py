"""A file of members taken over: how long it takes, in how much memory, and its longest statement.

Run as a process of its own, `python -m benchmarks.member_imports FILE`, as a worker does it; what it measured is a line
of JSON.
"""

import gzip
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import django
import msgspec

TIMEOUT_S = 30
"""As docs/operator.md has it; what takes longer fails."""
SLICE_S = 20.0
"""For so long a worker works at a time."""
SECOND_PHONE = 0.2
TWICE = 0.001
"""So many rows are those of somebody above them."""


class Measured(msgspec.Struct):
    """Seconds; `longest` is a statement, in seconds and by its first words."""

    read_s: float
    apply_s: float
    longest: tuple[float, str]
    counts: dict[str, int]


def measure_member_import(rows: int) -> str:
    """One line of words."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "members.csv.gz"
        _write(file, rows)
        environment = {
            **os.environ,
            "PGOPTIONS": f"-c statement_timeout={TIMEOUT_S}s",
            "EXPORT_FOLDER": folder,
        }
        command = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.member_imports", str(file)],
            stdout=subprocess.PIPE,
            env=environment,
        )
        told = command.stdout.read() if command.stdout else b""
        _, status, used = os.wait4(command.pid, 0)
        command.returncode = os.waitstatus_to_exitcode(status)
        if command.returncode:
            raise RuntimeError("the import failed")
        size = file.stat().st_size / 2**20
    took = msgspec.json.decode(told, type=Measured)
    longest_s, words = took.longest
    return (
        f"{rows:,} members from a CSV file of {size:.0f} MB (gzip): read in {took.read_s:.0f} s, applied in"
        f" {took.apply_s:.0f} s, with {used.ru_maxrss / 1024:.0f} MB at most; {took.counts};"
        f" the longest statement took {longest_s:.1f} s ({words})."
    )


def _write(file: Path, rows: int) -> None:
    """Members as a CRM has them: names, two phones of some, a birthday of most, a yes or no to news."""
    from benchmarks.duplicates import names_as_common_as_real  # noqa: PLC0415 - after setup, as in __main__

    chance = random.Random(11)
    people = names_as_common_as_real(chance, rows)
    with gzip.open(file, "wt", compresslevel=1) as lines:
        lines.write("Email,Phone,Mobile,First name,Last name,Birthday,Newsletter\n")
        for number, (given, family) in enumerate(people):
            one = chance.randrange(number) if number and chance.random() < TWICE else number
            second = f"+1646{2_000_001 + number}" if chance.random() < SECOND_PHONE else ""
            born = date(1940, 1, 1) + timedelta(days=chance.randrange(24_000)) if number % 3 else ""
            email = f"{given}.{family}{number}@example.com".lower()
            lines.write(
                f"{email},+1718{2_000_001 + one},{second},{given},{family},{born},{('yes', 'no', '')[number % 3]}\n"
            )


def _import(file: Path) -> Measured:
    from django.db import connection  # noqa: PLC0415 - after setup

    from config.ground import clock  # noqa: PLC0415 - after setup
    from members.models import MemberImport  # noqa: PLC0415 - after setup
    from members.models.imports import AT_WORK  # noqa: PLC0415 - after setup
    from members.services.import_work import work_on  # noqa: PLC0415 - after setup
    from members.services.imports import (  # noqa: PLC0415 - after setup
        apply_import,
        mapping_of,
        name_columns,
        upload,
    )

    longest = _Longest()

    def until_done(batch: MemberImport) -> float:
        began = time.perf_counter()
        while batch.state in AT_WORK:
            end = time.monotonic() + SLICE_S
            work_on(now=clock.now(), may_go_on=_until(end))
            batch.refresh_from_db()
            if batch.problem:
                raise RuntimeError(batch.problem)
        return time.perf_counter() - began

    with connection.execute_wrapper(longest):
        with file.open("rb") as content:
            batch = upload(
                file.name, content, size=file.stat().st_size, region="US", actor="bench", now=clock.now()
            )
        mapping = msgspec.structs.replace(mapping_of(batch), consent_text="form-7")
        batch = name_columns(batch.pk, mapping, now=clock.now())
        read_s = until_done(batch)
        batch = apply_import(batch.pk, actor="bench", now=clock.now())
        apply_s = until_done(batch)
    return Measured(read_s, apply_s, longest.found, batch.counts)


def _until(end: float) -> Callable[[], bool]:
    return lambda: time.monotonic() < end


class _Longest:
    """Times what passes through the connection."""

    found: tuple[float, str] = (0.0, "")

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.found = max(self.found, (time.perf_counter() - began, " ".join(sql.split())[:60]))


if __name__ == "__main__":
    django.setup()
    sys.stdout.buffer.write(msgspec.json.encode(_import(Path(sys.argv[1]))))
