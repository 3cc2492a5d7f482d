"""kill -9 of a worker in the middle of an import, and many workers at one: nothing lost, nothing doubled."""

import io
import signal
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from config.ground import clock
from config.ground.spreadsheets import write_sheet
from members.models import ConsentEvent, ImportedMember, ImportRow, ImportState, Member, MemberImport
from members.rules.import_fields import Mapping
from members.services import import_applying, import_reading
from members.services.import_work import work_on
from members.services.imports import apply_import, name_columns, upload
from tests.processes import Processes
from tests.slowly import nobody_else_is_connected, wait_for_waiting
from tests.stack.serving import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = 12_000
WORKER = "import django; django.setup(); from members.tasks import work_on_imports; work_on_imports()"
Worker = subprocess.Popen[str]


@pytest.fixture
def start_worker(
    processes: Processes, exports_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], Worker]:
    """Starts what a worker does at each tick, as a process."""
    monkeypatch.setenv("EXPORT_FOLDER", str(exports_folder))
    return lambda: processes.start("-c", WORKER)


def begun() -> MemberImport:
    """A sheet of members who consent, to be read."""
    content = io.BytesIO()
    rows = ([f"p{number}@example.com", f"P{number}", "yes"] for number in range(ROWS))
    write_sheet(content, ["email", "first name", "newsletter"], rows)
    size = content.tell()
    content.seek(0)
    batch = upload("a.xlsx", content, size=size, region="US", actor="staff:1", now=clock.now())
    columns = tuple(batch.mapping["columns"])
    name_columns(batch.pk, Mapping(columns=columns, consent_text="form-7"), now=clock.now())
    return batch


def kill_before_it_commits(worker: Worker, table: str, *, once: Callable[[], bool]) -> None:
    """When it has come so far: in the middle of a chunk, with all but its last words written."""
    assert wait_until(once, within_s=120)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN SHARE MODE")
        wait_for_waiting()
        assert worker.poll() is None
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    assert wait_until(nobody_else_is_connected, within_s=60)


def let_three_work_until(start_worker: Callable[[], Worker], batch: MemberImport, state: ImportState) -> None:
    for _ in range(20):
        for worker in [start_worker() for _ in range(3)]:
            assert worker.wait(timeout=120) == 0
        batch.refresh_from_db()
        if batch.state == state:
            return
    raise AssertionError(f"It is still {batch.state}: {batch.problem}")


def test_a_killed_worker_loses_nothing_and_three_after_it_double_nothing(
    start_worker: Callable[[], Worker],
) -> None:
    batch = begun()

    kill_before_it_commits(start_worker(), "members_importrow", once=ImportRow.objects.exists)
    batch.refresh_from_db()
    assert (batch.state, batch.rows_read, batch.rows_in_file) == ("reading", ImportRow.objects.count(), ROWS)
    assert 0 < batch.rows_read < ROWS
    let_three_work_until(start_worker, batch, ImportState.READ)
    assert (batch.foreseen, ImportRow.objects.count()) == ({"new": ROWS}, ROWS)

    apply_import(batch.pk, actor="staff:2", now=clock.now())
    kill_before_it_commits(start_worker(), "members_importedmember", once=Member.objects.exists)
    batch.refresh_from_db()
    assert 0 < batch.counts["enrolled"] == Member.objects.count() < ROWS
    let_three_work_until(start_worker, batch, ImportState.APPLIED)
    assert (batch.counts, Member.objects.count()) == ({"enrolled": ROWS}, ROWS)
    assert ImportedMember.objects.count() == ConsentEvent.objects.count() == ROWS


def test_a_file_is_unpacked_once_and_read_on_where_it_was_left(exports_folder: Path) -> None:
    batch, written = begun(), []

    while not written or batch.state == ImportState.READING:
        work_on(now=clock.now(), may_go_on=lambda: False)
        batch.refresh_from_db()
        rows = exports_folder / batch.rows_file
        written.append(rows.stat().st_ino if rows.exists() else None)

    assert written == [written[0], written[0], written[0], None]
    assert batch.foreseen == {"new": ROWS}


def test_the_console_waits_for_workers_that_are_at_its_file(
    exports_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in (import_reading, import_applying):
        monkeypatch.setattr(step, "ROWS_PER_CHUNK", 100)
    file, is_over, rows = tmp_path / "crm.csv", Event(), 3_000
    file.write_text("email\n" + "".join(f"p{number}@example.com\n" for number in range(rows)))

    def work_meanwhile() -> None:
        try:
            while not is_over.is_set():
                work_on(now=clock.now(), may_go_on=lambda: True)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        working = threads.submit(work_meanwhile)
        try:
            call_command("import_members", str(file), "--apply", stdout=io.StringIO())
        finally:
            is_over.set()
        working.result()

    assert MemberImport.objects.get().counts == {"enrolled": rows}
    assert Member.objects.count() == rows
