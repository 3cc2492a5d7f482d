"""The pages of an import: upload, columns, preview, progress, result, undo; and who may see them."""

import io
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from config.ground import clock
from config.outbox.delivery import deliver_due
from config.staff.roles import ADMINISTRATOR, MARKETER, STORE_MANAGER
from members.models import ImportedMember, Member, MemberImport
from members.services.import_work import work_on
from tests.members.factories import MemberFactory
from tests.members.test_admin import staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("exports_folder")]
IMPORTS = "/admin/members/memberimport/"
CSV = b"Mail,First name,Joined by\neve@example.com,Eve,web\nnot an address,Max,web\nada@example.com,Ada,web\n"


def work() -> None:
    work_on(now=clock.now(), may_go_on=lambda: True)


def text(client: Client, page: str) -> str:
    return client.get(page).content.decode()


def columns(**told: str) -> dict[str, str]:
    return {
        "column_0": "email",
        "column_1": "given_name",
        "column_2": "",
        "date_order": "ymd",
        "region": "us",
        "known": "leave",
        "likely": "leave_out",
        "encoding": "utf-8-sig",
    } | told


def test_a_file_goes_from_upload_to_undoing_by_its_pages() -> None:
    client = staff(ADMINISTRATOR)
    MemberFactory(email="ada@example.com")

    page = client.post(f"{IMPORTS}add/", {"file": SimpleUploadedFile("crm.csv", CSV)}).headers["Location"]
    asked = text(client, page)
    assert "First name" in asked
    assert '<option value="email" selected>' in asked
    twice = client.post(
        page, columns(column_1="language", column_2="language") | {"_read": "1"}
    ).content.decode()
    assert "Two columns are to be the same: Language" in twice
    client.post(page, columns() | {"_read": "1"})
    assert "rows read so far" in text(client, page)
    work()

    seen = text(client, page)
    assert "What it would come to" in seen
    assert "Members already, who stay as they are" in seen
    assert "E-mail: This email is not valid." in seen
    assert not Member.objects.filter(given_name="Eve").exists()
    client.post(page, {"_apply": "1"})
    assert "being applied" in text(client, page)
    work()
    assert "What it came to" in text(client, page)
    assert Member.objects.filter(given_name="Eve").exists()

    answer = client.get(f"{page}?refused")
    refused = b"".join(answer).decode("utf-8-sig").splitlines()  # type: ignore[arg-type]
    assert refused[0] == "Mail,First name,Joined by,regulars_row,regulars_problem"
    assert refused[1].startswith("not an address,Max,web,3,E-mail:")
    while deliver_due(now=clock.now()):
        pass
    client.post(page, {"_undo": "1"})
    work()
    assert "Went away again" in text(client, page)
    assert not Member.objects.filter(given_name="Eve").exists()
    assert "crm.csv" in text(client, IMPORTS)


def test_what_is_no_table_is_said_at_the_upload_and_a_file_can_be_forgotten() -> None:
    client = staff(ADMINISTRATOR)

    empty = client.post(f"{IMPORTS}add/", {"file": SimpleUploadedFile("a.csv", b"\n")}).content.decode()
    assert "The file is empty" in empty
    page = client.post(f"{IMPORTS}add/", {"file": SimpleUploadedFile("b.csv", CSV)}).headers["Location"]
    client.post(page, {"_apply": "1"})
    assert MemberImport.objects.get().state == "uploaded"
    client.post(page, {"_drop": "1"})
    assert not MemberImport.objects.exists()


def test_undoing_is_offered_as_long_as_it_is_kept_what_was_done() -> None:
    client = staff(ADMINISTRATOR)
    page = client.post(f"{IMPORTS}add/", {"file": SimpleUploadedFile("b.csv", CSV)}).headers["Location"]
    client.post(page, columns() | {"_read": "1"})
    work()
    client.post(page, {"_apply": "1"})
    work()
    assert "Undo this import" in text(client, page)

    ImportedMember.objects.all().delete()

    seen = text(client, page)
    assert ("Undo this import" in seen, "so it cannot be undone" in seen) == (False, True)


@pytest.mark.parametrize("role", [STORE_MANAGER, MARKETER])
def test_only_administrators_import(role: str) -> None:
    client = staff(role)
    page = (
        staff(ADMINISTRATOR)
        .post(f"{IMPORTS}add/", {"file": SimpleUploadedFile("b.csv", CSV)})
        .headers["Location"]
    )

    assert [client.get(path).status_code for path in (IMPORTS, f"{IMPORTS}add/", page)] == [403, 403, 404]


def test_the_console_imports_too(tmp_path: Path) -> None:
    file, out, err = tmp_path / "crm.csv", io.StringIO(), io.StringIO()
    file.write_bytes(CSV.replace(b"First name", b"X1"))

    call_command("import_members", str(file), "--column", "X1=given_name", stdout=out, stderr=err)
    assert "2  New members" in out.getvalue()
    assert "row 3: E-mail:" in err.getvalue()
    assert not Member.objects.exists()
    call_command("import_members", str(file), "--apply", stdout=out, stderr=err)
    assert set(Member.objects.values_list("given_name", flat=True)) == {"Eve", "Ada"}
    while deliver_due(now=clock.now()):
        pass
    batch = MemberImport.objects.latest("pk")
    call_command("import_members", "--undo", batch.ref, stdout=out)
    assert "2  gone" in out.getvalue()
    file.write_bytes(b"")
    with pytest.raises(CommandError, match="empty"):
        call_command("import_members", str(file))
