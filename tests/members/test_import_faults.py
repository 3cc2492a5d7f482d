"""Imports that cannot go on: each fails for itself, with a sentence, and the others go on."""

import gzip
import io
import random
import zipfile
from datetime import datetime, timedelta

import pytest
from django.db import connection
from openpyxl import Workbook

from members.errors import ImportNotReadable
from members.models import ImportRow, Member, MemberImport
from members.rules.import_fields import Mapping
from members.services.import_work import work_on
from members.services.imports import apply_import, name_columns, undo_import, upload
from tests.members.factories import NOW
from tests.members.importing import applied, deliver_everything, problems, uploaded, worked_on

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("exports_folder")]


def begun(raw: bytes) -> MemberImport:
    """Uploaded, and to be read."""
    batch = upload("a.csv", io.BytesIO(raw), size=len(raw), region="US", actor="staff:1", now=NOW)
    name_columns(batch.pk, Mapping(columns=tuple(batch.mapping["columns"])), now=NOW)
    return batch


def packed_and_broken() -> bytes:
    chance = random.Random(7)
    rows = "".join(f"p{chance.getrandbits(200):x}@example.com\n" for _ in range(20_000))
    packed = bytearray(gzip.compress(f"email\n{rows}".encode(), mtime=0))
    middle = len(packed) // 2
    packed[middle : middle + 400] = b"\xff" * 400
    return bytes(packed)


def sheet_broken_below_its_headings() -> bytes:
    book, whole, broken = Workbook(), io.BytesIO(), io.BytesIO()
    for row in (["email"], *([f"p{number}@example.com"] for number in range(9_000))):
        book.active.append(row)
    book.save(whole)
    with zipfile.ZipFile(whole) as one, zipfile.ZipFile(broken, "w", zipfile.ZIP_DEFLATED) as other:
        for part in one.namelist():
            content = one.read(part)
            if part.endswith("sheet1.xml"):
                content = content[: len(content) - 2_000] + b"<row><c></row>"
            other.writestr(part, content)
    return broken.getvalue()


def test_a_file_that_cannot_be_unpacked_is_refused_with_a_sentence() -> None:
    raw = packed_and_broken()

    with pytest.raises(ImportNotReadable, match="The file is broken"):
        upload("a.csv.gz", io.BytesIO(raw), size=len(raw), region="US", actor="staff:1", now=NOW)
    assert not MemberImport.objects.exists()


def test_a_broken_file_fails_for_itself_and_those_behind_it_go_on() -> None:
    broken = begun(sheet_broken_below_its_headings())
    good = begun(b"email\neve@example.com\n")

    work_on(now=NOW, may_go_on=lambda: True)

    broken.refresh_from_db(), good.refresh_from_db()
    assert (broken.state, good.state) == ("failed", "read")
    assert broken.problem.startswith("The file is broken")


def test_a_row_that_the_database_does_not_take_is_refused_alone() -> None:
    batch = uploaded("email,given_name\n" + "".join(f"p{number}@example.com,P\n" for number in range(50)))
    ImportRow.objects.filter(batch=batch, row=30).update(
        told={"email": "p28@example.com", "given_name": "P" * 500}
    )

    batch = applied(batch)

    assert (batch.state, batch.counts) == ("applied", {"enrolled": 49, "refused": 1})
    assert "does not take this row" in problems(batch)[30][0][1]
    assert Member.objects.count() == 49


def refuse_writes(table: str) -> None:
    """A fault of the house: the database refuses what it should take."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'no'; END$$"
        )
        cursor.execute(
            f"CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse()"
        )


def accept_writes(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER refuse ON {table}")


@pytest.mark.parametrize("step", ["applying", "undoing"])
def test_a_fault_of_the_house_puts_an_import_off_and_not_those_behind_it(step: str) -> None:
    batch = uploaded("email\neve@example.com\n")
    if step == "undoing":
        applied(batch)
        deliver_everything(at=NOW)
        undo_import(batch.pk, actor="staff:3", now=NOW)
    else:
        apply_import(batch.pk, actor="staff:2", now=NOW)
    other = begun(b"email\nmax@example.com\n")
    table = "members_importedmember"
    refuse_writes(table)

    def tried_at(minutes: int) -> tuple[str, int, datetime | None]:
        found = worked_on(batch, NOW + timedelta(minutes=minutes))
        return found.state, found.stumbles, found.try_at

    assert tried_at(0) == (step, 1, NOW + timedelta(minutes=1))
    assert "It stopped by a fault of the house (ProgrammingError)" in batch.problem
    assert tried_at(0) == (step, 1, NOW + timedelta(minutes=1))
    assert tried_at(1) == (step, 2, NOW + timedelta(minutes=3))
    other.refresh_from_db()
    assert other.state == "read"
    accept_writes(table)
    assert tried_at(3)[1:] == (0, None)
    assert (batch.state, batch.problem) == ("applied" if step == "applying" else "undone", "")
    assert Member.objects.filter(state="active").count() == (step == "applying")
