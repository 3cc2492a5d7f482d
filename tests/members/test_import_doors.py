"""Bringing members in by the API: the whole way, what is refused, and by whom."""

import io
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.core.files.storage import FileSystemStorage
from django.db import connection
from django.test import Client
from pytest_django import Settings

from config.ground import clock
from members.models import Member, MemberImport
from members.rules.import_fields import Mapping
from members.services.import_work import work_on
from members.services.imports import forget_left_files, name_columns, upload
from omnichannel.services.keys import make_key, rotate_key
from tests.members.conftest import client_of
from tests.members.factories import MemberFactory
from tests.members.importing import deliver_everything

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("exports_folder")]
IMPORTS = "/api/v1/members/imports"
CSV = b"Mail,First name,Joined by\neve@example.com,Eve,web\nnot an address,Max,web\nada@example.com,Ada,web\n"
COLUMNS = {"columns": ["email", "given_name", ""]}


@pytest.fixture
def crm(db: None, now: datetime) -> Client:
    return client_of(make_key(name="crm", scopes=["imports"], now=now).text)


def bring(client: Client, raw: bytes = CSV, name: str = "crm.csv") -> Any:
    return client.post(f"{IMPORTS}?name={name}", raw, content_type="application/octet-stream")


def put(client: Client, ref: str, body: dict[str, Any]) -> Any:
    return client.put(f"{IMPORTS}/{ref}/columns", body, content_type="application/json")


def worked(client: Client, ref: str) -> dict[str, Any]:
    deliver_everything(at=clock.now())
    work_on(now=clock.now(), may_go_on=lambda: True)
    told: dict[str, Any] = client.get(f"{IMPORTS}/{ref}").json()
    return told


def test_a_file_goes_from_upload_to_undoing_by_the_doors(crm: Client) -> None:
    MemberFactory(email="ada@example.com")

    told = bring(crm)
    ref = told.json()["ref"]
    assert (told.status_code, told.json()["state"], told.json()["file_name"]) == (201, "uploaded", "crm.csv")
    assert told.json()["headings"] == ["Mail", "First name", "Joined by"]
    assert told.json()["mapping"]["columns"] == ["email", "given_name", ""]

    assert put(crm, ref, COLUMNS).json()["state"] == "reading"
    read = worked(crm, ref)
    assert (read["state"], read["rows_in_file"], read["rows_read"]) == ("read", 3, 3)
    assert read["foreseen"] == {"new": 1, "known": 1, "refused": 1}
    (refused,) = crm.get(f"{IMPORTS}/{ref}/rows?state=refused").json()["results"]
    assert (refused["row"], refused["cells"]) == (3, ["not an address", "Max", "web"])
    assert refused["problems"][0].startswith("E-mail: ")
    first = crm.get(f"{IMPORTS}/{ref}/rows?limit=2").json()
    assert [row["row"] for row in first["results"]] == [2, 3]
    rest = crm.get(f"{IMPORTS}/{ref}/rows?limit=2&cursor={first['next']}").json()
    assert ([row["row"] for row in rest["results"]], rest["next"]) == ([4], None)

    assert crm.post(f"{IMPORTS}/{ref}/apply").status_code == 202
    again = crm.post(f"{IMPORTS}/{ref}/apply")
    assert (again.status_code, again.json()["code"]) == (409, "import_not_ready")
    assert worked(crm, ref)["counts"] == {"enrolled": 1, "same": 1, "refused": 1}
    assert Member.objects.filter(given_name="Eve", enrolled_via="import").exists()
    assert crm.delete(f"{IMPORTS}/{ref}").status_code == 409

    assert crm.post(f"{IMPORTS}/{ref}/undo").status_code == 202
    assert worked(crm, ref)["undone_counts"] == {"gone": 1}
    assert crm.get(IMPORTS).json()["results"][0]["state"] == "undone"


def test_a_file_that_is_sent_twice_is_one_import(crm: Client, exports_folder: Path) -> None:
    def send(raw: bytes, key: str) -> Any:
        return crm.post(
            IMPORTS, raw, content_type="application/octet-stream", headers={"idempotency-key": key}
        )

    first, again, other = (
        send(CSV, "night-1"),
        send(CSV, "night-1"),
        send(CSV + b"x@example.com,X,web\n", "night-1"),
    )
    next_night = send(CSV, "night-2")

    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert next_night.json()["ref"] != first.json()["ref"]
    assert MemberImport.objects.count() == len(list(exports_folder.iterdir())) == 2


class Bucket(FileSystemStorage):
    """One that takes its time, asks whether a transaction waits, and has nothing that is called nothing."""

    meanwhile: ClassVar[list[Callable[[], object]]] = []

    def _save(self, name: str, content: Any) -> str:
        assert not connection.in_atomic_block
        while self.meanwhile:
            self.meanwhile.pop()()
        return str(super()._save(name, content))

    def exists(self, name: str) -> bool:
        assert name
        return super().exists(name)


@pytest.fixture
def bucket(settings: Settings, exports_folder: Path, monkeypatch: pytest.MonkeyPatch) -> type[Bucket]:
    monkeypatch.setitem(settings.STORAGES["exports"], "BACKEND", f"{__name__}.Bucket")
    return Bucket


@pytest.mark.django_db(transaction=True)
def test_a_file_that_is_sent_again_while_it_is_kept_is_one_import(crm: Client, bucket: type[Bucket]) -> None:
    """And no transaction waits for the bucket: the server would end it."""
    answers = []

    def send() -> None:
        night = {"idempotency-key": "night-1"}
        answers.append(crm.post(IMPORTS, CSV, content_type="application/octet-stream", headers=night))

    bucket.meanwhile.append(send)
    send()

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    assert MemberImport.objects.get().ref == answers[0].json()["ref"]


@pytest.mark.usefixtures("bucket")
def test_files_that_no_import_knows_are_looked_for_in_a_bucket_and_where_there_is_none() -> None:
    assert forget_left_files(now=clock.now()) == 0


def test_what_was_not_applied_is_forgotten(crm: Client) -> None:
    ref = bring(crm).json()["ref"]

    assert crm.delete(f"{IMPORTS}/{ref}").status_code == 204
    assert crm.get(f"{IMPORTS}/{ref}").status_code == 404
    assert not MemberImport.objects.exists()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"columns": ["email", "language", "language"]}, "to be the same"),
        ({"columns": ["", "given_name", ""]}, "known by one"),
        ({"columns": ["email"]}, "has 3 columns"),
        ({"columns": ["email", "shoe_size", ""]}, "no field 'shoe_size'"),
        (COLUMNS | {"known": "erase"}, "erase"),
        (COLUMNS | {"colums": 1}, "colums"),
    ],
)
def test_columns_that_fit_nothing_are_refused(crm: Client, body: dict[str, Any], words: str) -> None:
    ref = bring(crm).json()["ref"]

    refused = put(crm, ref, body)

    assert (refused.status_code, words in refused.content.decode()) == (422, True)
    assert MemberImport.objects.get().state == "uploaded"


def test_a_file_that_is_none_is_refused_and_one_beyond_its_measure_unread(
    crm: Client, settings: Settings
) -> None:
    assert bring(crm, b"PK\x03\x04 no sheet").json()["code"] == "import_not_readable"
    large = b"mail\n" + b"a@b.example\n" * 200_000
    assert bring(crm, large).status_code == 201
    settings.IMPORT_MB = {"file": 1, "unpacked": 2_048}
    assert bring(crm, large).json()["code"] == "body_too_large"
    assert MemberImport.objects.count() == 1


def test_only_a_key_of_this_scope_brings_members(
    integration: Client, app_of: Callable[[Member], Client], crm: Client
) -> None:
    ref = bring(crm).json()["ref"]

    for client in (integration, app_of(MemberFactory())):
        assert bring(client).status_code == client.get(f"{IMPORTS}/{ref}").status_code == 403
        assert client.post(f"{IMPORTS}/{ref}/apply").status_code == 403
    assert Client().get(IMPORTS).status_code == 401
    assert crm.get("/api/v1/members/mem_0").status_code == 403


def test_a_key_knows_the_imports_that_it_brought_and_no_others(crm: Client, now: datetime) -> None:
    ref = bring(crm).json()["ref"]
    other = client_of(make_key(name="other", scopes=["imports"], now=now).text)

    assert other.get(IMPORTS).json()["results"] == []
    for told in (
        other.get(f"{IMPORTS}/{ref}"),
        other.get(f"{IMPORTS}/{ref}/rows"),
        put(other, ref, COLUMNS),
        other.post(f"{IMPORTS}/{ref}/apply"),
        other.post(f"{IMPORTS}/{ref}/undo"),
        other.delete(f"{IMPORTS}/{ref}"),
    ):
        assert (told.status_code, told.json()["code"]) == (404, "import_not_found")
    assert crm.get(f"{IMPORTS}/{ref}").json()["state"] == "uploaded"


def test_a_successor_goes_on_with_what_its_forebears_brought(now: datetime) -> None:
    first = make_key(name="crm", scopes=["imports"], now=now)
    ref = bring(client_of(first.text)).json()["ref"]
    second = rotate_key(first.id, now=now)
    third = client_of(rotate_key(second.id, now=now).text)

    assert put(third, ref, COLUMNS).status_code == 202
    assert [one["ref"] for one in third.get(IMPORTS).json()["results"]] == [ref]
    mine = bring(third).json()["ref"]
    assert client_of(first.text).get(f"{IMPORTS}/{mine}").status_code == 404


def test_columns_as_the_console_had_them_are_told_as_they_are(crm: Client) -> None:
    told = {"region": "us", "source": "Old CRM", "consent_text": "the long form " * 10}
    mapping = Mapping(
        columns=("email", "given_name", ""),
        region=told["region"],
        external_source=told["source"],
        consent_text=told["consent_text"],
    )
    batch = upload("old.csv", io.BytesIO(CSV), size=len(CSV), region="US", actor="console", now=clock.now())
    name_columns(batch.pk, mapping, now=clock.now())

    brought = bring(crm)

    assert (brought.status_code, brought.json()["mapping"]["region"]) == (201, "us")
    assert crm.get(IMPORTS).json()["results"][0]["mapping"]["external_source"] == "Old CRM"


def test_only_the_door_that_takes_files_takes_large_bodies(crm: Client) -> None:
    large = b"x" * (1024 * 1024 + 1)
    ref = bring(crm).json()["ref"]

    refused = crm.post(
        f"{IMPORTS}/{ref}/undo",
        large,
        content_type="application/octet-stream",
        headers={"idempotency-key": "K-1"},
    )

    assert (refused.status_code, refused.json()["code"]) == (413, "body_too_large")
