"""Imports of members: read with every problem named, applied in chunks, cut in the middle, undone."""

import io
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.storage import storages
from pytest_django import Settings

from config.ground.personal import erase_rows
from config.outbox.delivery import deliver_due
from config.outbox.models import Delivery
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
    Preference,
)
from members.models.personal import HELD
from members.queries.imports import list_staying
from members.queries.panels import forget_files
from members.rules.consents import Channel, ConsentWord, Purpose
from members.rules.import_fields import Mapping
from members.services import import_applying, import_reading, import_undoing
from members.services.consents import record_consents
from members.services.duplicates import look_for_duplicates_of
from members.services.import_work import work_on
from members.services.imports import apply_import, forget_left_files, name_columns, undo_import, upload
from members.services.profiles import change_member
from tests.members.factories import NOW, MemberFactory

pytestmark = pytest.mark.django_db

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


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Iterator[Path]:
    settings.STORAGES["exports"]["OPTIONS"] = {"location": tmp_path / "exports"}
    storages._storages.clear()
    yield tmp_path
    storages._storages.clear()


def uploaded(content: str | bytes, **mapping: str) -> MemberImport:
    raw = content.encode("cp1252") if isinstance(content, str) else content
    batch = upload("crm.csv", io.BytesIO(raw), size=len(raw), region="US", actor="staff:1", now=NOW)
    chosen = Mapping(**{**batch.mapping, "columns": tuple(batch.mapping["columns"]), **mapping})  # type: ignore[arg-type]
    name_columns(batch.pk, chosen, now=NOW)
    return worked_on(batch)


def worked_on(batch: MemberImport, at: datetime = NOW) -> MemberImport:
    work_on(now=at, may_go_on=lambda: True)
    batch.refresh_from_db()
    return batch


def applied(batch: MemberImport) -> MemberImport:
    apply_import(batch.pk, actor="staff:2", now=NOW)
    return worked_on(batch)


def undone(batch: MemberImport, at: datetime) -> MemberImport:
    while deliver_due(now=at):
        pass
    undo_import(batch.pk, actor="staff:3", now=at)
    return worked_on(batch, at)


def problems(batch: MemberImport) -> dict[int, list[list[str]]]:
    return dict(ImportRow.objects.filter(batch=batch, state="refused").values_list("row", "problems"))


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


def test_undoing_takes_back_what_nobody_touched_and_lists_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_undoing, "MEMBERS_PER_CHUNK", 2)
    later = NOW + timedelta(hours=1)
    ada = MemberFactory(phone="+12125550142", given_name="Augusta", family_name="Byron", consents=())
    bob = MemberFactory(email="bob@example.com", given_name="Bob", family_name="B")
    rows = (
        "phone,email,given_name,family_name,consent_sms_marketing\n"
        "+12125550142,ada@example.com,Ada,King,yes\n"
        ",bob@example.com,Bobby,Brown,\n"
        ",eve@example.com,Eve,Untouched,yes\n"
        ",max@example.com,Max,Wishes,\n"
        ",joe@example.com,Joe,Renamed,\n"
    )
    batch = applied(uploaded(rows, known="overwrite", consent_text="form-7"))
    assert batch.counts == {"changed": 2, "enrolled": 3}
    eve, wishes, joe = (Member.objects.get(given_name=name) for name in ("Eve", "Max", "Joe"))
    Preference.objects.create(member=wishes, changed_at=later)
    change_member(joe.pk, changes={"given_name": "Joseph"}, source="app", now=later)
    change_member(bob.pk, changes={"family_name": "Black"}, source="app", now=later)

    batch = undone(batch, later)

    assert (batch.state, batch.undone_counts) == ("undone", {"gone": 1, "stays": 2, "back": 1, "partly": 1})
    eve.refresh_from_db(), ada.refresh_from_db(), bob.refresh_from_db()
    assert (eve.state, eve.family_name, eve.identities.count(), eve.consents.count()) == ("erased", "", 0, 0)
    assert (ada.given_name, ada.family_name) == ("Augusta", "Byron")
    assert not ada.identities.filter(kind="email").exists()
    assert not Consent.objects.get(member=ada).is_given
    assert list(
        ConsentEvent.objects.filter(member=ada).order_by("pk").values_list("evidence", flat=True)
    ) == [
        f"{batch.ref} row 2",
        f"{batch.ref} undone",
    ]
    assert (bob.given_name, bob.family_name) == ("Bob", "Black")
    stays = {one.member_id: one.stays for one in list_staying(batch.pk, limit=10)}
    assert stays[bob.pk] == "Family name"
    assert "preference" in stays[wishes.pk]
    assert stays[joe.pk]
    again = applied(uploaded(rows.replace("Eve", "Eva"), known="leave", consent_text="form-7"))
    assert again.counts == {"same": 4, "enrolled": 1}


def test_undoing_waits_while_news_is_on_its_way() -> None:
    batch = applied(uploaded("email\neve@example.com\n"))
    undo_import(batch.pk, actor="staff:3", now=NOW)

    assert Delivery.objects.exists()
    assert worked_on(batch).state == "undoing"
    while deliver_due(now=NOW):
        pass
    assert worked_on(batch).state == "undone"


def test_a_file_that_nobody_goes_on_with_is_deleted_after_a_day(folder: Path) -> None:
    raw = b"email\neve@example.com\n"
    batch = upload("a.csv", io.BytesIO(raw), size=len(raw), region="US", actor="staff:1", now=NOW)
    kept = folder / "exports" / batch.file

    assert (forget_left_files(now=NOW + timedelta(hours=23)), kept.exists()) == (0, True)
    assert (forget_left_files(now=NOW + timedelta(hours=25)), kept.exists()) == (1, False)
    assert batch.state == ImportState.UPLOADED
    with pytest.raises(ImportNotReady):
        name_columns(batch.pk, Mapping(columns=("email",)), now=NOW)


def test_columns_are_remembered_for_files_with_the_same_headings() -> None:
    raw = b"mail,whatever\neve@example.com,Eve\n"
    first = upload("a.csv", io.BytesIO(raw), size=len(raw), region="US", actor="staff:1", now=NOW)
    assert first.mapping["columns"] == ["email", ""]
    name_columns(first.pk, Mapping(columns=("email", "given_name"), date_order="mdy"), now=NOW)

    mended = b"mail,whatever,regulars_row,regulars_problem\neve@example.com,Eve,2,why\n"
    second = upload("b.csv", io.BytesIO(mended), size=len(mended), region="TW", actor="staff:1", now=NOW)

    assert second.mapping["columns"] == ["email", "given_name", "", ""]
    assert second.mapping["date_order"] == "mdy"


def test_rows_and_files_of_a_person_go_with_them(folder: Path) -> None:
    batch = uploaded("email,given_name\neve@example.com,Eve\n")
    eve = MemberFactory(email="eve@example.com", phone="+13055550199")
    rows = next(held for held in HELD if held.table == "members.ImportRow")

    assert forget_files(eve.pk, Traces(addresses=(), names=())) == 1
    assert erase_rows(rows, eve.pk) == 1
    assert not ImportRow.objects.filter(batch=batch).exists()
