"""Imports of members: read with every problem named, applied in chunks, cut in the middle, undone."""

import io
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from config.ground.personal import erase_rows
from members.errors import ImportNotReady
from members.member_data import Traces
from members.models import (
    Consent,
    ConsentEvent,
    Identity,
    ImportedMember,
    ImportRow,
    ImportState,
    Member,
    MemberImport,
)
from members.models.personal import HELD
from members.queries.panels import forget_files
from members.rules.consents import Channel, ConsentWord, Purpose
from members.rules.import_fields import Mapping
from members.services import import_applying, import_reading
from members.services.consents import record_consents
from members.services.duplicates import look_for_duplicates_of
from members.services.import_work import work_on
from members.services.imports import (
    apply_import,
    forget_left_files,
    forget_unknown_files,
    name_columns,
    upload,
)
from tests.members.factories import NOW, MemberFactory
from tests.members.importing import applied, problems, uploaded, worked_on

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("exports_folder")]

CSV = """\
Phone;E-Mail;Vorname;Nachname;Geburtsdatum;Newsletter;Note
(305) 555-0101;eve@example.com;Ève;Müller;03.04.1990;ja;"two
lines"
2.12555E+11;;Max;;31.02.1990;perhaps;
;;Nobody;;;;
(305) 555-0101;;Twin;;;;
212 555 0142;new@example.com;Augusta;King;10.12.1915;;
;ada.lovelace@example.com;Ada;Lovelace;10.12.1985;;
;"grace@example.com";"=1+1";Hopper;;nein;
"""


def test_a_file_of_windows_is_understood_and_every_problem_of_a_row_is_named() -> None:
    known = MemberFactory(phone="+12125550142", given_name="Augusta")
    alike = MemberFactory(given_name="Ada", family_name="Lovelace", birth_date=date(1985, 12, 10))
    look_for_duplicates_of([known.pk, alike.pk], now=NOW)

    batch = uploaded(CSV, date_order="dmy", consent_text="form-7")

    assert batch.shape[:3] == ["csv", "cp1252", ";"]
    assert batch.mapping["columns"][:6] == [
        "phone",
        "email",
        "given_name",
        "family_name",
        "birth_date",
        "consent_email_marketing",
    ]
    assert batch.foreseen == {"new": 2, "known": 1, "likely": 1, "refused": 3}
    told = problems(batch)
    assert [field for field, _ in told[3]] == ["phone", "birth_date", "consent_email_marketing"]
    assert "made a number of it (2.12555E+11)" in told[3][0][1]
    assert "no such day" in told[3][1][1]
    assert told[4][0][1].startswith("Nothing to know them by")
    assert told[5] == [
        ["", "Row 2 of the file is the same person. Join the two rows there, or take this one out."]
    ]
    likely = ImportRow.objects.get(batch=batch, state="likely")
    assert likely.refs == [alike.ref]
    assert "Birth date: the same" in likely.problems[0][1]
    assert not Identity.objects.filter(value="eve@example.com").exists()


def test_an_import_enrols_fills_in_and_keeps_its_evidence() -> None:
    ada = MemberFactory(phone="+12125550142", given_name="Augusta", family_name="")

    batch = applied(uploaded(CSV, date_order="dmy", consent_text="form-7", known="fill"))

    assert (batch.state, batch.counts) == ("applied", {"enrolled": 3, "changed": 1, "refused": 3})
    eve = Member.objects.get(given_name="Ève")
    assert (eve.family_name, str(eve.birth_date), eve.enrolled_via) == ("Müller", "1990-04-03", "import")
    ada.refresh_from_db()
    assert (ada.given_name, ada.family_name, str(ada.birth_date)) == ("Augusta", "King", "1915-12-10")
    assert ada.identities.filter(value="new@example.com", source="import").exists()
    word = ConsentEvent.objects.get(member=eve)
    assert (word.source, word.evidence, word.actor) == ("import", f"{batch.ref} row 2", "staff:2")
    assert (word.is_given, word.text_version) == (True, "form-7")
    assert batch.file == ""


def test_a_yes_without_a_day_takes_back_no_withdrawal() -> None:
    ada = MemberFactory(phone="+12125550142")
    no = ConsentWord(channel=Channel.EMAIL, purpose=Purpose.MARKETING, is_given=False)
    record_consents(ada.pk, [no], source="web", actor="member", happened_at=NOW, now=NOW)

    yes = CSV.replace("Augusta;King;10.12.1915;;", "Augusta;King;10.12.1915;yes;")
    assert yes != CSV
    applied(uploaded(yes, date_order="dmy", consent_text="form-7", known="overwrite"))

    assert not Consent.objects.get(member=ada).is_given
    assert ConsentEvent.objects.filter(member=ada).count() == 1


def test_a_run_that_is_cut_goes_on_where_it_was_and_takes_nobody_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(import_reading, "ROWS_PER_CHUNK", 3)
    monkeypatch.setattr(import_applying, "ROWS_PER_CHUNK", 3)
    rows = "".join(f"p{number}@example.com,P{number}\n" for number in range(10))
    raw = f"email,first name\n{rows}".encode()
    batch = upload("a.csv", io.BytesIO(raw), size=len(raw), region="US", actor="staff:1", now=NOW)
    name_columns(batch.pk, Mapping(**{**batch.mapping, "columns": tuple(batch.mapping["columns"])}), now=NOW)

    def one_chunk_and_a_crash(at: int) -> MemberImport:
        keep, calls = import_applying._keep_what_was_done, iter(range(99))

        def crash(*told: object) -> None:
            keep(*told)  # type: ignore[arg-type]
            if next(calls) == at:
                raise KeyboardInterrupt

        monkeypatch.setattr(import_applying, "_keep_what_was_done", crash)
        with pytest.raises(KeyboardInterrupt):
            work_on(now=NOW, may_go_on=lambda: True)
        monkeypatch.setattr(import_applying, "_keep_what_was_done", keep)
        batch.refresh_from_db()
        return batch

    work_on(now=NOW, may_go_on=lambda: False)
    batch.refresh_from_db()
    assert (batch.rows_read, batch.state) == (3, "reading")
    assert worked_on(batch).foreseen == {"new": 10}
    apply_import(batch.pk, actor="staff:2", now=NOW)

    cut = one_chunk_and_a_crash(1)
    assert (cut.state, cut.last_row_applied, cut.counts) == ("applying", 4, {"enrolled": 3})
    assert Member.objects.count() == ImportedMember.objects.count() == 3
    assert worked_on(batch).counts == {"enrolled": 10}
    assert Member.objects.count() == ImportedMember.objects.count() == 10
    with pytest.raises(ImportNotReady):
        apply_import(batch.pk, actor="staff:2", now=NOW)


def test_a_file_that_nobody_goes_on_with_is_deleted_after_a_day(exports_folder: Path) -> None:
    raw = b"email\neve@example.com\n"
    batch = upload("a.csv", io.BytesIO(raw), size=len(raw), region="US", actor="staff:1", now=NOW)
    kept = exports_folder / batch.file

    assert (forget_left_files(now=NOW + timedelta(hours=23)), kept.exists()) == (0, True)
    assert (forget_left_files(now=NOW + timedelta(hours=25)), kept.exists()) == (1, False)
    assert batch.state == ImportState.UPLOADED
    with pytest.raises(ImportNotReady):
        name_columns(batch.pk, Mapping(columns=("email",)), now=NOW)


def test_a_file_that_no_import_knows_is_deleted_after_a_day(exports_folder: Path) -> None:
    raw = b"email\neve@example.com\n"
    now = datetime.now(UTC)
    known = upload("a.csv", io.BytesIO(raw), size=len(raw), region="US", actor="staff:1", now=now)
    unknown, others = exports_folder / "import-0123", exports_folder / "copy-0123"
    for file in (unknown, others):
        file.write_bytes(raw)

    assert (forget_unknown_files(now=now + timedelta(hours=23)), unknown.exists()) == (0, True)

    assert forget_unknown_files(now=now + timedelta(hours=25)) == 1
    assert {path.name for path in exports_folder.iterdir()} == {known.file, "copy-0123"}


def test_columns_are_remembered_for_files_with_the_same_headings() -> None:
    raw = b"mail,whatever\neve@example.com,Eve\n"
    first = upload("a.csv", io.BytesIO(raw), size=len(raw), region="US", actor="staff:1", now=NOW)
    assert first.mapping["columns"] == ["email", ""]
    name_columns(first.pk, Mapping(columns=("email", "given_name"), date_order="mdy"), now=NOW)

    mended = b"mail,whatever,regulars_row,regulars_problem\neve@example.com,Eve,2,why\n"
    second = upload("b.csv", io.BytesIO(mended), size=len(mended), region="TW", actor="staff:1", now=NOW)

    assert second.mapping["columns"] == ["email", "given_name", "", ""]
    assert second.mapping["date_order"] == "mdy"


def test_rows_and_files_of_a_person_go_with_them(exports_folder: Path) -> None:
    batch = uploaded("email,given_name\neve@example.com,Eve\n")
    eve = MemberFactory(email="eve@example.com", phone="+13055550199")
    rows = next(held for held in HELD if held.table == "members.ImportRow")

    assert forget_files(eve.pk, Traces(addresses=(), names=())) == 1
    assert erase_rows(rows, eve.pk) == 1
    assert not ImportRow.objects.filter(batch=batch).exists()


def test_rows_that_are_one_person_are_found_however_many_looks_it_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Three rows share a card; of the next two, one shares a phone with the last of them, and is refused for that."""
    monkeypatch.setattr(import_reading, "ROWS_PER_LOOK", 4)
    MemberFactory(email="ada@example.com", card="ADA1")
    rows = [f"p{number}@example.com,CARD{number // 3:03d}," for number in range(30)]
    rows += ["q@example.com,CARD009,212 555 0142", "r@example.com,,212 555 0142"]
    rows += ["ada@example.com,,", ",ADA1,", "s@example.com,,212 555 0143"]

    batch = uploaded("\n".join(["email,card,phone", *rows]) + "\n")

    assert batch.foreseen == {"new": 11, "known": 1, "refused": 23}
    says = "Row {} of the file is the same person. Join the two rows there, or take this one out."
    first = {row: 2 + (row - 2) // 3 * 3 for row in range(2, 32) if (row - 2) % 3} | {32: 29, 33: 32, 35: 34}
    assert problems(batch) == {row: [["", says.format(other)]] for row, other in first.items()}
