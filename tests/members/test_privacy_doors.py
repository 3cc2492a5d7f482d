"""The member's own doors: a copy of everything, and being forgotten; nobody else's."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.test import Client
from pytest_django import Settings

from members.errors import CopyNotReady
from members.member_data import list_floors
from members.models import DataExport, ErasureRequest, ExportFetch, Member
from members.models.personal import HOUSE
from members.queries.privacy import find_newest_copy, get_ready_copy
from members.services.copies import forget_past_copies, make_waiting_copies
from members.services.erasures import ask_for_erasure
from members.services.merging import merge_members, undo_merge
from members.services.profiles import change_member
from tests.members.factories import MemberFactory

pytestmark = pytest.mark.django_db
EXPORT, FILE, ERASURE = "/api/v1/me/export", "/api/v1/me/export/file", "/api/v1/me/erasure"


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.STORAGES["exports"]["OPTIONS"] = {"location": tmp_path}
    storages._storages.clear()
    return tmp_path


@pytest.fixture
def ada() -> Member:
    return MemberFactory(given_name="Augusta", family_name="Lovelace", email="ada@example.com")


@pytest.fixture
def app(ada: Member, app_of: Callable[[Member], Client]) -> Client:
    return app_of(ada)


def opened(app: Client) -> zipfile.ZipFile:
    answer = app.get(FILE)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    return zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))


def test_a_copy_holds_what_every_floor_holds_and_says_why(app: Client, ada: Member, now: datetime) -> None:
    change_member(ada.pk, changes={"given_name": "Ada"}, source="app", now=now)

    asked = app.post(EXPORT)
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    assert app.get(FILE).json()["code"] == "copy_not_ready"
    assert make_waiting_copies(now=now, limit=5) == 1
    assert app.get(EXPORT).json()["state"] == "ready"
    held = opened(app)

    about = json.loads(held.read("about.json"))
    told = [one for data in list_floors().values() for one in data.holds() if one.is_told]
    assert about["member"] == ada.ref
    assert len(about["tables"]) == len(told) + sum(one.is_told for one in HOUSE)
    assert {one["file"] for one in about["tables"]} == set(held.namelist()) - {"about.json"}
    assert all(one["why"] for one in about["tables"])
    (member,) = json.loads(held.read("members/member.json"))
    assert (member["given_name"], member["ref"]) == ("Ada", ada.ref)
    assert "card_secret" not in member
    assert [one["given_name"] for one in json.loads(held.read("members/memberevent.json"))] == ["Augusta"]
    assert {one["value"] for one in json.loads(held.read("members/identity.json"))} >= {"ada@example.com"}
    assert "access_token" not in " ".join(held.namelist())


def test_a_copy_holds_what_was_merged_too(app: Client, ada: Member, now: datetime) -> None:
    grace = MemberFactory(given_name="Grace", phone="+12125550143")
    merge_members(going_id=grace.pk, staying_id=ada.pk, actor="staff:1", now=now)
    app.post(EXPORT)
    make_waiting_copies(now=now, limit=5)

    held = opened(app)

    assert {one["given_name"] for one in json.loads(held.read("members/member.json"))} == {"Augusta", "Grace"}
    assert "+12125550143" in {one["value"] for one in json.loads(held.read("members/identity.json"))}


def test_a_copy_of_two_who_were_parted_again_is_nobodys(
    app: Client, ada: Member, now: datetime, folder: Path
) -> None:
    grace = MemberFactory(given_name="Grace", phone="+12125550143")
    merge = merge_members(going_id=grace.pk, staying_id=ada.pk, actor="staff:1", now=now)
    app.post(EXPORT)
    make_waiting_copies(now=now, limit=5)
    opened(app)

    undo_merge(merge.pk, actor="staff:1", now=now)

    assert find_newest_copy(ada.pk) is not None
    with pytest.raises(CopyNotReady):
        get_ready_copy(ada.pk, now=now)
    assert forget_past_copies(now=now) == 1
    assert list(folder.iterdir()) == []


def test_a_newer_copy_takes_the_place_of_the_older(app: Client, now: datetime, folder: Path) -> None:
    for _ in range(3):
        app.post(EXPORT)
        make_waiting_copies(now=now, limit=5)
        forget_past_copies(now=now)

    assert len(list(folder.iterdir())) == 1
    opened(app)


def test_a_long_history_is_told_whole(app: Client, ada: Member, now: datetime) -> None:
    from members.models import ConsentEvent

    ConsentEvent.objects.bulk_create(
        ConsentEvent(
            member=ada, channel="email", purpose="marketing", is_given=bool(n % 2), source="app",
            actor="member:1", happened_at=now, recorded_at=now,
        )
        for n in range(2_345)
    )  # fmt: skip
    app.post(EXPORT)
    make_waiting_copies(now=now, limit=5)

    told = json.loads(opened(app).read("members/consentevent.json"))

    assert len({one["id"] for one in told}) == 2_345


def test_members_fetch_their_own_copy_alone_and_each_fetch_is_written_down(
    app: Client, ada: Member, now: datetime, app_of: Callable[[Member], Client]
) -> None:
    app.post(EXPORT)
    make_waiting_copies(now=now, limit=5)

    assert app_of(MemberFactory()).get(FILE).status_code == 404
    assert not ExportFetch.objects.exists()
    opened(app)
    assert list(ExportFetch.objects.values_list("member_id", "fetched_by")) == [(ada.pk, f"member:{ada.pk}")]


def test_one_copy_is_made_at_a_time(app: Client, now: datetime) -> None:
    first, again = app.post(EXPORT).json(), app.post(EXPORT).json()
    make_waiting_copies(now=now, limit=5)

    assert first == again
    assert app.post(EXPORT).json()["ref"] != first["ref"]
    assert DataExport.objects.count() == 2


def test_a_copy_is_gone_when_its_days_are_over(app: Client, now: datetime, folder: Path) -> None:
    app.post(EXPORT)
    make_waiting_copies(now=now, limit=5)
    assert len(list(folder.iterdir())) == 1

    assert forget_past_copies(now=now + timedelta(days=7) - timedelta(seconds=1)) == 0
    assert forget_past_copies(now=now + timedelta(days=7)) == 1

    assert list(folder.iterdir()) == []
    assert app.get(EXPORT).json()["state"] == "gone"
    assert app.get(FILE).status_code == 404


def test_a_member_asks_to_be_forgotten_and_calls_it_off(app: Client, ada: Member) -> None:
    assert app.get(ERASURE).json()["code"] == "erasure_not_found"

    first, again = app.post(ERASURE), app.post(ERASURE)

    assert (first.status_code, first.json()["state"]) == (202, "agreed")
    assert first.json() == again.json() == app.get(ERASURE).json()
    assert app.delete(ERASURE).json()["state"] == "cancelled"
    assert app.delete(ERASURE).status_code == 404
    assert ErasureRequest.objects.get().decided_by == f"member:{ada.pk}"
    assert app.get("/api/v1/me").status_code == 200


def test_who_asks_for_themselves_agrees_to_what_a_colleague_asked_for(
    app: Client, ada: Member, now: datetime
) -> None:
    asked = ask_for_erasure(ada.pk, actor="staff:3", now=now)

    told = app.post(ERASURE).json()

    assert (told["ref"], told["state"]) == (asked.ref, "agreed")


def test_a_key_asks_for_nobody(till: Client) -> None:
    for door in (EXPORT, FILE, ERASURE):
        assert till.get(door).status_code == 403
    assert till.post(EXPORT).status_code == till.post(ERASURE).status_code == 403
    assert not DataExport.objects.exists()
    assert not ErasureRequest.objects.exists()
